"""What goes wrong on the way, and how the run ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.cluster.errors import Conflict, CredentialsError, Forbidden, Invalid, ServerFault, TimedOut, Unauthorized, Unreachable
from console.domain.change import JsonPatch, Write
from console.domain.errors import Refused
from console.domain.run import StepState
from console.engine.action import Broken, Done, NotYet
from tests.engine.conftest import MakeRig
from tests.engine.rig import Rig
from tests.engine.shop import RUNBOOKS, TELL, Verify


def verify_action(shop: Rig) -> Verify:
    found = shop.deps.actions["shop.verify"]
    assert isinstance(found, Verify)
    return found


async def test_a_preview_that_never_gets_ready_leaves_live_traffic_unchanged(shop: Rig) -> None:
    shop.cluster.settles = False
    record = await shop.run()
    assert (record.outcome, record.exit_code) == ("failed", 1)
    assert record.live == "users are on blue (v1)"
    assert record.step("shop.ready").reason == "backend-green is not available (waited 1m)"
    assert record.step("traffic.switch").state is StepState.TO_COME


async def test_a_blocked_first_change_is_a_refusal(shop: Rig) -> None:
    opened = await shop.open(assume_yes=True)
    shop.cluster.remove("Deployment", "backend-green")
    record = await shop.drive(opened.ref)
    assert (record.outcome, record.exit_code) == ("refused", 3)
    assert record.outcome_reason == "backend has no Deployment for green"


async def test_a_blocked_plan_does_not_start(shop: Rig) -> None:
    shop.cluster.remove("Deployment", "backend-green")
    with pytest.raises(Refused, match="put v2 into green: backend has no Deployment for green"):
        await shop.open()
    assert await shop.journal.read() == ()


async def test_a_failure_after_the_switch_goes_back_in_a_linked_run(shop: Rig) -> None:
    opened = await shop.open(assume_yes=True)
    verify_action(shop).verdicts = [Broken("errors are 12 %"), Done("well")]
    record = await shop.drive(opened.ref)
    assert (record.outcome, record.exit_code) == ("rolled_back", 5)
    assert record.live == "users are on blue (v1)"
    back = await shop.record(2)
    assert (back.runbook, back.linked_run, back.outcome, back.epoch) == ("rollback", 1, "done", 2)
    assert back.reason == "run 1 failed after the switch: errors are 12 %"


async def test_a_person_is_asked_before_going_back(shop: Rig) -> None:
    opened = await shop.open()
    verify_action(shop).verdicts = [Broken("errors are 12 %"), Done("well")]
    running = shop.start(opened.ref)
    await shop.answer(opened.run)
    asked = await shop.until(opened.run, lambda r: r.question and r.question.step == "on_failure")
    assert asked.question is not None
    assert asked.question.text == "errors are 12 %; users are on green (v2). go back to blue?"
    await shop.answer(opened.run, "no")
    record = await running
    assert (record.outcome, record.exit_code) == ("needs_operator", 4)
    assert record.live == "users are on green (v2)"


async def test_killed_while_going_back_it_goes_back(shop: Rig) -> None:
    opened = await shop.open(assume_yes=True)
    verify_action(shop).verdicts = [Broken("errors are 12 %"), Done("well")]
    await shop.drive_until(opened.ref, "after run.note")
    record = await shop.drive(opened.ref)
    assert record.outcome == "rolled_back"
    assert len(await shop.journal.runs()) == 2


async def test_live_traffic_that_cannot_be_seen_is_never_called_unchanged(shop: Rig) -> None:
    opened = await shop.open(assume_yes=True)

    def outage(write: Write) -> None:
        shop.cluster.fail("*", Unreachable("no route to host"), times=10_000)

    shop.cluster.before_write = outage
    record = await shop.drive(opened.ref)
    assert (record.outcome, record.exit_code) == ("needs_operator", 4)
    assert record.live == "live traffic could not be observed: no route to host"


async def test_a_conflict_is_planned_again(shop: Rig) -> None:
    def meddle(write: Write) -> None:
        if isinstance(write, JsonPatch) and write.name == "frontend":
            shop.cluster.before_write = None
            shop.cluster.put(replace(shop.cluster.service("frontend")))  # another resourceVersion

    opened = await shop.open(assume_yes=True)
    shop.cluster.before_write = meddle
    record = await shop.drive(opened.ref)
    assert record.outcome == "done"
    assert record.step("traffic.switch").attempts == 2


async def test_conflicts_without_end_are_a_failure(shop: Rig) -> None:
    opened = await shop.open(assume_yes=True)
    shop.cluster.fail("write", Conflict("the object has been modified"), times=100, name="backend")
    record = await shop.drive(opened.ref)
    assert record.outcome == "failed"
    assert record.outcome_reason == "it was changed under our hands 6 times: the object has been modified"
    assert record.live == "users are on blue (v1)"


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("error", [TimedOut("no answer", sent="maybe"), ServerFault("internal error", sent="maybe")])
async def test_an_effect_in_doubt_is_looked_at(shop: Rig, error: Exception, after: bool) -> None:
    opened = await shop.open(assume_yes=True)
    shop.cluster.fail("write", error, name="frontend", after=after)
    record = await shop.drive(opened.ref)
    assert record.outcome == "done"
    names = [w.name for w in shop.cluster.writes if w.kind == "Service"]
    assert names == ["backend", "frontend"]
    outcomes = [e.body["outcome"] for e in await shop.journal.read() if e.type == "step.result" and e.body["step"] == "traffic.switch"]
    assert outcomes == ["in_doubt", "done"]


async def test_doubt_without_end_needs_a_person(shop: Rig) -> None:
    opened = await shop.open(assume_yes=True)
    shop.cluster.fail("write", TimedOut("no answer", sent="maybe"), times=100, name="backend-green")
    record = await shop.drive(opened.ref)
    assert record.outcome == "needs_operator"
    assert record.step("shop.put").state is StepState.IN_DOUBT


@pytest.mark.parametrize("verb", ["observe", "write"])
async def test_a_lost_connection_is_waited_for(shop: Rig, verb: str) -> None:
    opened = await shop.open(assume_yes=True)
    shop.cluster.fail(verb, Unreachable("connection refused"), times=3)
    assert (await shop.drive(opened.ref)).outcome == "done"


@pytest.mark.parametrize("error", [Unauthorized("the token expired"), CredentialsError("the login expired")])
@pytest.mark.parametrize("verb", ["observe", "write"])
async def test_expired_credentials_pause_the_step(shop: Rig, error: Exception, verb: str) -> None:
    opened = await shop.open(assume_yes=True)
    shop.cluster.fail(verb, error, times=20)
    record = await shop.drive(opened.ref)
    assert record.outcome == "done"
    texts = {str(e.body.get("text")) for e in await shop.journal.read() if e.type == "step.progress"}
    assert any(t.startswith("waiting for a new login") for t in texts)


async def test_a_missing_right_is_a_refusal(shop: Rig) -> None:
    opened = await shop.open(assume_yes=True)
    shop.cluster.fail("write", Forbidden("alice may not patch deployments"))
    record = await shop.drive(opened.ref)
    assert (record.outcome, record.exit_code) == ("refused", 3)
    assert record.step("shop.put").state is StepState.BLOCKED
    assert "may not patch" in record.outcome_reason


async def test_an_invalid_object_is_tried_a_few_times_only(shop: Rig) -> None:
    opened = await shop.open(assume_yes=True)
    shop.cluster.fail("write", Invalid("spec is invalid"), times=100)
    assert (await shop.drive(opened.ref)).outcome == "failed"


async def test_a_mistake_in_an_action_is_named(shop: Rig) -> None:
    opened = await shop.open(assume_yes=True)
    verify_action(shop).verify = lambda *_: 1 / 0  # type: ignore[method-assign,assignment]
    shop.cluster.fail("observe", ValueError("a decoder's mistake"), times=2)
    record = await shop.drive(opened.ref)
    assert record.outcome == "failed"
    assert record.outcome_reason == "unexpected ValueError: a decoder's mistake"


async def test_a_way_back_that_cannot_be_proved_needs_a_person(shop: Rig) -> None:
    opened = await shop.open(assume_yes=True)
    verify_action(shop).verdicts = [NotYet("2 of 3 answers are right")]
    record = await shop.drive(opened.ref)
    assert record.outcome == "needs_operator"
    assert record.outcome_reason.startswith("2 of 3 answers are right (waited 30 s); run 2 went back and ended needs_operator")
    assert record.live == "users are on blue (v1)"


async def test_what_must_not_happen_twice_is_asked_for(make_rig: MakeRig) -> None:
    shop = await make_rig(runbooks={**RUNBOOKS, "tell": TELL})
    opened = await shop.open("tell", {})
    shop.cluster.fail("write", TimedOut("no answer", sent="maybe"))
    running = shop.start(opened.ref)
    asked = await shop.until(opened.run, lambda r: r.question)
    assert asked.question is not None
    assert asked.question.text == "It seems not to have happened: tell the customers. Do it now?"
    await shop.answer(opened.run)
    assert (await running).outcome == "done"
    assert len(shop.cluster.writes) == 1


async def test_what_must_not_happen_twice_and_happened_is_not_asked_for(make_rig: MakeRig) -> None:
    shop = await make_rig(runbooks={**RUNBOOKS, "tell": TELL})
    opened = await shop.open("tell", {})
    shop.cluster.fail("write", TimedOut("no answer", sent="maybe"), after=True)
    record = await shop.drive(opened.ref)
    assert record.outcome == "done"
    assert len(shop.cluster.writes) == 1


async def test_evidence_is_kept_and_its_failure_changes_nothing(shop: Rig) -> None:
    async def collect(ports: object, bindings: object) -> dict[str, object]:
        return {"backend-green.log": "sha256:1f"}

    shop.cluster.settles = False
    kept = replace(shop, deps=replace(shop.deps, collect=collect))
    record = await kept.run()
    assert record.notes[-1][2] == f"evidence kept in {shop.deps.place.evidence(record.uid)}"

    async def broken(ports: object, bindings: object) -> dict[str, object]:
        raise RuntimeError("disk")

    record = await replace(shop, deps=replace(shop.deps, collect=broken)).run()
    assert record.outcome == "failed"
    assert record.notes[-1][2] == "evidence could not be kept: unexpected RuntimeError: disk"
