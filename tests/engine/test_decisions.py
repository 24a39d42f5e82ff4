"""A run that is left to a person says what it saw, and every way on that it offers can be taken (SAFETY 3.2, 3.3, 3.8)."""

from __future__ import annotations

import pytest

from console.cluster.errors import TimedOut
from console.domain.errors import NeedsOperator, Refused, UsageError
from console.domain.run import RunRecord
from console.domain.views.decision import decision
from console.engine import follow
from console.engine.action import NotYet
from console.journal.errors import RunIsOpen
from tests.engine.conftest import MakeRig
from tests.engine.rig import Rig
from tests.engine.shop import Verify
from tests.support.faults import fault


async def crashed_three_times(shop: Rig, point: str = "after step.intent shop.put") -> RunRecord:
    """A deploy that was left to a person; nothing of its step is done."""
    opened = await shop.open(assume_yes=True)
    for _ in range(3):
        await shop.drive_until(opened.ref, point)
    return await shop.drive(opened.ref)


async def split(shop: Rig) -> RunRecord:
    """A deploy whose switch could not be finished and not be taken back."""
    opened = await shop.open(assume_yes=True)
    shop.cluster.fail("write", NeedsOperator("live traffic is SPLIT: backend could not be taken back"), name="frontend")
    return await shop.drive(opened.ref)


def ways(record: RunRecord) -> list[str]:
    card = decision(record)
    return [c.way for c in card.choices] if card else []


@fault(
    "runners die three times in the same step",
    group="crash and resume",
    sees="a card on the Run screen and in `show`: what was intended, what is seen now, and each legal way on with its key and command",
    does="ends as needs_operator before a fourth try, exit code 4",
    costs="a decision: go on with a reason, roll back, or leave it",
)
async def test_the_third_crash_says_what_was_intended_and_what_is_seen(shop: Rig) -> None:
    record = await crashed_three_times(shop)
    card = decision(record)
    assert card is not None
    assert card.why == "put v2 into green: the runner crashed 3 times in this step"
    assert card.intended[0] == "backend-green image shop/backend:v0 → shop/backend:v2"
    assert card.seen == ("it has not happened", "users are on blue (v1)")
    assert ways(record) == ["go on", "stay"]


async def test_what_has_happened_after_all_counts_as_done(shop: Rig) -> None:
    opened = await shop.open(assume_yes=True)
    shop.cluster.fail("write", NeedsOperator("nobody knows"), name="frontend", after=True)
    record = await shop.drive(opened.ref)
    assert record.seen is not None
    assert (record.seen.verdict, record.seen.text) == ("applied", "users are on green")
    assert ways(record) == ["go on", "roll back", "stay"]
    written = len(shop.cluster.writes)
    await follow.go_on(shop.journal, record.id, reason="it has happened", actor="bob")
    assert (await shop.drive(record.id)).outcome == "done"
    assert len(shop.cluster.writes) == written


async def test_a_person_who_looked_lets_it_go_on_and_its_crashes_are_counted_anew(shop: Rig) -> None:
    record = await crashed_three_times(shop)
    with pytest.raises(UsageError, match="needs a reason"):
        await follow.go_on(shop.journal, record.id, reason=" ", actor="bob")
    await follow.go_on(shop.journal, record.id, reason="the disk was full", actor="bob")
    assert await shop.journal.open_runs() == (record.id,)
    await shop.drive_until(str(record.id), "after step.intent shop.put")
    done = await shop.drive(record.id)
    assert (done.outcome, done.live) == ("done", "users are on green (v2)")
    assert await shop.journal.open_runs() == ()


async def test_a_run_that_nothing_is_in_doubt_about_cannot_go_on(shop: Rig) -> None:
    record = await shop.run()
    with pytest.raises(Refused, match="run 1 cannot go on: it ended done"):
        await follow.go_on(shop.journal, record.id, reason="more", actor="bob")
    with pytest.raises(Refused, match="nothing has to be decided about run 1: it ended done"):
        await follow.settle(shop.journal, record.id, reason="", actor="bob", split=False)


async def test_it_does_not_go_on_beside_another_run(shop: Rig) -> None:
    record = await crashed_three_times(shop)
    await shop.open()
    with pytest.raises(RunIsOpen):
        await follow.go_on(shop.journal, record.id, reason="now", actor="bob")


