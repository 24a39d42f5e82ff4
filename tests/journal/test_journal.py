"""Appending, numbering runs, reading back."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from console.domain.errors import JournalError
from console.domain.ids import RunId
from console.journal import Journal, engines, open_journal
from console.journal.chain import GENESIS
from console.journal.errors import JournalDamaged, JournalUnavailable, JournalVersion, RunIsOpen
from console.journal.journal import utc_now
from tests.journal.conftest import OpenJournal
from tests.journal.drafts import closed, note, opened
from tests.support.faults import fault

WRITER = """
import asyncio, sys
from console.journal import open_journal
from tests.journal.drafts import note

async def main(path, count):
    journal = await open_journal(path, "production", busy_timeout=60)
    for number in range(count):
        await journal.append([note(1, f"{number}", actor=str(sys.argv[3]))])
    await journal.close()

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


async def test_entries_are_numbered_and_chained(journal: Journal) -> None:
    first = await journal.open_run(opened())
    second, third = await journal.append([note(1), note(1)])
    assert [first.seq, second.seq, third.seq] == [1, 2, 3]
    assert [first.prev, second.prev, third.prev] == [GENESIS, first.hash, second.hash]
    assert await journal.read() == (first, second, third)
    assert (await journal.head()).hash == third.hash


async def test_runs_are_numbered_from_one_and_folded_newest_first(journal: Journal) -> None:
    assert (await journal.open_run(opened("deploy", "a"))).run == 1
    assert (await journal.open_run(opened("rollback", "b"), note(0, "why"))).run == 2
    newest, oldest = await journal.runs()
    assert (newest.id, newest.runbook, newest.notes[0][2]) == (2, "rollback", "why")
    assert (oldest.id, oldest.runbook) == (1, "deploy")
    assert [r.id for r in await journal.runs(limit=1)] == [2]
    assert await journal.record(RunId(3)) is None


async def test_a_second_run_is_refused_while_one_is_open(journal: Journal) -> None:
    await journal.open_run(opened(), alone=True)
    with pytest.raises(RunIsOpen, match=r"run 1 \(deploy\) of this environment has not ended"):
        await journal.open_run(opened(), alone=True)
    await journal.append([closed(1)])
    assert (await journal.open_run(opened(), alone=True)).run == 2
    assert await journal.open_runs() == (2,)


async def test_two_starters_have_one_winner(opened: OpenJournal) -> None:
    from tests.journal.drafts import opened as draft

    here, there = await opened(), await opened()
    results = await asyncio.gather(here.open_run(draft(), alone=True), there.open_run(draft(), alone=True), return_exceptions=True)
    assert sorted(type(r).__name__ for r in results) == ["Entry", "RunIsOpen"]


async def test_environments_have_chains_of_their_own_in_one_database(place: Path) -> None:
    production, staging = await open_journal(place, "production"), await open_journal(place, "staging")
    await production.append([note(1)])
    (entry,) = await staging.append([note(1)])
    assert entry.seq == 1
    assert len(await production.read()) == 1
    await production.close()
    await staging.close()


@fault(
    "two processes write into one journal at the same time",
    group="the journal",
    sees="both, one after the other",
    does="each append waits for its turn: one chain, no entry lost, each writer's in its order",
    costs="milliseconds",
)
@pytest.mark.parametrize("each", [500, pytest.param(5000, marks=pytest.mark.slow)])
async def test_appends_by_two_processes_make_one_chain(place: Path, journal: Journal, each: int) -> None:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", WRITER, str(place), str(each)]
    env = {**os.environ, "PYTHONPATH": str(root)}
    writers = [await asyncio.create_subprocess_exec(*command, name, cwd=root, env=env) for name in ("alice", "bob")]
    assert [await asyncio.wait_for(w.wait(), 0.06 * each + 60) for w in writers] == [0, 0]
    verdict = await journal.verify()
    assert verdict.ok, verdict.sentence
    assert verdict.entries == 2 * each
    entries = await journal.read()
    for name in ("alice", "bob"):
        assert [e.body["text"] for e in entries if e.actor == name] == [str(n) for n in range(each)]


async def test_values_come_back_as_they_were_written(journal: Journal) -> None:
    (entry,) = await journal.append([note(1, 'Grüße — \u2713 \x00 "quoted"')])
    assert (await journal.read())[0] == entry
    assert (await journal.verify()).ok


async def test_an_append_is_all_or_nothing(journal: Journal) -> None:
    class Unwritable:
        def __str__(self) -> str:
            raise OSError(errno.EIO, "cannot be shown")

    with pytest.raises(OSError, match="cannot be shown"):
        await journal.append([note(1), note(1, Unwritable())])  # type: ignore[arg-type]
    assert await journal.read() == ()


async def test_a_locked_journal_is_named(journal: Journal, place: Path) -> None:
    other = sqlite3.connect(place, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(JournalUnavailable, match="is locked by another program"):
        await journal.append([note(1)])
    other.close()


def test_a_file_that_is_no_journal_is_named(place: Path) -> None:
    place.parent.mkdir()
    place.write_bytes(b"this is not a database, and long enough to be looked at" * 40)
    with pytest.raises(JournalDamaged, match="is damaged"):
        asyncio.run(open_journal(place, "production"))


async def test_a_newer_schema_is_refused(journal: Journal, place: Path) -> None:
    with sqlite3.connect(place) as other:
        other.execute("UPDATE journal SET value = '99' WHERE key = 'version'")
    other.close()
    with pytest.raises(JournalVersion, match="schema version 99, this bluegreen writes version 1"):
        await open_journal(place, "production")


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalUnavailable, match="cannot be made"):
        await open_journal(tmp_path / "file" / "journal.db", "production")


