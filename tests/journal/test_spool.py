"""The way back without a journal, and its way into the journal afterwards."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from pathlib import Path

import pytest

from console.domain.entry import Draft
from console.domain.ids import RunId
from console.journal import Journal, open_journal
from console.journal.errors import JournalUnavailable
from console.journal.fallback import Fallback
from console.journal.lock import RunLock
from console.journal.place import workable
from console.journal.spool import Spool, reconcile, spool_path
from tests.journal.drafts import closed, note, opened


def spool(folder: Path, uid: str = "u9") -> Spool:
    return Spool(spool_path(folder, uid), environment="production")


async def test_a_run_opened_in_a_spool_gets_its_number_from_the_journal(journal: Journal, tmp_path: Path) -> None:
    await journal.open_run(opened(uid="u1"))
    waiting = spool(tmp_path)
    await waiting.append([Draft("run.opened", RunId(0), "alice", opened("rollback", "u9").body), note(0, "by spool"), closed(0)])
    assert await reconcile(journal, [tmp_path]) == 3
    newest = (await journal.runs())[0]
    assert (newest.id, newest.runbook, newest.outcome, newest.notes[0][2]) == (2, "rollback", "done", "by spool")
    assert (await journal.verify()).ok
    assert await reconcile(journal, [tmp_path]) == 0


async def test_reconciling_again_after_a_crash_adds_nothing_twice(journal: Journal, tmp_path: Path) -> None:
    waiting = spool(tmp_path)
    await waiting.append([Draft("run.opened", RunId(0), "alice", opened("rollback", "u9").body), note(0)])
    await reconcile(journal, [tmp_path])
    spool_path(tmp_path, "u9").with_suffix(".spooled").rename(spool_path(tmp_path, "u9"))  # as if it had crashed before the renaming
    assert await reconcile(journal, [tmp_path]) == 0
    assert len(await journal.read()) == 2


async def test_a_living_runner_keeps_its_spool(journal: Journal, tmp_path: Path) -> None:
    await journal.open_run(opened("rollback", "u9"))
    await spool(tmp_path).append([note(1)])
    with RunLock(tmp_path, "u9"):
        assert await reconcile(journal, [tmp_path]) == 0
    assert await reconcile(journal, [tmp_path]) == 1


async def test_a_torn_last_line_is_set_aside(journal: Journal, tmp_path: Path) -> None:
    torn = spool(tmp_path)
    await torn.append([note(1, "whole")])
    with torn.path.open("ab") as file:
        file.write(b'{"actor":"ali')
    assert [e.body["text"] for e in await torn.read()] == ["whole"]
    await torn.append([note(1, "next")])
    assert [e.type for e in await torn.read()] == ["run.note", "journal.mended", "run.note"]


async def test_the_journal_failing_in_the_middle_goes_on_in_the_spool(journal: Journal, tmp_path: Path) -> None:
    run = (await journal.open_run(opened("rollback", "u9"))).run
    ledger = Fallback(journal, spools=(tmp_path,), uid="u9")
    await ledger.read(run=run)
    await ledger.append([note(1, "in the journal")])
    await journal._read(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count = 1"))
    await ledger.append([note(1, "x" * 200_000)])
    assert ledger.spooled
    assert [len(str(e.body.get("text", ""))) for e in await ledger.read()] == [0, 14, 200_000]
    await journal._read(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count = 1000000"))
    assert await reconcile(journal, [tmp_path]) == 1
    assert len((await journal.runs())[0].notes) == 2


async def test_the_first_folder_that_can_be_written_is_taken(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert workable((tmp_path / "file" / "inside", tmp_path / "spare")) == tmp_path / "spare"
    with pytest.raises(JournalUnavailable, match="can be written"):
        workable((tmp_path / "file" / "inside",))


async def test_what_was_changed_in_a_spool_comes_over_as_text_and_stops_nothing(journal: Journal, tmp_path: Path) -> None:
    await journal.open_run(opened("rollback", "u9"))
    changed = spool(tmp_path)
    await changed.append([note(1, "first"), note(1, "second"), note(1, "third")])
    changed.path.write_text(changed.path.read_text().replace("second", "forged"))
    assert await reconcile(journal, [tmp_path]) == 2
    assert [n[2] for n in (await journal.runs())[0].notes] == ["first"]
    kept = [e for e in await journal.read() if e.type == "journal.mended"]
    assert ("forged" in str(kept[0].body["dropped"]), kept[0].body["was"]) == (True, "changed")
    assert await reconcile(journal, [tmp_path]) == 0


async def test_a_file_of_rubbish_among_the_spools_stops_nothing(place: Path, tmp_path: Path) -> None:
    spool_path(tmp_path, "u8").write_bytes(b"\x00\xff rubbish\nmore")
    spool_path(tmp_path, "u7").mkdir()
    journal = await open_journal(place, "production", spools=[tmp_path])
    assert [e.type for e in await journal.read()] == ["journal.mended", "journal.mended"]
    await journal.close()


async def test_the_rest_of_a_run_of_another_journal_waits_for_that(journal: Journal, tmp_path: Path) -> None:
    await spool(tmp_path).append([note(7, "of another journal")])
    assert await reconcile(journal, [tmp_path]) == 0
    assert spool_path(tmp_path, "u9").exists()


async def test_a_journal_that_can_only_be_read_leaves_the_spools_where_they_are(place: Path, tmp_path: Path) -> None:
    await (await open_journal(place, "production")).close()
    await spool(tmp_path).append([Draft("run.opened", RunId(0), "alice", opened("rollback", "u9").body), closed(0)])
    other = sqlite3.connect(place, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    journal = await open_journal(place, "production", busy_timeout=0.1, spools=[tmp_path])
    assert await journal.runs() == ()
    other.close()
    await journal.close()
    journal = await open_journal(place, "production", spools=[tmp_path])
    assert [r.outcome for r in await journal.runs()] == ["done"]
    await journal.close()


async def test_who_follows_a_spool_hears_its_end_although_it_was_moved_meanwhile(journal: Journal, tmp_path: Path) -> None:
    waiting = spool(tmp_path)
    await waiting.append([Draft("run.opened", RunId(0), "alice", opened("rollback", "u9").body)])
    tail = waiting.tail()
    assert (await anext(tail)).type == "run.opened"
    await waiting.append([closed(0)])
    await reconcile(journal, [tmp_path])
    assert (await asyncio.wait_for(anext(tail), 10)).type == "run.closed"


async def test_a_disk_without_room_takes_nothing_of_an_entry(tmp_path: Path) -> None:
    """Half a line that was written before the disk was full is taken back; asked of a process that may write no more than 600 bytes."""
    script = (
        "import asyncio, resource, sys\nfrom pathlib import Path\nfrom console.journal.spool import Spool\n"
        "from tests.journal.drafts import note\n"
        "spool = Spool(Path(sys.argv[1]), environment='production')\n"
        "asyncio.run(spool.append([note(1)]))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600))\n"
        "asyncio.run(spool.append([note(1, 'x' * 1000)]))\n"
    )
    root = Path(__file__).parents[2]
    file = tmp_path / "u9.spool"
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", script, str(file), cwd=root, stderr=asyncio.subprocess.PIPE)
    _, said = await asyncio.wait_for(child.communicate(), 60)
    assert b"JournalUnavailable: the spool" in said
    assert b"cannot be written: File too large" in said
    assert file.read_text().count("\n") == 1
    assert len(await Spool(file, environment="production").read()) == 1