async def test_it_does_not_go_on_once_another_run_has_driven(shop: Rig, make_rig: MakeRig) -> None:
    record = await crashed_three_times(shop)
    other = await make_rig(share=shop, actor="bob", host="laptop")
    assert (await other.run()).outcome == "done"
    await follow.go_on(shop.journal, record.id, reason="now", actor="bob")
    late = await shop.drive(record.id)
    assert late.outcome == "superseded"
    assert "run 2@" in late.outcome_reason


@fault(
    "a switch can be neither finished nor taken back",
    group="crash and resume",
    sees="SPLIT on the Overview and a card: which Service is where, finish or roll back; staying is not offered",
    does="ends as needs_operator, exit code 4, and leaves the rest of the switch to the person's choice",
    costs="a decision; users of one component are on the other slot until then",
)
async def test_what_is_split_can_be_finished(shop: Rig) -> None:
    record = await split(shop)
    assert record.seen is not None
    assert (record.outcome, record.seen.verdict, record.seen.split) == ("needs_operator", "partial", True)
    assert "stay" not in ways(record)
    with pytest.raises(Refused, match="it cannot stay like this"):
        await follow.settle(shop.journal, record.id, reason="", actor="bob", split=True)
    await follow.go_on(shop.journal, record.id, reason="looked", actor="bob")
    assert (await shop.drive(record.id)).live == "users are on green (v2)"


async def test_what_is_split_can_be_rolled_back(shop: Rig) -> None:
    record = await split(shop)
    assert ways(record) == ["go on", "roll back"]
    back = await shop.run("rollback", {})
    assert (back.outcome, back.live) == ("done", "users are on blue (v1)")


async def test_doubt_without_end_is_a_card_and_can_stay(shop: Rig) -> None:
    opened = await shop.open(assume_yes=True)
    shop.cluster.fail("write", TimedOut("no answer", sent="maybe"), times=100, name="backend-green")
    record = await shop.drive(opened.ref)
    assert ways(record) == ["go on", "stay"]
    await follow.settle(shop.journal, record.id, reason="we try tomorrow", actor="bob", split=False)
    settled = await shop.record(record.id)
    assert (settled.settled, settled.outcome, ways(settled)) == ("bob: we try tomorrow", "needs_operator", [])
    with pytest.raises(Refused, match=r"settled by bob: we try tomorrow"):
        await follow.go_on(shop.journal, record.id, reason="now", actor="bob")


async def test_a_way_back_that_failed_is_a_card_and_can_be_tried_again(shop: Rig) -> None:
    opened = await shop.open(assume_yes=True)
    verify = shop.deps.actions["shop.verify"]
    assert isinstance(verify, Verify)
    verify.verdicts = [NotYet("2 of 3 answers are right")]
    record, back = await shop.drive(opened.ref), await shop.record(2)
    assert (record.outcome, back.outcome) == ("needs_operator", "needs_operator")
    assert "go on" not in ways(record)
    assert ways(back)[-2:] == ["roll back", "stay"] or ways(back) == ["stay"]
    verify.verdicts = []
    assert (await shop.run("rollback", {})).outcome == "done"


async def test_what_cannot_be_seen_is_said_to_be_unknown(shop: Rig) -> None:
    opened = await shop.open(assume_yes=True)
    for _ in range(3):
        await shop.drive_until(opened.ref, "after step.intent shop.put")
    shop.cluster.fail("observe", TimedOut("no answer"), times=1000)
    record = await shop.drive(opened.ref)
    assert record.seen is not None
    assert (record.outcome, record.seen.verdict, record.seen.text) == ("needs_operator", "unknown", "no answer")


async def test_a_holder_whose_run_is_closed_is_dead(shop: Rig, make_rig: MakeRig) -> None:
    """Its runner was killed between the last record and letting go of the environment."""
    opened = await shop.open(assume_yes=True)
    await shop.drive_until(opened.ref, "after run.closed")
    assert shop.cluster.leases["bluegreen-shop"].holder
    other = await make_rig(share=shop, actor="bob", host="laptop")
    assert (await other.run("deploy", {"release": "v3"})).outcome == "done"