async def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "journal.db").mkdir()
    with pytest.raises(JournalUnavailable, match="cannot be written"):
        await open_journal(tmp_path / "journal.db", "production")


class WithoutRoom(sqlite3.Connection):
    """What SQLite does on a disk that has no room for the files it keeps beside."""

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        if "journal_mode" in sql:
            problem = sqlite3.OperationalError("disk I/O error")
            problem.sqlite_errorcode = sqlite3.SQLITE_IOERR | (19 << 8)  # SQLITE_IOERR_SHMSIZE
            raise problem
        return super().execute(sql, *values)


async def test_a_journal_on_a_full_disk_is_read_and_is_written_again_when_there_is_room(
    journal: Journal, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await journal.append([note(1, "before")])
    with closing(sqlite3.connect(place)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connect = sqlite3.connect
    with monkeypatch.context() as full:
        full.setattr(sqlite3, "connect", lambda *given, **named: connect(*given, **{"factory": WithoutRoom, **named}))
        full.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=4096))
        reader = await open_journal(place, "production")
        with pytest.raises(JournalUnavailable, match=r"disk of the journal .* is full"):
            await reader.append([note(1)])
        assert [e.body["text"] for e in await reader.read()] == ["before"]
    await journal.append([note(1, "by another")])
    await reader.append([note(1, "after")])
    assert [e.body["text"] for e in await reader.read()] == ["before", "by another", "after"]
    await reader.close()


async def test_a_full_disk_is_named_and_nothing_is_recorded(journal: Journal, place: Path) -> None:
    await journal.append([note(1)])
    await journal._read(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count = 1"))
    with pytest.raises(JournalUnavailable, match=r"disk of the journal .* is full"):
        await journal.append([note(1, "x" * 200_000)])
    assert len(await journal.read()) == 1


async def test_an_unknown_database_is_refused() -> None:
    with pytest.raises(JournalError, match="cannot live in mysql"):
        await open_journal("mysql://somewhere/db", "production")


async def test_runs_are_read_page_by_page(journal: Journal) -> None:
    for number in range(5):
        await journal.open_run(opened("deploy", f"u{number}"))
    assert [r.id for r in await journal.runs(limit=2)] == [5, 4]
    assert [r.id for r in await journal.runs(limit=2, before=RunId(4))] == [3, 2]
    assert [r.id for r in await journal.runs(limit=2, before=RunId(2))] == [1]
    assert await journal.runs(limit=2, before=RunId(1)) == ()


async def test_a_journal_whose_file_was_deleted_while_it_was_open_is_not_written_into_nothing(journal: Journal, place: Path) -> None:
    await journal.append([note(1)])
    for file in place.parent.iterdir():
        file.unlink()
    place.parent.rmdir()
    with pytest.raises(JournalUnavailable, match="was deleted or moved while it was open"):
        await journal.append([note(1)])
    assert len(await journal.read()) == 1


async def test_a_journal_that_another_file_took_the_place_of_is_not_written(journal: Journal, place: Path) -> None:
    await journal.append([note(1)])
    place.rename(place.with_suffix(".old"))
    await (await open_journal(place, "production")).close()
    with pytest.raises(JournalUnavailable, match="was deleted or moved"):
        await journal.append([note(1)])


async def test_a_journal_that_is_locked_for_a_moment_waits_for_its_turn(place: Path) -> None:
    journal = await open_journal(place, "production", busy_timeout=30)
    other = sqlite3.connect(place, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.ensure_future(journal.append([note(1)]))
    await asyncio.wait({waiting}, timeout=0.2)
    assert not waiting.done()
    other.execute("COMMIT")
    assert len(await asyncio.wait_for(waiting, 30)) == 1
    other.close()
    await journal.close()


async def test_a_journal_that_others_are_writing_is_opened_and_read(journal: Journal, place: Path) -> None:
    await journal.append([note(1)])
    other = sqlite3.connect(place, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    reader = await open_journal(place, "production", busy_timeout=0.1)
    assert len(await reader.read()) == 1
    other.close()
    await reader.close()


async def test_a_follower_of_a_journal_that_is_locked_altogether_is_told_so(place: Path) -> None:
    await (await open_journal(place, "production")).close()
    journal = Journal(engines.create(engines.location_of(place), environment="production", busy_timeout=0.1), "production", utc_now)
    other = sqlite3.connect(place, isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(JournalUnavailable, match="is locked by another program"):
        await anext(journal.tail())
    with pytest.raises(JournalUnavailable, match="is locked by another program"):
        await open_journal(place, "production", busy_timeout=0.1)
    other.close()
    await journal.close()


async def test_bytes_of_a_command_line_that_are_no_utf8_are_recorded_as_question_marks(journal: Journal) -> None:
    (entry,) = await journal.append([note(1, os.fsdecode(b"caf\xe9"))])
    assert entry.body["text"] == "caf?"
    assert (await journal.verify()).ok
