"""The journal fails at any point of a run: what guards an effect is written before it, or there is no effect (SAFETY 3.1)."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace

import pytest
import sqlalchemy as sa

from console.domain.change import JsonPatch, MergePatch
from console.domain.entry import Draft, Entry
from console.domain.errors import JournalError
from console.domain.ids import RunId
from console.engine.deps import Deps
from console.engine.runner import claim
from console.engine.start import Request, open_run, open_spool, prepare
from console.journal import Journal
from console.journal.chain import Row
from console.journal.errors import JournalDamaged, JournalUnavailable
from console.journal.fallback import Followed
from console.journal.spool import reconcile
from tests.engine.rig import Rig
from tests.engine.test_killed import ONCE, RECORDS
from tests.support.faults import fault

BACK = ("run.claimed", "step.started traffic.switch", "step.intent traffic.switch", "step.result traffic.switch", "run.closed")


class Disk:
    """The journal's disk: fills up, and is emptied again."""

    def __init__(self, shop: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
        self.full = False
        whole = shop.journal._append

        def append(connection: sa.Connection, drafts: tuple[Draft, ...]) -> list[Row]:
            if self.full:
                raise JournalUnavailable("the disk of the journal is full")
            return whole(connection, drafts)

        monkeypatch.setattr(shop.journal, "_append", append)

    def fills_at(self, shop: Rig, point: str) -> Deps:
        def trace(found: str) -> None:
            shop.points.append(found)
            self.full = self.full or found == point

        return replace(shop.deps, trace=trace, linger=3600.0)


@pytest.fixture
def disk(shop: Rig, monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(shop, monkeypatch)


def effects(shop: Rig) -> list[tuple[str, str]]:
    return [(w.kind, w.name) for w in shop.cluster.writes if isinstance(w, JsonPatch | MergePatch)]


@fault(
    "the journal's disk fills up in the middle of a run",
    group="the journal",
    sees="the command ends with 4: nobody drives the run now, its runner ended; `resume` goes on, `rollback` goes back",
    does="an effect whose intent cannot be written does not happen; one whose result cannot be written is looked for on resume",
    costs="room on the disk and one `resume`; nothing is done twice",
)
@pytest.mark.parametrize("record", RECORDS)
async def test_a_disk_that_fills_up_at_any_record_ends_the_run_and_a_resume_ends_the_same(shop: Rig, disk: Disk, record: str) -> None:
    opened = await shop.open(assume_yes=True)
    with pytest.raises(JournalUnavailable, match="is full"):
        await (await claim(opened.ref, disk.fills_at(shop, f"before {record}"))).run()
    passed = len([p for p in shop.points if p.startswith("effect ")])
    assert effects(shop) == ONCE[: 2 * passed]
    if record.startswith("step.intent"):
        assert f"effect {record.removeprefix('step.intent ')}" not in shop.points
    disk.full = False
    done = await shop.drive(opened.ref)
    assert (done.outcome, done.live) == ("done", "users are on green (v2)")
    assert effects(shop) == ONCE
    assert (await shop.journal.verify()).ok


@fault(
    "the journal's disk is full when a run is started",
    group="the journal",
    sees="`run` ends with 2 and names the disk; `status`, `runs` and `show` work; `rollback` works",
    does="nothing is started and nothing is changed",
    costs="room on the disk",
)
async def test_a_disk_that_is_full_at_the_start_starts_nothing(shop: Rig, disk: Disk) -> None:
    disk.full = True
    with pytest.raises(JournalUnavailable, match="is full"):
        await shop.open(assume_yes=True)
    assert effects(shop) == []
    assert await shop.journal.runs() == ()


@pytest.mark.parametrize("record", BACK)
async def test_the_way_back_goes_on_wherever_the_journal_fails_and_is_told_whole_afterwards(shop: Rig, disk: Disk, record: str) -> None:
    await shop.run()
    opened = await shop.open("rollback", assume_yes=True)
    followed = Followed(shop.journal, spools=shop.deps.place.spools, uid=opened.uid)
    back = await (await claim(opened.ref, disk.fills_at(shop, f"before {record}"))).run()
    assert (back.outcome, back.live) == ("done", "users are on blue (v1)")
    seen = [e.type async for e in _to_the_end(followed, opened.run)]
    assert (seen[0], seen[-1]) == ("run.opened", "run.closed")
    disk.full = False
    assert await reconcile(shop.journal, shop.deps.place.spools) > 0
    assert await reconcile(shop.journal, shop.deps.place.spools) == 0
    told = await shop.journal.read(run=opened.run)
    assert [e.type for e in told] == seen
    assert (await shop.record(opened.run)).outcome == "done"
    assert (await shop.journal.verify()).ok


async def _to_the_end(ledger: Followed, run: RunId) -> AsyncIterator[Entry]:
    async for entry in ledger.tail(run=run):
        yield entry
        if entry.type == "run.closed":
            return


def _execute(shop: Rig, *statements: str) -> None:
    with closing(sqlite3.connect(shop.journal.location)) as other, other:
        for statement in statements:
            other.execute(statement)


DAMAGE = {
    "an entry in the middle was changed": "UPDATE entries SET actor = 'mallory' WHERE seq = 4",
    "an entry in the middle cannot be read": "UPDATE entries SET body = '{}' WHERE seq = 1",
    "the last entry was changed": "UPDATE entries SET actor = 'mallory' WHERE seq = (SELECT max(seq) FROM entries)",
    "an entry was deleted": "DELETE FROM entries WHERE seq = 4",
    "a newer bluegreen wrote it": "UPDATE journal SET value = '99' WHERE key = 'version'",
    "the tables are gone": "DROP TABLE entries",
}


@fault(
    "an entry of the journal was edited or deleted",
    group="the journal",
    sees="`run` ends with 2 and names the entry; `audit verify` lists every place and ends with 4; `rollback` works",
    does="no run is started or resumed but a rollback to the warm slot",
    costs="a new journal (--journal); the old file is kept as evidence",
)
@pytest.mark.parametrize("damage", DAMAGE)
async def test_a_damaged_journal_starts_nothing_but_the_way_back(shop: Rig, damage: str) -> None:
    await shop.run()
    before = effects(shop)
    _execute(shop, DAMAGE[damage])
    if damage != "a newer bluegreen wrote it":  # noticed when it is opened: tests/e2e/test_journal_states.py
        with pytest.raises(JournalError):
            await shop.open(inputs={"release": "v3"}, assume_yes=True)
    assert effects(shop) == before
    opened = await shop.open("rollback", assume_yes=True)
    back = await shop.drive(opened.ref)
    assert (back.outcome, back.live) == ("done", "users are on blue (v1)")


async def test_a_break_in_the_chain_is_named_before_a_run_is_started(shop: Rig) -> None:
    await shop.run()
    _execute(shop, DAMAGE["an entry was deleted"])
    with pytest.raises(JournalDamaged, match=r"cannot be trusted: entry 4 is missing. `bluegreen audit verify` shows where"):
        await shop.open(inputs={"release": "v3"}, assume_yes=True)


async def test_a_runner_that_cannot_read_the_journal_is_given_the_way_back_in_a_spool(shop: Rig) -> None:
    await shop.run()
    prepared = await prepare(Request(shop.deps.runbooks["rollback"], {}, assume_yes=True), shop.deps)
    opened = await open_run(prepared, shop.deps)
    blind = replace(shop.deps, journal=None, trouble=JournalUnavailable("the journal is locked by another program"))
    with pytest.raises(JournalUnavailable, match=f"run {opened.run} cannot be read: the journal is locked by another program"):
        await claim(opened.ref, blind)
    spooled = await open_spool(prepared, opened, shop.deps, why=JournalUnavailable("the journal is locked"))
    assert spooled.uid == opened.uid
    back = await (await claim(spooled.ref, blind)).run()
    assert back.outcome == "done"
    await reconcile(shop.journal, shop.deps.place.spools)
    told = await shop.record(opened.run)
    assert (told.outcome, told.claims) == ("done", 1)
    assert [e.type for e in await shop.journal.read(run=opened.run)].count("run.opened") == 1


async def test_a_deployment_is_never_given_to_a_runner_without_the_journal(shop: Rig) -> None:
    prepared = await prepare(Request(shop.deps.runbooks["deploy"], {"release": "v2"}, assume_yes=True), shop.deps)
    opened = await open_run(prepared, shop.deps)
    with pytest.raises(JournalUnavailable, match="locked"):
        await open_spool(prepared, opened, shop.deps, why=JournalUnavailable("the journal is locked"))


async def test_a_runner_that_waited_without_a_journal_opens_it_when_it_gets_a_run(shop: Rig) -> None:
    opened = await shop.open(assume_yes=True)

    async def found() -> Journal:
        return shop.journal

    waited = replace(shop.deps, journal=None, trouble=JournalUnavailable("locked"), open_journal=found)
    assert (await (await claim(opened.ref, waited)).run()).outcome == "done"
