"""The Diff screen, from the plan that is looked at."""

from __future__ import annotations

from console.domain.errors import Refused
from screens.diff import DiffScreen
from screens.run import RunScreen
from tests.screens import scenes
from tests.screens.apps import console, see, shown, until
from tests.screens.fake_desk import FakeDesk


def prepared() -> FakeDesk:
    desk = FakeDesk()
    desk.snapshot.put(scenes.well())
    desk.show_runs()
    return desk


async def test_the_plan_leads_to_what_it_would_change_in_each_object_and_back() -> None:
    desk = prepared()
    async with console(desk).run_test(size=(120, 40)) as pilot:
        await see(pilot, "USERS ● blue")
        await pilot.press("d", *"v1.5.0", "enter")
        await see(pilot, "f Diff")
        await pilot.press("f")
        await see(pilot, "Diff of deploy v1.5.0 to green  3 objects")
        await see(pilot, "as of 02:41:00; 1 more step when reached")
        assert "+kind: ConfigMap" in shown(pilot.app)
        await pilot.press("down")
        await see(pilot, "-  image: traider-backend:v1.4.1")
        assert "+  image: traider-backend:v1.5.0" in shown(pilot.app)
        await pilot.press("down")
        await see(pilot, "the server would refuse it: admission webhook “freeze” denied the request")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen), what="the plan")
    assert desk.changing_calls == []


async def test_a_diff_that_cannot_be_told_says_why_and_can_be_made_again() -> None:
    desk = prepared()
    async with console(desk).run_test(size=(120, 40)) as pilot:
        await see(pilot, "USERS ● blue")
        await pilot.press("d", *"v1.5.0", "enter")
        await see(pilot, "f Diff")
        desk.fails = Refused("you may not read deployments here")
        await pilot.press("f")
        await see(pilot, "cannot be told: you may not read deployments here")
        desk.fails = None
        await pilot.press("f")
        await see(pilot, "3 objects")


async def test_without_a_plan_it_says_what_to_do() -> None:
    desk = prepared()
    async with console(desk).run_test(size=(120, 40)) as pilot:
        await see(pilot, "USERS ● blue")
        await pilot.press("colon", *"diff", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, DiffScreen), what="the diff")
        await see(pilot, "no plan is being looked at: plan a runbook first")
    assert desk.calls == []
