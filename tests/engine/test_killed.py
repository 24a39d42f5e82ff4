"""The runner is killed at every point between effect and record, and resumed: same end, nothing done twice (SAFETY 3.1 to 3.3)."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from console.domain.change import JsonPatch, MergePatch
from console.domain.errors import Refused
from console.domain.run import StepState
from console.engine.runner import claim
from tests.engine.conftest import MakeRig
from tests.engine.rig import Killed, Rig
from tests.engine.shop import DEPLOY, RUNBOOKS

RECORDS = (
    "run.claimed",
    "step.started shop.put",
    "step.intent shop.put",
    "step.result shop.put",
    "step.result shop.ready",
    "gate.asked gate",
    "gate.answered gate",
    "step.result gate",
    "step.intent traffic.switch",
    "step.result traffic.switch",
    "step.result shop.verify",
    "run.closed",
)
POINTS = (
    *(f"{when} {record}" for record in RECORDS for when in ("before", "after")),
    "effect shop.put",
    "effect traffic.switch",
    "done shop.put",
    "done traffic.switch",
)


def effects(shop: Rig) -> list[tuple[str, str]]:
    """Writes that took effect, leases apart."""
    return [(w.kind, w.name) for w in shop.cluster.writes if isinstance(w, JsonPatch | MergePatch)]


ONCE = [("Deployment", "backend-green"), ("Deployment", "frontend-green"), ("Service", "backend"), ("Service", "frontend")]


@pytest.mark.parametrize("point", POINTS)
async def test_a_run_killed_anywhere_ends_the_same(shop: Rig, point: str) -> None:
    opened = await shop.open(assume_yes=True)
    await shop.drive_until(opened.ref, point)
    record = await shop.drive(opened.ref)
    assert record.outcome == "done"
    assert [s.state for s in record.steps] == [StepState.DONE] * 5
    assert record.live == "users are on green (v2)"
    assert effects(shop) == ONCE
    assert (await shop.journal.verify()).ok


@pytest.mark.parametrize("name", ["backend", "frontend"])
@pytest.mark.parametrize("after", [False, True])
async def test_killed_between_the_two_patches_the_switch_is_finished(shop: Rig, name: str, after: bool) -> None:
    opened = await shop.open(assume_yes=True)
    shop.cluster.fail("write", Killed("in the middle"), name=name, after=after)
    with pytest.raises(Killed):
        await shop.drive(opened.ref)
    record = await shop.drive(opened.ref)
    assert record.outcome == "done"
    assert [shop.cluster.selects(n) for n in ("backend", "frontend")] == ["green", "green"]
    assert effects(shop) == ONCE


async def test_every_record_of_a_run_is_a_point_that_is_killed_at(shop: Rig) -> None:
    await shop.run()
    records = {p.removeprefix("before ") for p in shop.points if p.startswith("before ") and p != "before guard"}
    progress = {r for r in records if r.startswith(("step.progress", "step.started"))}
    assert records - progress == set(RECORDS) - {"step.started shop.put"}


async def test_the_third_crash_in_one_step_leaves_it_to_a_person(shop: Rig) -> None:
    opened = await shop.open(assume_yes=True)
    for _ in range(3):
        shop.cluster.store["Deployment"]["backend-green"] = shop.cluster.deployment("backend-green")
        await shop.drive_until(opened.ref, "after step.intent shop.put")
    record = await shop.drive(opened.ref)
    assert record.outcome == "needs_operator"
    assert record.outcome_reason == "put v2 into green: the runner crashed 3 times in this step"
    assert record.exit_code == 4


async def test_a_runner_that_let_go_has_not_crashed(shop: Rig) -> None:
    opened = await shop.open(assume_yes=False)
    for _ in range(4):
        drive = await claim(opened.ref, shop.deps)
        drive.end("told to end")
        record = await drive.run()
        assert (record.open, record.released) == (True, "told to end")
    running = shop.start(opened.ref)
    await shop.answer(opened.run)
    assert (await running).outcome == "done"


async def test_checks_that_guard_the_next_change_are_repeated(shop: Rig) -> None:
    opened = await shop.open(assume_yes=True)
    await shop.drive_until(opened.ref, "after gate.answered gate")
    await shop.drive(opened.ref)
    results = [e for e in await shop.journal.read(run=opened.run) if e.type == "step.result" and e.body["step"] == "shop.ready"]
    assert len(results) == 2
    assert [e.body["step"] for e in await shop.journal.read(run=opened.run) if e.type == "gate.asked"] == ["gate"]


async def test_an_answer_that_came_while_no_runner_lived_counts(shop: Rig) -> None:
    opened = await shop.open()
    await shop.drive_until(opened.ref, "after gate.asked gate")
    await shop.answer(opened.run, by="bob")
    record = await shop.drive(opened.ref)
    assert record.outcome == "done"
    assert record.step("gate").reason == "yes, said bob"


async def test_a_wait_goes_on_where_it_was(shop: Rig) -> None:
    opened = await shop.open("baked", assume_yes=True)
    began = shop.clock.monotonic()
    await shop.drive_until(opened.ref, "before step.result wait")
    shop.clock.advance(600)
    record = await shop.drive(opened.ref)
    assert record.outcome == "done"
    waits = [e for e in await shop.journal.read(run=opened.run) if e.type == "step.started" and e.body["step"] == "wait"]
    assert len({e.body["until"] for e in waits}) == 1
    assert shop.clock.monotonic() - began < 1600


async def test_a_changed_runbook_is_not_gone_on_with(make_rig: MakeRig) -> None:

    shop = await make_rig()
    opened = await shop.open(assume_yes=True)
    await shop.drive_until(opened.ref, "after step.result shop.put")
    edited = await make_rig(share=shop, runbooks={**RUNBOOKS, "deploy": replace(DEPLOY, digest="deploy-2")})
    with pytest.raises(Refused, match="the runbook deploy was changed after run 1 was started"):
        await edited.drive(opened.ref)
    record = await shop.record(1)
    assert record.open
    assert record.released.startswith("not resumed: the runbook deploy was changed")


async def test_another_namespace_is_not_gone_on_in(shop: Rig) -> None:
    opened = await shop.open(assume_yes=True)
    await shop.drive_until(opened.ref, "after step.result shop.put")
    shop.cluster.uid = "made anew"
    with pytest.raises(Refused, match="this is another one"):
        await shop.drive(opened.ref)


async def test_a_broken_chain_is_not_gone_on_with(shop: Rig) -> None:

    opened = await shop.open(assume_yes=True)
    await shop.drive_until(opened.ref, "after step.result shop.ready")
    with closing(sqlite3.connect(shop.journal.location)) as other, other:
        other.execute("UPDATE entries SET actor = 'mallory' WHERE seq = 2")
    with pytest.raises(Refused, match="entry 2 was changed after it was written"):
        await shop.drive(opened.ref)


async def test_a_cut_tail_is_seen_against_the_lease(shop: Rig) -> None:

    opened = await shop.open(assume_yes=False)
    running = shop.start(opened.ref)
    asked = await shop.until(opened.run, lambda r: r.question)
    await shop.until_anchored(asked.last_seq)
    running.cancel()
    with pytest.raises(BaseException):  # noqa: B017, PT011
        await running
    with closing(sqlite3.connect(shop.journal.location)) as other, other:
        other.execute("DELETE FROM entries WHERE seq > 3")
    with pytest.raises(Refused, match="its end was cut off"):
        await shop.drive(opened.ref)


async def test_a_run_that_another_has_driven_past_is_not_gone_on_with(shop: Rig, make_rig: MakeRig) -> None:
    opened = await shop.open("baked", assume_yes=True)
    await shop.drive_until(opened.ref, "before step.result wait")
    other = await make_rig(share=shop, actor="bob", host="laptop")
    assert (await other.run("rollback", {})).outcome == "done"
    record = await shop.drive(opened.ref)
    assert (record.outcome, record.live) == ("superseded", "users are on blue (v1)")
    assert "has driven this environment since" in record.outcome_reason
