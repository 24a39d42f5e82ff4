"""Evidence that a person leaves with an item: a few words, or a file that is copied beside the run with its sha256 in the journal."""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from console.domain.entry import Draft
from console.domain.errors import UsageError
from console.domain.ids import RunId
from console.domain.redact import redacted
from console.domain.run import RunRecord
from console.domain.run_fold import fold
from console.engine.follow import item
from console.journal.ledger import Ledger

LARGEST = 20 << 20
"""Bytes of a file."""
LONGEST = 10_000
"""Characters of a text; what is longer is a file."""
PIECE = 1 << 20


@dataclass(frozen=True)
class Copied:
    """A file that was copied."""

    path: Path
    sha256: str
    bytes: int


async def keep_text(ledger: Ledger, run: RunId, *, step: str, text: str, actor: str) -> None:
    """Raises UsageError for a text that is empty or too long."""
    record = await _record(ledger, run)
    if not text.strip():
        raise UsageError("there is nothing to keep: the text is empty")
    if len(text) > LONGEST:
        raise UsageError(f"the text has {len(text)} characters, {LONGEST} at most", hint="Write it into a file and keep that")
    body = {"step": item(record, step).name, "name": "", "text": redacted(text.strip())}
    await ledger.append([Draft("step.evidence", run, actor, body)])


async def keep_file(ledger: Ledger, run: RunId, *, step: str, file: Path, folder: Path, actor: str, host: str) -> Copied:
    """Copy a file into `folder`, the run's evidence on this machine, then journal it. Raises UsageError for one that cannot be kept."""
    record = await _record(ledger, run)
    name = item(record, step).name
    copied = await asyncio.to_thread(copy, file.expanduser(), folder / "items" / _safe(name))
    body = {
        "step": name, "name": file.name, "path": str(copied.path), "host": host, "sha256": copied.sha256, "bytes": copied.bytes,
    }  # fmt: skip
    await ledger.append([Draft("step.evidence", run, actor, body)])
    return copied


def copy(file: Path, folder: Path) -> Copied:
    """Whole or not at all, under the file's own name or a numbered one. Raises UsageError with a sentence."""
    try:
        source = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as problem:
        raise UsageError(f"{file} cannot be read: {problem.strerror}") from problem
    try:
        _check(source, file)
        return _copied(source, file, folder)
    finally:
        os.close(source)


def _check(source: int, file: Path) -> None:
    found = os.fstat(source)
    if not stat.S_ISREG(found.st_mode):
        raise UsageError(f"{file} is no file", hint="Pack a folder into an archive first")
    if found.st_size > LARGEST:
        raise UsageError(
            f"{file} has {found.st_size >> 20} MiB, {LARGEST >> 20} MiB at most", hint="Keep an extract, or where it lies as text"
        )


def _copied(source: int, file: Path, folder: Path) -> Copied:
    part = folder / f".{_safe(file.name)}.{os.getpid()}.partial"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        digest, size = hashlib.sha256(), 0
        with open(part, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as out:
            while data := os.read(source, PIECE):
                digest.update(data)
                size += len(data)
                if size > LARGEST:
                    raise UsageError(f"{file} grows while it is read: more than {LARGEST >> 20} MiB")
                out.write(data)
            out.flush()
            os.fsync(out.fileno())
        return Copied(_placed(part, folder, _safe(file.name)), digest.hexdigest(), size)
    except OSError as problem:
        raise UsageError(f"{file} cannot be kept in {folder}: {problem.strerror}") from problem
    finally:
        part.unlink(missing_ok=True)


def _placed(part: Path, folder: Path, name: str) -> Path:
    """Give the whole copy a name that nothing has yet."""
    stem, dot, ending = name.partition(".")
    for number in range(1, 1000):
        wanted = folder / (name if number == 1 else f"{stem}-{number}{dot}{ending}")
        try:
            os.link(part, wanted)
        except FileExistsError:
            continue
        return wanted
    raise UsageError(f"{folder} holds a thousand files called {name}")


def _safe(name: str) -> str:
    plain = "".join(c if c.isalnum() or c in "._-" else "-" for c in name)[:120]
    return plain.lstrip(".") or "file"


async def _record(ledger: Ledger, run: RunId) -> RunRecord:
    record = fold(await ledger.read(run=run))
    if record is None:
        raise UsageError(f"there is no run {run}", hint="`bluegreen runs` lists them")
    return record
