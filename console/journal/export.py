"""The record as a file that proves itself: the rows as they are stored, one JSON object a line, after a line that names the journal.

Each row's `hash` is the sha256 of its `prev` and of the canonical JSON (keys sorted, no spaces, UTF-8) of the list
[environment, seq, run, type, at, actor, body], where `body` is the stored text; `prev` is the hash of the row before.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from console.domain.errors import UsageError
from console.journal.chain import Row
from console.journal.verify import Anchor, Verification, verify_rows

FORMAT = "bluegreen journal, version 1"


@dataclass(frozen=True)
class Source:
    """The journal that a file was exported from."""

    journal: str
    environment: str


def export_lines(source: Source, rows: Iterable[Row]) -> Iterator[str]:
    """The lines of an export."""
    yield json.dumps({"format": FORMAT, "journal": source.journal, "environment": source.environment})
    for row in rows:
        yield json.dumps(row.as_dict(), ensure_ascii=False)


def verify_export(file: Path, anchor: str = "") -> tuple[Source, Verification]:
    """Walk the chain of an exported file. Raises UsageError for a file that is none, naming the line."""
    try:
        with file.open(encoding="utf-8") as text:
            source = _source(file, next(text, ""))
            return source, verify_rows(_rows(file, text), journal=source.journal, anchor=Anchor.parse(anchor))
    except OSError as problem:
        raise UsageError(f"{file} cannot be read: {problem.strerror}") from problem
    except UnicodeDecodeError as problem:
        raise UsageError(f"{file} is no export: it is not UTF-8") from problem


def _source(file: Path, line: str) -> Source:
    found = _object(file, 1, line)
    if found.get("format") != FORMAT:
        raise UsageError(f"{file}:1: this is no export of a journal", hint="`bluegreen audit export` writes one")
    return Source(str(found.get("journal", "")), str(found.get("environment", "")))


def _rows(file: Path, lines: Iterable[str]) -> Iterator[Row]:
    for number, line in enumerate(lines, 2):
        if line.strip():
            try:
                yield Row(**_object(file, number, line))  # type: ignore[arg-type]
            except TypeError as problem:
                raise UsageError(f"{file}:{number}: this is no entry of a journal") from problem


def _object(file: Path, number: int, line: str) -> dict[str, object]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as problem:
        raise UsageError(f"{file}:{number}: this is no JSON", hint="an export has one JSON object a line") from problem
    if not isinstance(found, dict):
        raise UsageError(f"{file}:{number}: this is no JSON object", hint="an export has one JSON object a line")
    return found
