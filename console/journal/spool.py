"""The stand-in for a journal that cannot be written, for a rollback to the warm slot only (SAFETY 3.1).

One file of JSON lines per run, each line fsynced, chained as in the journal. `reconcile` moves it into the journal later.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from console.domain.change import canonical_json
from console.domain.entry import Draft, Entry, EntryType
from console.domain.ids import Epoch, RunId
from console.journal.chain import GENESIS, Head, Row, entry, link
from console.journal.errors import JournalUnavailable
from console.journal.journal import Journal
from console.journal.ledger import NOBODY
from console.journal.lock import held
from console.journal.verify import Anchor

SUFFIX = ".spool"
MOVED = ".spooled"
"""Ending of a spool whose entries are in the journal."""
POLL_SECONDS = 0.05


@dataclass(frozen=True)
class _Contents:
    rows: tuple[Row, ...]
    """Entries that follow each other unbroken from the first line on."""
    torn: bytes
    """What follows the last whole line: a write that a crash cut short."""
    doubtful: bytes
    """Whole lines that cannot be read or were changed, and all that follow them."""
    size: int
    """Bytes of whole lines."""

    @property
    def environment(self) -> str:
        return self.rows[0].environment if self.rows else ""


class Spool:
    """Entries of one run in a file of its own. Implements `Ledger`."""

    def __init__(self, path: Path, *, environment: str, after: int = 0, now: Callable[[], datetime] | None = None) -> None:
        self.path = path
        self.environment = environment
        self._after = after
        """Sequence number that the first line follows: of the journal, where the run began there."""
        self._now = now or (lambda: datetime.now(UTC))

    async def append(self, drafts: Iterable[Draft], *, epoch: Epoch = NOBODY) -> tuple[Entry, ...]:
        """Write and fsync; raises JournalUnavailable when even that fails."""
        listed = tuple(drafts)
        return await asyncio.to_thread(self._append, listed) if listed else ()

    async def read(self, run: RunId | None = None, after: int = 0, limit: int | None = None) -> tuple[Entry, ...]:
        """All entries are of the one run: `run` is not looked at. They are found when they were moved into the journal, too."""
        found = await asyncio.to_thread(self._kept)
        return tuple(entry(row) for row in found.rows if row.seq > after)[:limit]

    async def tail(self, run: RunId | None = None, after: int = 0) -> AsyncIterator[Entry]:
        seen: tuple[int, ...] = ()
        while True:
            now = _shape(self.path)
            if now != seen:
                for found in await self.read(after=after):
                    after = found.seq
                    yield found
            seen = now
            await asyncio.sleep(POLL_SECONDS)

    async def anchor(self) -> Anchor:
        """Names the spool, so that no journal takes it for an anchor of its own."""
        found = (await asyncio.to_thread(_contents, self.path)).rows
        return Anchor(f"spool-{self.path.stem}", found[-1].seq if found else 0, found[-1].hash if found else GENESIS)

    def _kept(self) -> _Contents:
        here = _contents(self.path)
        return here if here.size or here.torn else _contents(self.path.with_suffix(MOVED))

    def _append(self, drafts: tuple[Draft, ...]) -> tuple[Entry, ...]:
        try:
            with _alone(self.path) as file:
                stored = _contents(self.path)
                if stored.doubtful:
                    raise JournalUnavailable(f"the spool {self.path} cannot be trusted: it was changed", hint="keep the file")
                if stored.torn:
                    os.ftruncate(file, stored.size)
                    drafts = (
                        Draft("journal.mended", drafts[0].run, "bluegreen", {"dropped": stored.torn.decode(errors="replace")}),
                        *drafts,
                    )
                rows = self._linked(stored.rows, drafts)
                _write_whole(file, "".join(canonical_json(r.as_dict()) + "\n" for r in rows).encode(), before=stored.size)
        except OSError as problem:
            raise JournalUnavailable(f"the spool {self.path} cannot be written: {problem.strerror}") from problem
        return tuple(entry(row) for row in rows)

    def _linked(self, stored: tuple[Row, ...], drafts: tuple[Draft, ...]) -> list[Row]:
        head = Head(stored[-1].seq, stored[-1].hash) if stored else Head(self._after, GENESIS)
        rows: list[Row] = []
        for draft in drafts:
            row = link(draft, environment=self.environment, head=head, at=self._now())
            rows.append(row)
            head = Head(row.seq, row.hash)
        return rows


def _write_whole(file: int, data: bytes, *, before: int) -> None:
    """All of it and durable, or as it was: a disk that fills up takes a part and says nothing."""
    try:
        while data:
            data = data[os.write(file, data) :]
        os.fsync(file)
    except OSError:
        os.ftruncate(file, before)
        raise


def spool_path(folder: Path, uid: str) -> Path:
    return folder / f"{uid}{SUFFIX}"


def spool_of(folders: Iterable[Path], uid: str, *, environment: str) -> Spool:
    """The spool of a run that was opened in one, wherever that had room. Raises JournalUnavailable when it is nowhere."""
    paths = (spool_path(folder, uid) for folder in folders)
    found = next((p for p in paths if p.exists() or p.with_suffix(MOVED).exists()), None)
    if found is None:
        raise JournalUnavailable(f"the spool {uid} is gone")
    return Spool(found, environment=environment)


async def reconcile(journal: Journal, folders: Iterable[Path]) -> int:
    """Move finished spools of this environment into the journal; returns how many entries came over.

    A spool whose runner lives is left alone. Doing it twice, or after a crash half way, adds nothing twice. What was changed or cut in a
    spool is kept in the journal as text.
    """
    moved = 0
    places = tuple(folders)
    for path in sorted(p for folder in places for p in folder.glob(f"*{SUFFIX}")):
        if any(held(folder, path.stem) for folder in places):
            continue
        try:
            stored = await asyncio.to_thread(_contents, path)
        except JournalUnavailable:
            continue  # it is looked at again next time
        if stored.environment in ("", journal.environment):
            moved += await _move(journal, path, stored)
    return moved


async def _move(journal: Journal, path: Path, stored: _Contents) -> int:
    entries = [entry(row) for row in stored.rows]
    target = next((r.id for r in await journal.runs(limit=50) if r.uid == path.stem), None)
    if entries and target is None and entries[0].type != "run.opened":
        return 0  # the rest of a run that another journal has
    known = {_spooled_hash(e) for e in await journal.read(run=target)} if target is not None else set()
    drafts = [_draft(e) for e in entries if e.hash not in known and not (e.type == "run.opened" and target is not None)]
    kept = [d for d in (_note(path, stored.doubtful, "changed"), _note(path, stored.torn, "torn")) if d]
    if drafts and target is None:
        await journal.open_run(drafts[0], *drafts[1:], *(replace(d, run=None) for d in kept))
    elif drafts or kept:
        await journal.append([*(replace(d, run=target) for d in drafts), *kept])
    with suppress(OSError):  # it is found again, and adds nothing twice
        path.rename(path.with_suffix(MOVED))
    return len(drafts) + len(kept)


def _note(path: Path, raw: bytes, how: str) -> Draft | None:
    """What could not be taken over as entries."""
    if not raw:
        return None
    return Draft("journal.mended", None, "bluegreen", {"dropped": raw.decode(errors="replace"), "spool": path.name, "was": how})


def _draft(spooled: Entry) -> Draft:
    body = {**spooled.body, "spooled": {"at": spooled.at.isoformat(), "hash": spooled.hash}}
    kind: EntryType = spooled.type
    return Draft(kind, spooled.run, spooled.actor, body)


def _spooled_hash(found: Entry) -> str:
    spooled = found.body.get("spooled")
    return str(spooled.get("hash", "")) if isinstance(spooled, dict) else ""


def _contents(path: Path) -> _Contents:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return _Contents((), b"", b"", 0)
    except OSError as problem:
        raise JournalUnavailable(f"the spool {path} cannot be read: {problem.strerror}") from problem
    lines = raw.splitlines(keepends=True)
    torn = lines.pop() if lines and not lines[-1].endswith(b"\n") else b""
    rows: list[Row] = []
    for line in lines:
        row = _row(line)
        if row is None or row.digest != row.hash or (rows and row.prev != rows[-1].hash):
            break
        rows.append(row)
    return _Contents(tuple(rows), torn, b"".join(lines[len(rows) :]), len(raw) - len(torn))


def _row(line: bytes) -> Row | None:
    try:
        row = Row(**json.loads(line))
        entry(row)
    except (ValueError, TypeError):
        return None
    return row


def _shape(path: Path) -> tuple[int, ...]:
    """Differs once something was added, or the file was moved."""
    try:
        found = path.stat()
    except OSError:
        return (-1,)
    return found.st_ino, found.st_size


@contextmanager
def _alone(path: Path) -> Iterator[int]:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
    finally:
        os.close(file)
