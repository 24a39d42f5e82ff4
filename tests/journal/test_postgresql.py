"""The same journal in PostgreSQL, where several machines write it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest

from console.journal import Journal, open_journal
from console.journal.errors import JournalUnavailable
from console.sandbox.postgres import Postgres, PostgresMissing, running_postgres
from tests.journal.drafts import closed, note, opened
from tests.journal.test_journal import WRITER


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Postgres]:
    try:
        async with running_postgres(tmp_path) as server:
            yield server
    except PostgresMissing as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))


async def open_at(server: Postgres, *, busy_timeout: float = 5.0) -> Journal:
    return await open_journal(server.url(), "production", busy_timeout=busy_timeout)


async def test_the_journal_works_in_postgresql(server: Postgres) -> None:
    here, there = await open_at(server), await open_at(server)
    await here.open_run(opened(), note(0, "first"), alone=True)
    tail = there.tail(after=2)
    waiting = asyncio.ensure_future(anext(tail))
    await here.append([closed(1)])
    assert (await asyncio.wait_for(waiting, 5)).type == "run.closed"
    (run,) = await there.runs()
    assert (run.outcome, run.notes[0][2], here.id) == ("done", "first", there.id)
    assert (await here.verify(str(await there.anchor()))).anchored
    assert "postgres:***@" in here.location
    await here.close()
    await there.close()


async def test_two_processes_make_one_chain_and_two_starters_one_winner(server: Postgres) -> None:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", WRITER, server.url(), "500"]
    env = {**os.environ, "PYTHONPATH": str(root)}
    writers = [await asyncio.create_subprocess_exec(*command, name, cwd=root, env=env) for name in ("alice", "bob")]
    assert [await asyncio.wait_for(w.wait(), 60) for w in writers] == [0, 0]
    here, there = await open_at(server), await open_at(server)
    verdict = await here.verify()
    assert (verdict.ok, verdict.entries) == (True, 1000)
    results = await asyncio.gather(here.open_run(opened(), alone=True), there.open_run(opened(), alone=True), return_exceptions=True)
    assert sorted(type(r).__name__ for r in results) == ["Entry", "RunIsOpen"]
    await here.close()
    await there.close()


async def test_a_writer_that_holds_the_lock_is_named(server: Postgres) -> None:
    journal = await open_at(server, busy_timeout=0.2)
    holder = await open_at(server)
    async with await psycopg.AsyncConnection.connect(server.url()) as other:
        await other.execute("LOCK TABLE entries IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(JournalUnavailable, match="locked by another writer"):
            await journal.append([note(1)])
    await journal.close()
    await holder.close()


async def test_a_server_that_went_away_is_named_and_found_again(server: Postgres) -> None:
    journal = await open_at(server)
    await journal.append([note(1)])
    await server.stop()
    with pytest.raises(JournalUnavailable, match="does not answer"):
        await journal.append([note(1)])
    await server.start()
    await journal.append([note(1)])
    assert (await journal.verify()).entries == 2
    await journal.close()
