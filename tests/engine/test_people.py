"""Questions, answers, stops and notes: all through the journal."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from console.cluster.errors import TimedOut
from console.domain.entry import Draft
from console.domain.environment import Protection
from console.domain.errors import Refused, UsageError
from console.domain.ids import RunId
from console.domain.run import StepState
from console.engine import follow
from console.engine.runner import claim
from tests.engine.conftest import MakeRig
from tests.engine.rig import Rig
from tests.engine.shop import DEPLOY, GATE, RUNBOOKS, SHOP


async def test_a_gate_shows_what_would_change_and_waits(shop: Rig) -> None:
    opened = await shop.open()
    running = shop.start(opened.ref)
    asked = await shop.until(opened.run, lambda r: r.question)
    assert asked.question is not None
    assert (asked.question.text, asked.question.key) == ("Switch live traffic to green?", "s")
    assert [(d.subject, d.before, d.after) for d in asked.question.differences] == [
        ("backend", "blue", "green"),
        ("frontend", "blue", "green"),
    ]
    assert asked.exit_code == 6
    await shop.answer(opened.run)
    record = await running
    assert record.step("gate").reason == "yes, said bob"


async def test_a_no_stops_the_run_with_live_traffic_unchanged(shop: Rig) -> None:
    opened = await shop.open()
    running = shop.start(opened.ref)
    await shop.answer(opened.run, "no")
    record = await running
    assert (record.outcome, record.exit_code, record.live) == ("stopped", 1, "users are on blue (v1)")
    assert record.step("gate").state is StepState.DECLINED
    assert record.outcome_reason == "declined by bob"


async def test_a_plan_that_changed_under_the_question_is_asked_again(shop: Rig) -> None:
    opened = await shop.open()
    running = shop.start(opened.ref)
    first = await shop.until(opened.run, lambda r: r.question)
    moved = shop.cluster.service("backend")
    shop.cluster.put(replace(moved, selector={**moved.selector, "version": "green"}))
    await shop.answer(opened.run)
    assert first.question is not None
    asked_at = first.question.asked_at
    again = await shop.until(opened.run, lambda r: r.question and r.question.asked_at != asked_at)
    assert again.question is not None
    assert [d.subject for d in again.question.differences] == ["frontend"]
    await shop.answer(opened.run)
    assert (await running).outcome == "done"


async def test_an_answer_to_an_earlier_wording_does_not_count(shop: Rig) -> None:
    opened = await shop.open()
    running = shop.start(opened.ref)
    shown = (await shop.until(opened.run, lambda r: r.question)).question
    assert shown is not None
    stale = replace(shown, asked_at=shop.clock.now().replace(year=2020))
    with pytest.raises(Refused, match="not the one you answered any more"):
        await follow.answer(shop.journal, opened.run, step="gate", answer="yes", actor="bob", question=stale)
    await shop.journal.append([Draft("gate.answered", opened.run, "bob", {"step": "gate", "answer": "yes", "asked_at": "earlier"})])
    await shop.answer_again(opened.run, "no")
    assert (await running).outcome == "stopped"


async def test_a_name_must_be_typed(make_rig: MakeRig) -> None:
    careful = replace(SHOP, protection=Protection(confirm="name"))
    shop = await make_rig(environment=careful)
    opened = await shop.open(assume_yes=True)
    running = shop.start(opened.ref)
    asked = await shop.until(opened.run, lambda r: r.question)
    assert asked.question is not None
    assert (asked.question.confirm, asked.question.phrase) == ("name", "production")
    with pytest.raises(UsageError, match="'staging' is not 'production'"):
        await shop.answer(opened.run, typed="staging")
    forged = {"step": "gate", "answer": "yes", "typed": "staging", "asked_at": asked.question.asked_at.isoformat()}  # type: ignore[union-attr]
    await shop.journal.append([Draft("gate.answered", opened.run, "mallory", forged)])
    await shop.answer_again(opened.run, "yes", typed="production")
    record = await running
    assert record.step("gate").reason == "yes, said bob"


async def test_yes_for_all_never_answers_a_phrase(make_rig: MakeRig) -> None:
    gate = replace(GATE, confirm="phrase")
    steps = tuple(gate if s.kind == "gate" else s for s in DEPLOY.steps)
    shop = await make_rig(runbooks={**RUNBOOKS, "deploy": replace(DEPLOY, steps=steps)})
    opened = await shop.open(assume_yes=True)
    running = shop.start(opened.ref)
    asked = await shop.until(opened.run, lambda r: r.question)
    assert asked.question is not None
    assert asked.question.phrase == "deploy production"
    await shop.answer(opened.run, typed="deploy production")
    assert (await running).outcome == "done"


@pytest.mark.parametrize("step", ["shop.put", "shop.ready", "gate"])
async def test_a_stop_before_the_switch_leaves_live_traffic_unchanged(shop: Rig, step: str) -> None:
    opened = await shop.open()
    if step == "shop.ready":
        shop.cluster.settles = False
    if step == "shop.put":
        await follow.stop(shop.journal, opened.run, reason="wrong release", actor="bob")
    running = shop.start(opened.ref)
    if step != "shop.put":
        await shop.until(opened.run, lambda r: r.question if step == "gate" else r.step(step).state is StepState.RUNNING)
        await follow.stop(shop.journal, opened.run, reason="wrong release", actor="bob")
    record = await asyncio.wait_for(running, 10)
    assert (record.outcome, record.exit_code) == ("stopped", 1)
    assert (record.outcome_reason, record.live) == ("wrong release", "users are on blue (v1)")
    assert record.step("traffic.switch").attempts == 0


async def test_a_stop_between_the_two_patches_waits_for_the_second(shop: Rig) -> None:
    opened = await shop.open(assume_yes=True)
    asked: list[asyncio.Task[None]] = []

    def ask_to_stop(write: object) -> None:
        if getattr(write, "name", "") == "backend":
            shop.clock.jumping = False  # after the lost answer, only the wish to stop wakes the runner
            asked.append(asyncio.create_task(follow.stop(shop.journal, opened.run, reason="stop", actor="bob")))

    shop.cluster.before_write = ask_to_stop
    shop.cluster.fail("write", TimedOut("no answer", sent="maybe"), name="frontend")
    record = await shop.drive(opened.ref)
    assert (shop.cluster.selects("backend"), shop.cluster.selects("frontend")) == ("green", "green")
    assert record.outcome == "needs_operator"
    assert record.live == "users are on green (v2)"
    assert record.outcome_reason == "stop; live traffic is not where it was at the start"


async def test_a_wait_can_be_cut_short_or_stopped(shop: Rig) -> None:
    opened = await shop.open("baked", assume_yes=True)
    shop.clock.jumping = False
    running = shop.start(opened.ref)
    shop.move_on(until=lambda: any(p == "after step.started wait" for p in shop.points))
    await shop.until(opened.run, lambda r: r.step("wait").state is StepState.RUNNING)
    await follow.skip_wait(shop.journal, opened.run, step="wait", actor="bob")
    record = await asyncio.wait_for(running, 10)
    assert record.outcome == "done"
    assert record.step("wait").reason.startswith("cut short by bob, 1")


async def test_notes_are_written_into_the_record(shop: Rig) -> None:
    record = await shop.run()
    await follow.note(shop.journal, record.id, text="customers noticed nothing", actor="bob")
    assert (await shop.record(record.id)).notes[-1][1:] == ("bob", "customers noticed nothing")


async def test_nothing_is_answered_that_is_not_asked(shop: Rig) -> None:
    record = await shop.run()
    with pytest.raises(Refused, match="run 1 has ended: done"):
        await follow.answer(shop.journal, record.id, step="gate", answer="yes", actor="bob")
    with pytest.raises(Refused, match="there is no run 9"):
        await follow.stop(shop.journal, RunId(9), reason="", actor="bob")
    opened = await shop.open(inputs={"release": "v3"})
    with pytest.raises(Refused, match="run 2 asks nothing at gate now"):
        await follow.answer(shop.journal, opened.run, step="gate", answer="yes", actor="bob")
    with pytest.raises(UsageError, match="needs a reason"):
        await follow.take_over(shop.journal, opened.run, reason=" ", actor="bob")


async def test_a_runner_that_is_told_to_end_lets_go_at_a_safe_point(shop: Rig) -> None:
    opened = await shop.open()
    drive = await claim(opened.ref, shop.deps)
    running = asyncio.create_task(drive.run())
    await shop.until(opened.run, lambda r: r.question)
    drive.end("the machine shuts down")
    record = await asyncio.wait_for(running, 10)
    assert (record.open, record.released, record.driver) == (True, "the machine shuts down", "")
    assert shop.cluster.leases["bluegreen-shop"].holder == ""
