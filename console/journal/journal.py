"""The journal of one environment as the rest of the program uses it: asynchronous calls over one thread of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

import sqlalchemy as sa

from console.domain.entry import Draft, Entry, EntryType
from console.domain.ids import Epoch, RunId
from console.domain.run import RunRecord
from console.domain.run_fold import fold
from console.journal import engines, rows
from console.journal.chain import Head, Row, entry
from console.journal.errors import JournalVersion
from console.journal.ledger import NOBODY
from console.journal.verify import Anchor, Verification, verify_rows

T = TypeVar("T")
Now = Callable[[], datetime]

WATCH_SECONDS = 0.03
"""Between two looks for growth while a run is open."""
IDLE_SECONDS = 0.25
"""Between two looks while none is."""


def utc_now() -> datetime:
    return datetime.now(UTC)


class Journal:
    """Entries of one environment. Any number of processes may append; each append is alone and durable when it returns."""

    def __init__(self, engine: sa.Engine, environment: str, now: Now) -> None:
        self.environment = environment
        self.location = engines.shown(engine.url)
        self.id = ""
        """Random, made with the journal: tells this journal's anchors from another's."""
        self._engine = engine
        self._now = now
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        self._grown = asyncio.Event()
        self._appended = 0

    async def prepare(self) -> None:
        """Learn the journal's id; create the tables where they are missing. What is there is only read: it may be locked or read-only."""
        self.id = await self._read(rows.known_id) or await self._write(rows.prepare)

    async def append(self, drafts: Iterable[Draft], *, epoch: Epoch = NOBODY) -> tuple[Entry, ...]:
        """Number, time, chain and store; durable once it returns. All of them or none.

        `epoch`: of the driver that writes; raises Overtaken when a later one has claimed the run.
        """
        listed = tuple(drafts)
        if not listed:
            return ()

        def appended(connection: sa.Connection) -> list[Row]:
            if epoch != NOBODY:
                rows.refuse_overtaken(connection, self.environment, listed[0].run, epoch)
            return self._append(connection, listed)

        return self._announce(await self._write(appended))

    async def open_run(self, draft: Draft, *more: Draft, alone: bool = False) -> Entry:
        """Append `draft` (a `run.opened`) under the next run number, and `more` under the same.

        `alone`: raises RunIsOpen when a run of this environment has not ended.
        """

        def opened(connection: sa.Connection) -> list[Row]:
            if alone:
                rows.refuse_second_run(connection, self.environment)
            run = rows.next_run(connection, self.environment)
            return self._append(connection, tuple(replace(d, run=run) for d in (draft, *more)))

        return self._announce(await self._write(opened))[0]

    async def reopen_run(self, draft: Draft) -> Entry:
        """Append `draft` (a `run.reopened`). Raises RunIsOpen when a run of this environment has not ended."""

        def reopened(connection: sa.Connection) -> list[Row]:
            rows.refuse_second_run(connection, self.environment)
            return self._append(connection, (draft,))

        return self._announce(await self._write(reopened))[0]

    async def read(self, run: RunId | None = None, after: int = 0, limit: int | None = None) -> tuple[Entry, ...]:
        """Entries with a greater sequence number than `after`, in order."""
        found = await self._read(lambda connection: rows.select_rows(connection, self.environment, run=run, after=after, limit=limit))
        return tuple(_readable(row) for row in found)

    async def record(self, run: RunId) -> RunRecord | None:
        """One run as its entries tell it; None when there is no such run."""
        return fold(await self.read(run=run))

    async def runs(self, limit: int = 20, before: RunId | None = None) -> tuple[RunRecord, ...]:
        """The newest runs, newest first; with `before` the newest of those that were opened before it."""

        by_run: dict[RunId, list[Entry]] = {}
        for found in await self.entries_of_runs(limit, before=before):
            if found.run is not None:
                by_run.setdefault(found.run, []).append(found)
        records = (fold(entries) for entries in by_run.values())
        return tuple(sorted((r for r in records if r), key=lambda r: r.id, reverse=True))

    async def entries_of_runs(self, limit: int, types: Sequence[EntryType] = (), *, before: RunId | None = None) -> tuple[Entry, ...]:
        """Entries of the newest runs, in order; of these types only, where some are given."""

        def newest(connection: sa.Connection) -> list[Row]:
            chosen = rows.newest_runs(connection, self.environment, limit, before=before)
            return rows.select_rows(connection, self.environment, runs=chosen, types=types) if chosen else []

        return tuple(_readable(row) for row in await self._read(newest))

    async def open_runs(self) -> tuple[RunId, ...]:
        """Runs that have not ended, oldest first."""
        return tuple(await self._read(lambda connection: rows.open_runs(connection, self.environment)))

    async def head(self) -> Head:
        """Sequence and hash of the newest entry."""
        return await self._read(lambda connection: rows.head(connection, self.environment))

    async def anchor(self) -> Anchor:
        """The head as it is kept outside the journal."""
        newest = await self.head()
        return Anchor(self.id, newest.seq, newest.hash)

    async def verify(self, anchor: str = "") -> Verification:
        """Walk the whole chain; `anchor` is the text that was kept outside."""
        parsed = Anchor.parse(anchor)
        return await self._read(
            lambda connection: verify_rows(rows.every_row(connection, self.environment), journal=self.id, anchor=parsed)
        )

    async def rows(self) -> tuple[Row, ...]:
        """Everything as it is stored, whatever state it is in."""
        return tuple(await self._read(lambda connection: list(rows.every_row(connection, self.environment))))

    async def tail(self, run: RunId | None = None, after: int = 0) -> AsyncIterator[Entry]:
        """Entries as they are written, by anybody, without end. At most 50 ms behind while a run is open."""
        while True:
            seen = await self._growth()
            for found in await self.read(run=run, after=after):
                after = found.seq
                yield found
            pause = WATCH_SECONDS if await self.open_runs() else IDLE_SECONDS
            while await self._growth() == seen:
                self._grown.clear()
                with suppress(TimeoutError):  # not wait_for: up to Python 3.11 it swallows a cancellation that meets a wake-up
                    async with asyncio.timeout(pause):
                        await self._grown.wait()

    async def close(self) -> None:
        """Let what was begun end, then close the connection."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._engine.dispose)
        self._thread.shutdown(wait=False)

    def _append(self, connection: sa.Connection, drafts: tuple[Draft, ...]) -> list[Row]:
        at = self._now()
        head = rows.trusted_head(connection, self.environment, at)
        return rows.append(connection, drafts, environment=self.environment, after=head, at=at)

    def _announce(self, appended: list[Row]) -> tuple[Entry, ...]:
        self._appended += 1
        self._grown.set()
        return tuple(entry(row) for row in appended)

    async def _growth(self) -> tuple[int, int]:
        """Differs once this or any other process has appended."""
        return await self._in_thread(lambda: engines.growth(self._engine, self.environment)), self._appended

    async def _write(self, statements: Callable[[sa.Connection], T]) -> T:
        return await self._call(statements, writes=True)

    async def _read(self, statements: Callable[[sa.Connection], T]) -> T:
        return await self._call(statements, writes=False)

    async def _call(self, statements: Callable[[sa.Connection], T], *, writes: bool) -> T:
        def call() -> T:
            with self._engine.connect() as connection:
                connection = connection.execution_options(**{engines.WRITING: writes})
                with connection.begin():
                    return statements(connection)

        return await self._in_thread(call)

    async def _in_thread(self, call: Callable[[], T]) -> T:
        def named() -> T:
            with engines.named_errors(self._engine.url):
                return call()

        return await asyncio.get_running_loop().run_in_executor(self._thread, named)


def _readable(row: Row) -> Entry:
    try:
        return entry(row)
    except ValueError as problem:
        raise JournalVersion(
            f"entry {row.seq} of the journal cannot be read: {problem}", hint="`bluegreen audit verify` tells whether it was changed"
        ) from problem
