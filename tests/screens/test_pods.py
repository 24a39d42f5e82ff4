"""The Pods screen: every key, what it shows of the chosen pod, and that a list of thousands stays where it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from screens.overview import Overview
from screens.pods import PodsScreen
from screens.widgets.table_panel import TablePanel
from tests.screens import scenes
from tests.screens.apps import console, see, shown, until
from tests.screens.fake_desk import FakeDesk
from tests.screens.scenes import BLUE, GREEN, Slot


@pytest.fixture
def desk() -> FakeDesk:
    desk = FakeDesk()
    desk.snapshot.put(scenes.deploying())
    desk.show_runs()
    return desk


async def test_the_pod_in_trouble_is_chosen_and_explained_and_the_keys_move_on(desk: FakeDesk) -> None:
    async with console(desk).run_test() as pilot:
        await see(pilot, "p Pods")
        await pilot.press("p")
        await see(pilot, "Pods of both slots  12 pods")
        await see(pilot, "pod traider-backend-green-7d9f-x2")
        await see(pilot, "last end  ✗ exit 3 (Error): cannot reach database")
        await pilot.press("j", "down")
        await see(pilot, "pod traider-backend-blue-7d9f-x1")
        await pilot.press("k")
        await see(pilot, "pod traider-backend-blue-7d9f-x0")
        await pilot.press("G")
        await see(pilot, "pod traider-frontend-green-7d9f-x2")
        await pilot.press("g")
        await see(pilot, "pod traider-backend-green-7d9f-x2")
    assert desk.calls == []


async def test_enter_shows_the_pod_over_the_whole_screen_and_esc_gives_the_list_back(desk: FakeDesk) -> None:
    async with console(desk).run_test() as pilot:
        await see(pilot, "p Pods")
        await pilot.press("p")
        await see(pilot, "enter Details")
        await pilot.press("enter")
        await until(pilot, lambda: not pilot.app.screen.query_one(TablePanel).display, what="the details alone")
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen.query_one(TablePanel).display, what="the list")
        assert isinstance(pilot.app.focused, TablePanel)
        assert isinstance(pilot.app.screen, PodsScreen)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, Overview), what="the Overview")


async def test_a_filter_shows_the_pods_of_one_slot(desk: FakeDesk) -> None:
    async with console(desk).run_test() as pilot:
        await see(pilot, "p Pods")
        await pilot.press("p")
        await see(pilot, "12 pods")
        await pilot.press("slash", *"green !crash", "enter")
        await see(pilot, "5 of 12 pods with “green !crash” (esc shows")
        assert "blue" not in pilot.app.screen.query_one(TablePanel).text


async def test_the_chosen_pod_stays_chosen_while_five_thousand_others_come_and_go(desk: FakeDesk) -> None:
    many = scenes.world({BLUE: Slot("v1.4.2", desired=1250, ready=1250), GREEN: Slot("v1.5.0", desired=1250, ready=1249, crash="x")})
    desk.snapshot.put(scenes.snapshot(many))
    async with console(desk).run_test(size=(120, 40)) as pilot:
        await see(pilot, "p Pods")
        await pilot.press("p")
        await see(pilot, "Pods of both slots  5000 pods")
        await pilot.press("G")
        await see(pilot, "pod traider-frontend-green-7d9f-x999")
        screen = pilot.app.screen
        assert isinstance(screen, PodsScreen)
        chosen = screen.chosen
        assert chosen is not None
        fewer = {name: pod for name, pod in many.pods.items() if "blue" not in name}
        desk.snapshot.put(scenes.snapshot(replace(many, pods=fewer)))
        await see(pilot, "Pods of both slots  2500 pods")
        assert screen.chosen is not None
        assert screen.chosen.key == chosen.key
        assert "pod traider-frontend-green-7d9f-x999" in shown(pilot.app)
