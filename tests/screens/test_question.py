"""The question dialog: nothing but a deliberate answer of a hand gets through (SAFETY 4.2, 4.3)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual import events
from textual.widgets import Input

from console.domain.views.plan import PlanView
from screens.question import Question
from tests.screens import scenes
from tests.screens.apps import console, deliberately, question, see, shown, until
from tests.screens.fake_desk import FakeDesk, rollback_plan


@pytest.fixture
def desk() -> FakeDesk:
    desk = FakeDesk()
    desk.snapshot.put(scenes.switched())
    desk.show_runs(scenes.at_the_gate())
    return desk


async def test_the_verbs_key_answers_the_gate(desk: FakeDesk) -> None:
    async with console(desk).run_test() as pilot:
        await see(pilot, "waits for a person")
        await pilot.press("enter")
        await see(pilot, "enter Answer")
        await pilot.press("enter")
        await question(pilot)
        assert "blue v1.4.2 → green v1.5.0" in shown(pilot.app)
        await deliberately(pilot, "s")
        await until(pilot, lambda: bool(desk.changing_calls), what="the answer")
    assert desk.changing_calls == [("answer", 41, "gate", "yes", "")]


async def test_enter_and_other_keys_confirm_nothing(desk: FakeDesk) -> None:
    async with console(desk).run_test() as pilot:
        await see(pilot, "waits for a person")
        await pilot.press("enter", "enter")
        await question(pilot)
        await deliberately(pilot, "y", "b", "d", "space", "tab", "space")
        assert desk.changing_calls == []
        await deliberately(pilot, "shift+tab", "enter")
        await until(pilot, lambda: len(pilot.app.screen_stack) == 3, what="the dialog to close")
    assert desk.changing_calls == []


async def test_n_answers_no(desk: FakeDesk) -> None:
    async with console(desk).run_test() as pilot:
        await see(pilot, "waits for a person")
        await pilot.press("enter", "enter")
        await question(pilot)
        await deliberately(pilot, "n")
        await until(pilot, lambda: bool(desk.changing_calls), what="the answer")
    assert desk.changing_calls == [("answer", 41, "gate", "no", "")]


async def test_keys_queued_before_the_question_was_drawn_do_nothing(desk: FakeDesk) -> None:
    """All of them are in the queue before the first one is handled, as when a terminal delivers a burst."""
    async with console(desk).run_test() as pilot:
        await see(pilot, "waits for a person")
        await pilot.press("enter")
        await see(pilot, "enter Answer")
        for key in ("enter", "s", "enter", "s", "y", "s"):
            pilot.app.post_message(events.Key(key, key if len(key) == 1 else None))
        asked = await question(pilot)
        assert asked.armed
        assert desk.changing_calls == []
        await deliberately(pilot, "s")
        await until(pilot, lambda: bool(desk.changing_calls), what="the deliberate answer")
    assert desk.changing_calls == [("answer", 41, "gate", "yes", "")]


async def test_a_key_pressed_before_and_delivered_after_arming_does_nothing(desk: FakeDesk) -> None:
    """The time at which a key was pressed counts, not the time at which a busy loop gets to it."""
    async with console(desk).run_test() as pilot:
        await see(pilot, "waits for a person")
        await pilot.press("enter")
        await see(pilot, "enter Answer")
        early = events.Key("s", "s")
        await pilot.press("enter")
        await question(pilot)
        pilot.app.post_message(early)
        await question(pilot)
        await pilot.pause(0.15)
    assert desk.changing_calls == []


async def test_a_paste_confirms_nothing_with_or_without_brackets(desk: FakeDesk) -> None:
    async with console(desk).run_test() as pilot:
        await see(pilot, "waits for a person")
        await pilot.press("enter", "enter")
        await question(pilot)
        pilot.app.post_message(events.Paste("s"))
        await see(pilot, "a paste confirms nothing")
        for character in "scale up":
            pilot.app.post_message(events.Key(character if character != " " else "space", character))
        await see(pilot, "faster than a hand types")
        await question(pilot)
        await pilot.pause(0.15)
    assert desk.changing_calls == []


async def test_the_name_has_to_be_typed_and_what_is_missing_is_shown(desk: FakeDesk) -> None:
    log = scenes.at_the_gate()
    log.add("gate.asked", step="gate", question="Switch?", confirm="name", key="s", phrase="", differences=[])
    desk.show_runs(log)
    async with console(desk).run_test() as pilot:
        await see(pilot, "waits for a person")
        await pilot.press("enter", "enter")
        await question(pilot)
        assert "type  production  : ··········  10 characters to go" in shown(pilot.app)
        await deliberately(pilot, *"prsxod")
        assert "prod······  6 characters to go" in shown(pilot.app)
        await deliberately(pilot, *"uction")
        assert desk.changing_calls == []
        assert "typed. press  s  to switch" in shown(pilot.app)
        await deliberately(pilot, "enter")
        await until(pilot, lambda: len(pilot.app.screen_stack) == 3, what="Enter to cancel")
        await pilot.press("enter")
        await question(pilot)
        await deliberately(pilot, *"production", "s")
        await until(pilot, lambda: bool(desk.changing_calls), what="the answer")
    assert desk.changing_calls == [("answer", 41, "gate", "yes", "production")]


async def test_a_question_answered_elsewhere_closes(desk: FakeDesk) -> None:
    async with console(desk).run_test() as pilot:
        await see(pilot, "waits for a person")
        await pilot.press("enter", "enter")
        await question(pilot)
        desk.show_runs(scenes.at_the_gate().add("gate.answered", 1, actor="carol", step="gate", answer="yes", typed="", asked_at=""))
        await until(pilot, lambda: len(pilot.app.screen_stack) == 3, what="the dialog to close")
        await see(pilot, "carol answers yes")
    assert desk.changing_calls == []


async def test_a_question_that_changes_has_to_be_read_again(desk: FakeDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Question, "ARM_DELAY", 0.5)
    async with console(desk).run_test() as pilot:
        await see(pilot, "waits for a person")
        await pilot.press("enter", "enter")
        asked = await question(pilot)
        other = [{"subject": "backend", "what": "slot", "before": "blue v1.4.2", "after": "green v1.5.1"}]
        changed = scenes.at_the_gate().add(
            "gate.asked", step="gate", question="Switch?", confirm="key", key="s", phrase="", differences=other
        )
        desk.show_runs(changed)
        await until(pilot, lambda: not asked.armed, what="the question to be disarmed")
        await question(pilot)
        assert "green v1.5.1" in shown(pilot.app)
    assert desk.changing_calls == []


async def test_facts_behind_and_in_the_question_stay_live(desk: FakeDesk) -> None:
    async with console(desk).run_test() as pilot:
        await see(pilot, "waits for a person")
        await pilot.press("enter", "enter")
        await question(pilot)
        assert "the cluster does not answer" not in shown(pilot.app)
        desk.snapshot.put(replace(scenes.switched(), freshness=scenes.lost(9, "connection refused")))
        await see(pilot, "LOST 9s: the cluster does not answer")


async def test_a_required_reason_is_asked_for_and_pastes_are_taken_there(desk: FakeDesk) -> None:
    async with console(desk).run_test() as pilot:
        await see(pilot, "waits for a person")
        await pilot.press("d")
        await see(pilot, "release: a tag")
        await pilot.press(*"v1.5.0", "enter")
        await see(pilot, "not started: nothing is changed yet")
        await pilot.press("enter")
        await question(pilot)
        await deliberately(pilot, "d")
        await see(pilot, "give the reason first")
        pilot.app.post_message(events.Paste("CHG-42 window"))
        field = pilot.app.screen.query_one("#reason", Input)
        await until(pilot, lambda: field.value == "CHG-42 window", what="the pasted reason")
        await pilot.press("d")
        assert field.value == "CHG-42 windowd"
        await pilot.press("backspace", "enter")
        assert desk.changing_calls == []
        await deliberately(pilot, "d")
        await until(pilot, lambda: bool(desk.changing_calls), what="the start")
    assert desk.changing_calls == [("start", "deploy", {"release": "v1.5.0"}, "CHG-42 window", "d1")]


async def test_a_plan_that_changed_is_shown_again_with_the_reason_kept(desk: FakeDesk) -> None:
    desk.changes_once = True
    async with console(desk).run_test() as pilot:
        await see(pilot, "ready: to blue")
        await pilot.press("r", "enter")
        await question(pilot)
        await see(pilot, "press  b  to roll back")
        await deliberately(pilot, "tab", *"slow", "enter", "b")
        await see(pilot, "The plan changed since you read it")
        await question(pilot)
        assert "v1.4.2 → v1.5.1" in shown(pilot.app)
        await deliberately(pilot, "b")
        await until(pilot, lambda: len(desk.changing_calls) == 2, what="the second start")
    assert [call[3] for call in desk.changing_calls] == ["slow", "slow"]
    assert [call[4] for call in desk.changing_calls] == ["d2", "other"]


async def test_a_blocked_plan_cannot_be_confirmed_and_says_why(desk: FakeDesk) -> None:
    def blocked(runbook: str, inputs: object) -> PlanView:
        plan = rollback_plan({})
        row = replace(plan.rows[0], state="blocked", reasons=("blue has 0 of 6 pods available",))
        return replace(plan, rows=(row,))

    desk.plans = blocked
    async with console(desk).run_test() as pilot:
        await see(pilot, "ready: to blue")
        await pilot.press("r", "enter")
        await question(pilot)
        await see(pilot, "blue has 0 of 6 pods")
        await deliberately(pilot, "b")
        await see(pilot, "nothing was done")
        await pilot.pause(0.1)
    assert desk.changing_calls == []
