"""What the chain shows: edits, deletions, a cut tail, a torn one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from console.journal import Journal
from console.journal.errors import JournalDamaged
from console.journal.verify import Anchor
from tests.journal.conftest import OpenJournal
from tests.journal.drafts import note
from tests.support.faults import fault


async def ten_entries(journal: Journal) -> None:
    for number in range(10):
        await journal.append([note(1, f"entry {number + 1}")])


def tamper(place: Path, *statements: str) -> None:
    with closing(sqlite3.connect(place)) as other, other:
        for statement in statements:
            other.execute(statement)


async def test_a_whole_chain_is_well(journal: Journal) -> None:
    await ten_entries(journal)
    verdict = await journal.verify(str(await journal.anchor()))
    assert (verdict.ok, verdict.entries, verdict.anchored) == (True, 10, True)
    assert verdict.sentence == "10 entries, unbroken, and the anchor in the cluster is among them"


@pytest.mark.parametrize("column", ["body", "actor", "at", "type"])
async def test_an_edited_entry_is_found(journal: Journal, place: Path, column: str) -> None:
    await ten_entries(journal)
    value = "'run.opened'" if column == "type" else f"replace({column}, substr({column}, 3, 1), 'x')"
    tamper(place, f"UPDATE entries SET {column} = {value} WHERE seq = 4")
    verdict = await journal.verify()
    assert [(p.kind, p.seq) for p in verdict.problems] == [("edited", 4)]


async def test_an_edit_with_a_recomputed_hash_is_found_at_the_next_entry(journal: Journal, place: Path) -> None:
    await ten_entries(journal)
    tamper(place, "UPDATE entries SET body = '{\"text\":\"changed\"}', hash = replace(hash, substr(hash, 1, 1), '') || 'f' WHERE seq = 4")
    assert not (await journal.verify()).ok


async def test_a_deleted_entry_is_found(journal: Journal, place: Path) -> None:
    await ten_entries(journal)
    tamper(place, "DELETE FROM entries WHERE seq IN (4, 5)")
    verdict = await journal.verify()
    assert verdict.problems[0].kind == "deleted"
    assert verdict.problems[0].message == "entries 4 to 5 are missing"


@fault(
    "the last entries of the journal were cut off",
    group="the journal",
    sees="`audit verify --anchor` with the head that a report printed: the first entry that is missing; exit code 4",
    does="nothing: a chain that ends early is whole in itself",
    costs="keep the heads that reports print somewhere else",
)
async def test_a_cut_tail_shows_against_an_anchor_only(journal: Journal, place: Path) -> None:
    await ten_entries(journal)
    anchor = str(await journal.anchor())
    tamper(place, "DELETE FROM entries WHERE seq > 8")
    assert (await journal.verify()).ok
    verdict = await journal.verify(anchor)
    assert [(p.kind, p.seq) for p in verdict.problems] == [("cut", 9)]
    assert "ends at entry 8, but entry 10 is anchored" in verdict.sentence


async def test_a_cut_tail_that_was_written_over_shows_against_an_anchor(journal: Journal, place: Path) -> None:
    await ten_entries(journal)
    anchor = str(await journal.anchor())
    tamper(place, "DELETE FROM entries WHERE seq > 9")
    await journal.append([note(1, "another tenth entry")])
    assert [(p.kind, p.seq) for p in (await journal.verify(anchor)).problems] == [("edited", 10)]


async def test_an_anchor_of_another_journal_says_nothing(journal: Journal) -> None:
    await ten_entries(journal)
    verdict = await journal.verify(str(Anchor("another", 99, "f" * 64)))
    assert (verdict.ok, verdict.anchored) == (True, False)
    assert Anchor.parse("nonsense") is None


@fault(
    "the machine dies while the journal's last entry is written",
    group="the journal",
    sees="`journal.mended` in the record; the torn entry is kept aside in the same file",
    does="goes on after the last whole entry; the step in doubt is looked at on resume",
    costs="nothing",
)
async def test_a_torn_last_row_is_set_aside_and_noted(opened: OpenJournal, place: Path) -> None:
    before = await opened()
    await ten_entries(before)
    tamper(place, "UPDATE entries SET body = substr(body, 1, 5) WHERE seq = 10")
    assert [(p.kind, p.seq) for p in (await before.verify()).problems] == [("torn", 10)]
    after = await opened()
    await after.append([note(1, "life goes on")])
    verdict = await after.verify()
    assert (verdict.ok, verdict.entries) == (True, 11)
    assert [e.type for e in await after.read(after=9)] == ["journal.mended", "run.note"]
    with closing(sqlite3.connect(place)) as other:
        assert other.execute("SELECT seq FROM set_aside").fetchall() == [(10,)]


async def test_an_unreadable_row_in_the_middle_is_an_edit(journal: Journal, place: Path) -> None:
    await ten_entries(journal)
    tamper(place, "UPDATE entries SET body = substr(body, 1, 5) WHERE seq = 5")
    assert (await journal.verify()).problems[0].kind == "edited"


async def test_nothing_is_appended_after_an_edited_last_entry(journal: Journal, place: Path) -> None:
    await ten_entries(journal)
    tamper(place, "UPDATE entries SET actor = 'mallory' WHERE seq = 10")
    with pytest.raises(JournalDamaged, match=r"last entry of the journal \(10\) was changed"):
        await journal.append([note(1)])
