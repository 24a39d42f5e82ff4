"""Who drives: one winner, take-over by epoch, and a loser that ends as superseded."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from console.cluster.errors import Unreachable
from console.domain.entry import Draft
from console.domain.errors import Refused
from console.domain.ids import Epoch
from console.engine import follow
from console.engine.ending import LeaseLost
from console.engine.lease import Lease
from console.engine.ports import LeaseState
from console.engine.resume import check_resumable
from console.journal.errors import RunIsOpen
from tests.engine.conftest import MakeRig
from tests.engine.rig import Rig
from tests.fakes.clock import ManualClock
from tests.fakes.cluster import FakeCluster

NAME = "bluegreen-shop"


def lease(cluster: FakeCluster, holder: str = "alice@bastion/u1") -> Lease:
    return Lease(cluster, cluster.clock, application="shop", holder=holder, run="1@u1")


async def no_anchor() -> str:
    return "j:1:f"


@pytest.fixture
def cluster() -> FakeCluster:
    return FakeCluster(ManualClock(jumping=False))


async def test_a_free_lease_is_taken_with_the_next_epoch(cluster: FakeCluster) -> None:
    assert await lease(cluster).take(over=False, floor=Epoch(0)) == 1
    cluster.clock.advance(16)  # type: ignore[attr-defined]
    assert await lease(cluster, "bob@bastion/u2").take(over=False, floor=Epoch(0)) == 2


async def test_an_epoch_in_use_is_never_gone_below(cluster: FakeCluster) -> None:
    assert await lease(cluster).take(over=False, floor=Epoch(7)) == 8


async def test_a_living_holder_is_named_and_may_be_taken_over(cluster: FakeCluster) -> None:
    ours, theirs = lease(cluster), lease(cluster, "bob@bastion/u2")
    await ours.take(over=False, floor=Epoch(0))
    with pytest.raises(Refused, match="alice@bastion/u1 drives this environment"):
        await theirs.take(over=False, floor=Epoch(0))
    assert await theirs.take(over=True, floor=Epoch(0)) == 2
    with pytest.raises(LeaseLost, match="bob@bastion/u2 drives"):
        await ours.guard()


async def test_two_at_once_have_one_winner(cluster: FakeCluster) -> None:
    takers = [lease(cluster, f"{name}@bastion/{name}").take(over=False, floor=Epoch(0)) for name in ("alice", "bob")]
    results = await asyncio.gather(*takers, return_exceptions=True)
    assert sorted(type(r).__name__ for r in results) == ["Refused", "int"]


async def test_it_is_lost_only_when_another_holder_is_seen(cluster: FakeCluster) -> None:
    ours = lease(cluster)
    await ours.take(over=False, floor=Epoch(0))
    cluster.clock.advance(3600)  # type: ignore[attr-defined]
    cluster.fail("lease", Unreachable("no route to host"))
    with pytest.raises(Unreachable):
        await ours.keep(no_anchor)
    await ours.keep(no_anchor)
    await ours.guard()
    assert cluster.leases[NAME].anchor == "j:1:f"


async def test_one_that_was_deleted_is_made_again(cluster: FakeCluster) -> None:
    ours = lease(cluster)
    await ours.take(over=False, floor=Epoch(0))
    del cluster.leases[NAME]
    await ours.guard()
    await ours.keep(no_anchor)
    assert (cluster.leases[NAME].holder, cluster.leases[NAME].epoch) == ("alice@bastion/u1", 1)


async def test_one_that_was_taken_and_let_go_meanwhile_is_lost(cluster: FakeCluster) -> None:
    ours, theirs = lease(cluster), lease(cluster, "bob@bastion/u2")
    await ours.take(over=False, floor=Epoch(0))
    await theirs.take(over=True, floor=Epoch(0))
    await theirs.free("")
    with pytest.raises(LeaseLost, match="run 1@u1 has driven this environment since"):
        await ours.keep(no_anchor)


async def test_a_rollback_preempts_a_run_that_waits(shop: Rig, make_rig: MakeRig) -> None:
    opened = await shop.open()
    running = shop.start(opened.ref)
    await shop.until(opened.run, lambda r: r.question)
    other = await make_rig(share=shop, actor="bob", host="laptop")
    back = await other.run("rollback", {})
    assert back.outcome == "done"
    loser = await asyncio.wait_for(running, 10)
    assert (loser.outcome, loser.exit_code) == ("superseded", 4)
    assert loser.outcome_reason == f"bob@laptop/{back.uid} drives this environment now"


async def test_a_rollback_from_another_home_needs_no_journal_of_ours(shop: Rig, make_rig: MakeRig, tmp_path: object) -> None:
    await shop.run()
    other = await make_rig(share=shop, actor="bob", host="laptop", folder=tmp_path / "elsewhere")  # type: ignore[operator]
    back = await other.run("rollback", {})
    assert (back.id, back.outcome, back.epoch, back.live) == (1, "done", 2, "users are on blue (v1)")


async def test_a_loser_in_the_middle_of_its_switch_does_not_fight(shop: Rig, make_rig: MakeRig) -> None:
    other = await make_rig(share=shop, actor="bob", host="laptop")
    opened = await shop.open(assume_yes=True)

    def preempt(write: object) -> None:
        shop.cluster.before_write = None
        shop.cluster.leases[NAME] = replace_holder(shop, "bob@laptop/u9")

    shop.cluster.before_write = lambda write: preempt(write) if getattr(write, "name", "") == "backend" else None
    record = await shop.drive(opened.ref)
    assert record.outcome == "superseded"
    assert (shop.cluster.selects("backend"), shop.cluster.selects("frontend")) == ("green", "blue")  # bob's to put right
    back = await other.run("rollback", {})
    assert back.outcome == "done"
    assert (shop.cluster.selects("backend"), shop.cluster.selects("frontend")) == ("blue", "blue")


def replace_holder(shop: Rig, holder: str) -> LeaseState:

    there = shop.cluster.leases[NAME]
    return replace(there, holder=holder, epoch=Epoch(there.epoch + 1), resource_version="999")


async def test_a_second_run_does_not_start_beside_an_open_one(shop: Rig) -> None:
    await shop.open()
    with pytest.raises(RunIsOpen):
        await shop.open()


async def test_a_run_of_another_journal_is_refused_and_closed(shop: Rig, make_rig: MakeRig, tmp_path: object) -> None:
    opened = await shop.open()
    running = shop.start(opened.ref)
    await shop.until(opened.run, lambda r: r.question)
    shop.clock.jumping = False
    other = await make_rig(share=shop, actor="bob", host="laptop", folder=tmp_path / "elsewhere")  # type: ignore[operator]
    theirs = await other.open(assume_yes=True)
    with pytest.raises(Refused, match="alice@bastion"):
        await other.drive(theirs.ref)
    assert (await other.record(theirs.run)).outcome == "refused"
    shop.clock.jumping = True
    await shop.answer(opened.run)
    assert (await running).outcome == "done"


async def test_a_dead_holder_on_another_host_is_taken_over_with_a_reason(shop: Rig, make_rig: MakeRig) -> None:
    opened = await shop.open(assume_yes=True)
    await shop.drive_until(opened.ref, "after step.result shop.put")
    shop.clock.jumping = False
    other = await make_rig(share=shop, actor="alice", host="laptop")

    with pytest.raises(Refused, match="take over with"):
        await check_resumable(await other.record(1), other.deps)
    shop.clock.jumping = True
    await follow.take_over(other.journal, opened.run, reason="bastion burned down", actor="alice")
    record = await other.drive(opened.ref)
    assert (record.outcome, record.driver, record.epoch) == ("done", "alice@laptop", 2)


async def test_two_runners_of_one_run_on_one_host_have_one_winner(shop: Rig) -> None:
    opened = await shop.open()
    running = shop.start(opened.ref)
    await shop.until(opened.run, lambda r: r.question)
    with pytest.raises(Refused, match="another runner"):
        await shop.drive(opened.ref)
    await shop.answer(opened.run, "no")
    assert (await running).outcome == "stopped"


async def test_a_runner_that_was_taken_over_does_not_close_the_run(shop: Rig, make_rig: MakeRig) -> None:
    """It wakes up after another runner of the same run took the lease, before that one has written a word."""
    opened = await shop.open()
    running = shop.start(opened.ref)
    await shop.until(opened.run, lambda r: r.question)
    shop.cluster.leases[NAME] = replace_holder(shop, f"bob@laptop/{opened.uid}")
    late = await asyncio.wait_for(running, 10)
    assert (late.open, (await shop.record(opened.run)).open) == (True, True)


async def test_what_a_runner_writes_after_another_claimed_its_run_is_refused(shop: Rig, make_rig: MakeRig) -> None:
    opened = await shop.open()
    running = shop.start(opened.ref)
    asked = await shop.until(opened.run, lambda r: r.question)
    claim = {"uid": opened.uid, "host": "laptop", "pid": 1, "boot": "", "epoch": asked.epoch + 1}
    await shop.journal.append([Draft("run.claimed", opened.run, "bob", claim)])
    await shop.answer(opened.run)
    late = await asyncio.wait_for(running, 10)
    entries = await shop.journal.read(run=opened.run)
    assert late.open
    assert [e.type for e in entries[entries.index(next(e for e in entries if e.actor == "bob")) :]] == ["run.claimed", "gate.answered"]
