"""Writes the report of a run from the journal and the run's evidence folder alone: no cluster is needed for it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from console.domain.environment import Environment
from console.domain.errors import BluegreenError, Refused
from console.domain.ids import RunId
from console.domain.run_fold import fold
from console.domain.views.report import ReportView, report_text
from console.engine.history import usual
from console.journal.journal import Journal
from console.journal.place import Place

NAME = "report.md"


class NotWritten(BluegreenError):
    """The report could not be put where it was asked for."""

    exit_code = 2


def utc_now() -> datetime:
    return datetime.now(UTC)


async def report_of(
    run: RunId, *, environment: Environment, journal: Journal, place: Place, now: Callable[[], datetime] = utc_now
) -> ReportView:
    """Everything that is recorded of a run, and whether the record is whole. Raises Refused when there is no such run."""
    entries = await journal.read(run=run)
    record = fold(entries)
    if record is None:
        raise Refused(f"there is no run {run} in {journal.location}", hint="`bluegreen runs` lists them")
    verified, anchor, medians = await asyncio.gather(journal.verify(), journal.anchor(), usual(journal, record.runbook))
    folder = place.evidence(record.uid)
    return ReportView(
        application=environment.application,
        record=record,
        entries=entries,
        chain=verified.sentence,
        anchor=str(anchor),
        written_at=now(),
        usual=medians,
        folder=str(folder),
        files=await asyncio.to_thread(_files, folder),
    )


async def write_report(view: ReportView, file: Path | None = None) -> Path:
    """Into the run's evidence folder, or where it was asked for; whole or not at all. Raises NotWritten."""
    path = file or Path(view.folder) / NAME
    try:
        await asyncio.to_thread(_write, path, report_text(view))
    except OSError as problem:
        raise NotWritten(f"the report cannot be written to {path}: {problem.strerror or problem}") from problem
    return path


def _files(folder: Path) -> tuple[str, ...]:
    """Files below the folder, the report itself left out."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else ()
    return tuple(sorted(str(path) for path in found if path.name not in (NAME, NAME + ".partial")))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_name(path.name + ".partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    partial.replace(path)
