"""The way back without a journal, and its way into the journal afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.domain.ids import RunId
from console.domain.run import Draft
from console.journal import Journal
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
