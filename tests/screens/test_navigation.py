"""Going about: keys to screens, back again, and what each screen asks the desk for."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from console.domain.errors import Refused
from console.domain.ids import RunId
from console.domain.views.plan import PlanView
from screens.form import InputForm
from screens.overview import Overview
from screens.page import Page
from screens.question import Question
from screens.rollback import RollbackScreen
from screens.run import RunScreen
from tests.screens import scenes
from tests.screens.apps import at_home, console, deliberately, question, see, shown, until
from tests.screens.fake_desk import FakeDesk, deploy_plan


async def at(pilot: Pilot[Any], screen: type) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, screen), what=screen.__name__)


@pytest.fixture
def desk() -> FakeDesk:
    desk = FakeDesk()
    desk.snapshot.put(scenes.switched())
    desk.show_runs(scenes.waiting_for_pods(), scenes.finished(at=scenes.ago(86400)))
    return desk


async def test_the_overview_leads_to_the_run_and_esc_back(desk: FakeDesk) -> None:
    async with console(desk).run_test() as pilot:
        await see(pilot, "enter Run 41")
        await pilot.press("enter")
        await at(pilot, RunScreen)
        await see(pilot, "backend has 2 of 3 pods available, frontend 3 of 3")
        await pilot.press("escape")
        await at(pilot, Overview)
        await pilot.press("escape")
        await at(pilot, Overview)
    assert desk.calls == []


@pytest.mark.parametrize("key", ["ctrl+r", "f8"])
async def test_rollback_is_one_key_from_a_text_field_a_form_and_a_question(desk: FakeDesk, key: str) -> None:
    desk.show_runs(scenes.at_the_gate())
    async with console(desk).run_test() as pilot:
        await see(pilot, "waits for a person")
        await pilot.press("d")
        await at(pilot, InputForm)
        await pilot.press("v", key)
        await at(pilot, RollbackScreen)
        await pilot.press("escape", "enter")
        await see(pilot, "enter Answer")
        await pilot.press("enter")
        await at(pilot, Question)
        await pilot.press(key)
        await at(pilot, RollbackScreen)
        assert sum(isinstance(s, Question | InputForm) for s in pilot.app.screen_stack) == 0
        await pilot.press("escape")
        await at(pilot, RunScreen)
    assert desk.calls == []


async def test_the_rollback_screen_is_not_stacked_twice(desk: FakeDesk) -> None:
    async with console(desk).run_test() as pilot:
        await see(pilot, "ready: to blue")
        await pilot.press("r", "ctrl+r", "f8")
        await at(pilot, RollbackScreen)
        assert sum(isinstance(s, RollbackScreen) for s in pilot.app.screen_stack) == 1


async def test_going_back_plans_asks_starts_and_follows(desk: FakeDesk) -> None:
    async with console(desk).run_test() as pilot:
        await see(pilot, "ready: to blue")
        await pilot.press("r", "enter")
        await question(pilot)
        assert "green v1.5.0 → blue v1.4.2" in shown(pilot.app)
        await deliberately(pilot, "b")
        await at(pilot, RunScreen)
        desk.show_runs(scenes.opened(at=scenes.ago(1), run=42, release="v1.4.2"), scenes.waiting_for_pods())
        await see(pilot, "(run 42)")
    assert desk.calls == [("plan", "rollback", {}), ("start", "rollback", {}, "", "d2")]


async def test_a_recorded_release_is_gone_back_to_by_name(desk: FakeDesk) -> None:
    async with console(desk).run_test() as pilot:
        await see(pilot, "ready: to blue")
        await pilot.press("r")
        await at(pilot, RollbackScreen)
        await pilot.press("down")
        await see(pilot, "Roll back to blue v1.4.1")
        await pilot.press("enter")
        await question(pilot, armed=False)
    assert desk.calls == [("plan", "rollback", {"release": "v1.4.1"})]


async def test_a_held_release_cannot_be_chosen_and_says_why(desk: FakeDesk) -> None:
    async with console(desk).run_test() as pilot:
        await see(pilot, "ready: to blue")
        await pilot.press("r")
        await at(pilot, RollbackScreen)
        await pilot.press("down", "down", "enter")
        await see(pilot, "✗ v1.3.0 is held since 2026-02-28 02:41 by bob: slow since the index")
        await at(pilot, RollbackScreen)
    assert desk.calls == []


async def test_a_deployment_goes_from_its_form_to_its_plan_to_its_run(desk: FakeDesk) -> None:
    async with console(desk).run_test(size=(120, 40)) as pilot:
        await see(pilot, "enter Run 41")
        await pilot.press("d")
        await at(pilot, InputForm)
        await see(pilot, "offers: v1.5.0, v1.4.2, v1.4.1")
        await pilot.press("enter")
        await see(pilot, "give the release first")
        await pilot.press("down")
        assert pilot.app.screen.query_one(Input).value == "v1.5.0"
        await pilot.press("enter")
        await see(pilot, "7 steps, 1 change, 1 question and 2 planned when reached, usually 21s")
        assert "backend  image  v1.4.1 → v1.5.0" in shown(pilot.app)
        await pilot.press("enter")
        await question(pilot)
        await deliberately(pilot, "tab", *"CHG", "enter", "d")
        await see(pilot, "run 42 is started")
        assert isinstance(pilot.app.screen, RunScreen)
        assert pilot.app.screen.run == 42
        assert sum(isinstance(s, RunScreen) for s in pilot.app.screen_stack) == 1
    assert desk.changing_calls == [("start", "deploy", {"release": "v1.5.0"}, "CHG", "d1")]


async def test_a_refused_plan_is_overridden_by_name_and_asks_for_the_reason(desk: FakeDesk) -> None:
    def plans(runbook: str, inputs: Any) -> PlanView:
        plan = replace(deploy_plan(inputs), require_reason=False)
        if inputs.get("override"):
            return plan
        row = replace(plan.rows[0], state="blocked", reasons=("v1.5.0 has no evidence from staging",), override="promotion")
        return replace(plan, rows=(row, *plan.rows[1:]))

    desk.plans = plans
    async with console(desk).run_test() as pilot:
        await see(pilot, "enter Run 41")
        await pilot.press("d")
        await at(pilot, InputForm)
        await pilot.press(*"v1.5.0", "enter")
        await see(pilot, "v1.5.0 has no evidence from staging")
        await pilot.press("enter")
        await see(pilot, "cannot start")
        await at(pilot, RunScreen)
        await pilot.press("o")
        await see(pilot, "7 steps, 1 change")
        await pilot.press("enter")
        await question(pilot)
        assert "Overrides the rule “promotion”" in shown(pilot.app)
        await deliberately(pilot, "d")
        await see(pilot, "give the reason first")
    assert desk.calls == [("plan", "deploy", {"release": "v1.5.0"}), ("plan", "deploy", {"release": "v1.5.0", "override": "promotion"})]


async def test_stopping_noting_and_taking_over_are_asked_of_the_desk(desk: FakeDesk) -> None:
    async with console(desk).run_test() as pilot:
        await see(pilot, "enter Run 41")
        await pilot.press("enter")
        await see(pilot, "Stop and stay on green")
        await pilot.press("a")
        await question(pilot)
        await deliberately(pilot, "x")
        await until(pilot, lambda: len(desk.calls) == 1, what="the stop")
        await at(pilot, RunScreen)
        await pilot.press("n", *"db slow", "enter")
        await until(pilot, lambda: len(desk.calls) == 2, what="the note")
        await at(pilot, RunScreen)
        await pilot.press("t")
        await question(pilot)
        await deliberately(pilot, "tab", *"gone", "enter", "o")
        await until(pilot, lambda: len(desk.calls) == 3, what="the take-over")
        await pilot.press("w")
        await see(pilot, "report of run 41: /var/lib/bluegreen/u41/report.md")
    assert desk.calls == [("stop", 41, ""), ("note", 41, "db slow"), ("take_over", 41, "gone"), ("write_report", 41)]


async def test_a_wait_is_ended_by_a_question_and_only_while_it_waits(desk: FakeDesk) -> None:
    desk.show_runs(scenes.baking())
    async with console(desk).run_test(size=(120, 40)) as pilot:
        await see(pilot, "enter Run 41")
        await pilot.press("enter")
        await see(pilot, "14m20s left")
        await see(pilot, "e End wait…")
        await pilot.press("e")
        await question(pilot)
        assert "The wait ends, 14m20s early. Run 41 goes on to “mark green stable”." in shown(pilot.app)
        await deliberately(pilot, "e", "enter")
        assert desk.calls == []
        await pilot.press("e")
        await question(pilot)
        await deliberately(pilot, "k")
        await until(pilot, lambda: bool(desk.calls), what="the request")
        desk.show_runs(
            scenes.baking()
            .add("gate.answered", 1, step="bake", answer="skip")
            .add("step.result", 1, step="bake", attempt=1, outcome="done", reason="cut short by alice", evidence={}, seconds=42)
        )
        await see(pilot, "cut short by alice")
        await pilot.press("e")
        await see(pilot, "it does not wait right now")
    assert desk.calls == [("skip_wait", 41, "bake")]


async def test_a_wait_that_ends_by_itself_takes_its_question_away(desk: FakeDesk) -> None:
    desk.show_runs(scenes.baking())
    async with console(desk).run_test() as pilot:
        await see(pilot, "enter Run 41")
        await pilot.press("enter")
        await see(pilot, "14m20s left")
        await see(pilot, "e End wait…")
        await pilot.press("e")
        await question(pilot)
        desk.show_runs(
            scenes.baking().add("step.result", 1, step="bake", attempt=1, outcome="done", reason="waited", evidence={}, seconds=42)
        )
        await at(pilot, RunScreen)
    assert desk.calls == []


async def test_what_the_desk_refuses_is_a_line_and_nothing_else(desk: FakeDesk) -> None:
    async with console(desk).run_test() as pilot:
        await see(pilot, "enter Run 41")
        await pilot.press("enter")
        await see(pilot, "Stop and stay")
        desk.fails = Refused("alice drives this environment", hint="Take it over")
        await pilot.press("a")
        await question(pilot)
        await deliberately(pilot, "x")
        await see(pilot, "nothing was done: alice drives this environment. Take it over")
        desk.fails = RuntimeError("socket closed")
        await pilot.press("escape", "w")
        await see(pilot, "no commands: RuntimeError: socket closed")


async def test_a_plan_that_the_cluster_does_not_allow_is_tried_again_while_it_is_looked_at(
    desk: FakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.app.planning.AGAIN_AFTER", 0.02)
    async with console(desk).run_test() as pilot:
        await see(pilot, "ready: to blue")
        desk.fails = TimeoutError("no connection within 10 s")
        await pilot.press("r", "enter")
        await see(pilot, "TimeoutError: no connection within 10 s; trying again")
        await until(pilot, lambda: len(desk.calls) > 2, what="more tries")
        desk.fails = None
        await see(pilot, "green v1.5.0 → blue v1.4.2")
        await pilot.press("escape")
        desk.fails = TimeoutError("gone again")
        await at(pilot, RollbackScreen)
        await pilot.press("enter")
        await question(pilot, armed=False)
        await pilot.press("escape")
        await at(pilot, RollbackScreen)
        await pilot.pause(0.1)
        tries = len(desk.calls)
        await pilot.pause(0.2)
        assert len(desk.calls) == tries


async def test_a_run_that_is_being_started_is_not_started_twice(desk: FakeDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = asyncio.Event()
    start = desk.start

    async def slowly(*given: Any, **named: Any) -> RunId:
        run = await start(*given, **named)
        await opened.wait()
        return run

    monkeypatch.setattr(desk, "start", slowly)
    async with console(desk).run_test() as pilot:
        await see(pilot, "ready: to blue")
        await pilot.press("r", "enter")
        await question(pilot)
        await see(pilot, "press  b  to roll back")
        await deliberately(pilot, "b")
        await see(pilot, "starting: roll back to blue")
        await pilot.press("enter", "enter")
        await see(pilot, "is being started")
        await at(pilot, RollbackScreen)
        opened.set()
        await at(pilot, RunScreen)
    assert len(desk.changing_calls) == 1


async def test_a_rollback_without_a_journal_goes_home_and_says_so(desk: FakeDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def unnumbered(*_: object, **__: object) -> RunId:
        return RunId(0)

    monkeypatch.setattr(desk, "start", unnumbered)
    async with console(desk).run_test() as pilot:
        await see(pilot, "ready: to blue")
        await pilot.press("r", "enter")
        await question(pilot)
        await deliberately(pilot, "b")
        await see(pilot, "The journal cannot be written")
        await at(pilot, Overview)


async def test_read_only_shows_everything_and_changes_nothing(desk: FakeDesk) -> None:
    desk.read_only = True
    async with console(desk).run_test(size=(120, 40)) as pilot:
        await see(pilot, "READ-ONLY")
        for keys in (("d",), ("enter", "a", "n", "t", "enter"), ("ctrl+r", "enter"), ("escape", "escape")):
            await pilot.press(*keys)
        await at(pilot, Overview)
        await pilot.press("d")
        await see(pilot, "READ-ONLY: this console may not change anything")
    assert desk.calls == []


async def test_quitting_while_a_run_is_on_says_that_it_goes_on(desk: FakeDesk) -> None:
    async with console(desk).run_test() as pilot:
        await see(pilot, "enter Run 41")
        await pilot.press("q")
        await question(pilot)
        assert "goes on without this console" in shown(pilot.app)
        assert "bluegreen attach 41" in shown(pilot.app)
        await pilot.press("escape")
        await at(pilot, Overview)
        await pilot.press("q")
        await deliberately(pilot, "q", "l")  # the key that asked does not confirm
        await until(pilot, lambda: not pilot.app.is_running or pilot.app.return_code == 0, what="the end")
    assert desk.changing_calls == []
    assert desk.closed


async def test_quitting_without_a_run_is_one_key(desk: FakeDesk) -> None:
    desk.show_runs(scenes.finished(at=scenes.ago(60)))
    app = console(desk)
    async with app.run_test() as pilot:
        await see(pilot, "enter Run 40")
        await pilot.press("q")
    assert app.return_code == 0
    assert desk.closed


async def test_help_lists_the_live_keys_and_why_some_cannot_be_used(desk: FakeDesk) -> None:
    async with console(desk).run_test() as pilot:
        await see(pilot, "enter Run 41")
        await pilot.press("enter")
        await see(pilot, "Stop and stay on green")
        await pilot.press("question_mark")
        await at(pilot, Page)
        await see(pilot, "nothing is asked right now")
        assert "Rollback, from anywhere" in shown(pilot.app)
        assert "^r F8" in shown(pilot.app)
        await pilot.press("escape")
        await at(pilot, RunScreen)


async def test_the_kubectl_commands_are_one_key_away(desk: FakeDesk) -> None:
    async with console(desk).run_test() as pilot:
        await see(pilot, "ready: to blue")
        await pilot.press("w")
        await at(pilot, Page)
        assert "written to rollback.sh" in shown(pilot.app)


async def test_a_person_who_chose_a_step_keeps_it_and_others_follow_the_run(desk: FakeDesk) -> None:
    async with console(desk).run_test() as pilot:
        await see(pilot, "enter Run 41")
        await pilot.press("enter")
        await see(pilot, "step 4: wait for the preview pods")
        desk.show_runs(scenes.at_the_gate())
        await see(pilot, "step 6: switch live traffic to green?")
        await pilot.press("home")
        await see(pilot, "step 1: release is promotable")
        desk.show_runs(scenes.at_the_gate().add("run.note", 1, text="looking"))
        await until(pilot, lambda: len(desk.log[RunId(41)]) > 0 and "looking" in str(pilot.app.core.state.entries), what="the note")  # type: ignore[attr-defined]
        assert "step 1: release is promotable" in shown(pilot.app)


async def test_before_the_runs_are_read_none_is_said_to_be_missing() -> None:
    desk = FakeDesk()
    desk.snapshot.put(scenes.switched())
    async with console(desk).run_test(size=(120, 40)) as pilot:
        await see(pilot, "Overview  02:41 UTC")
        await pilot.press("enter")
        await see(pilot, "the runs are not read yet")
        desk.show_runs(scenes.at_the_gate())
        await at_home(pilot)
        await pilot.press("enter")
        await see(pilot, "Overview › Run 41")
