"""The stand-in for a journal that cannot be written, for a rollback to the warm slot only (SAFETY 3.1).

One file of JSON lines per run, each line fsynced, chained as in the journal. `reconcile` moves it into the journal later.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from console.domain.change import canonical_json
from console.domain.ids import Epoch, RunId
from console.domain.run import Draft, Entry, EntryType
from console.journal.chain import GENESIS, Head, Row, entry, link
from console.journal.errors import JournalUnavailable
from console.journal.journal import Journal
from console.journal.ledger import NOBODY
from console.journal.lock import held
from console.journal.verify import Anchor

SUFFIX = ".spool"
POLL_SECONDS = 0.05


@dataclass(frozen=True)
class _Contents:
    rows: tuple[Row, ...]
    torn: bytes
    """What follows the last whole line: a write that a crash cut short."""
    size: int
    """Bytes of whole lines."""


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
        """All entries are of the one run: `run` is not looked at."""
        found = await asyncio.to_thread(lambda: _contents(self.path).rows)
        return tuple(entry(row) for row in found if row.seq > after)[:limit]

    async def tail(self, run: RunId | None = None, after: int = 0) -> AsyncIterator[Entry]:
        seen = -1
        while True:
            size = self.path.stat().st_size
            if size != seen:
                for found in await self.read(after=after):
                    after = found.seq
                    yield found
            seen = size
            await asyncio.sleep(POLL_SECONDS)

    async def anchor(self) -> Anchor:
        """Names the spool, so that no journal takes it for an anchor of its own."""
        found = (await asyncio.to_thread(_contents, self.path)).rows
        return Anchor(f"spool-{self.path.stem}", found[-1].seq if found else 0, found[-1].hash if found else GENESIS)

    def _append(self, drafts: tuple[Draft, ...]) -> tuple[Entry, ...]:
        try:
            with _alone(self.path) as file:
                stored = _contents(self.path)
                if stored.torn:
                    os.ftruncate(file, stored.size)
                    drafts = (
                        Draft("journal.mended", drafts[0].run, "bluegreen", {"dropped": stored.torn.decode(errors="replace")}),
                        *drafts,
                    )
                rows = self._linked(stored.rows, drafts)
                os.write(file, "".join(canonical_json(r.as_dict()) + "\n" for r in rows).encode())
                os.fsync(file)
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


def spool_path(folder: Path, uid: str) -> Path:
    return folder / f"{uid}{SUFFIX}"


async def reconcile(journal: Journal, folders: Iterable[Path]) -> int:
    """Move finished spools of this environment into the journal; returns how many entries came over.

    A spool whose runner lives is left alone. Doing it twice, or after a crash half way, adds nothing twice.
    """
    moved = 0
    places = tuple(folders)
    for path in sorted(p for folder in places for p in folder.glob(f"*{SUFFIX}")):
        if any(held(folder, path.stem) for folder in places):
            continue
        stored = await asyncio.to_thread(_contents, path)
        if stored.rows and stored.rows[0].environment == journal.environment:
            moved += await _move(journal, stored)
            path.rename(path.with_suffix(".spooled"))
    return moved


async def _move(journal: Journal, stored: _Contents) -> int:
    entries = [entry(row) for row in stored.rows]
    target = await _same_run(journal, entries[0])
    known = {_spooled_hash(e) for e in await journal.read(run=target)} if target is not None else set()
    drafts = [_draft(e) for e in entries if e.hash not in known]
    if stored.torn:
        drafts.append(Draft("journal.mended", None, "bluegreen", {"dropped": stored.torn.decode(errors="replace")}))
    if not drafts:
        return 0
    if target is None:
        await journal.open_run(drafts[0], *drafts[1:])
    else:
        await journal.append(replace(d, run=target) for d in drafts)
    return len(drafts)


async def _same_run(journal: Journal, first: Entry) -> RunId | None:
    """The run in the journal that the spool goes on with; None for one that was opened in the spool."""
    if first.type != "run.opened":
        return first.run
    uid = first.body.get("uid")
    return next((r.id for r in await journal.runs(limit=50) if r.uid == uid), None)


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
        return _Contents((), b"", 0)
    whole, _, torn = raw.rpartition(b"\n")
    rows: list[Row] = []
    for line in whole.splitlines():
        try:
            rows.append(Row(**json.loads(line)))
        except (ValueError, TypeError) as problem:
            raise JournalUnavailable(
                f"line {len(rows) + 1} of the spool {path} cannot be read: {problem}", hint="keep the file"
            ) from problem
    return _Contents(tuple(rows), torn, len(raw) - len(torn))


@contextmanager
def _alone(path: Path) -> Iterator[int]:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
    finally:
        os.close(file)
