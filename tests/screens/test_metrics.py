"""The Metrics screen: every key, what is asked for and for how long."""

from __future__ import annotations

import pytest

from console.domain.charts import ChartPage, ChartRequest
from tests.domain.views.test_charts import page
from tests.screens import scenes
from tests.screens.apps import console, see, shown, until
from tests.screens.fake_desk import FakeDesk


def drawn(request: ChartRequest) -> ChartPage:
    return page(request=request)


@pytest.fixture
def desk() -> FakeDesk:
    desk = FakeDesk()
    desk.snapshot.put(scenes.well())
    desk.show_runs(scenes.finished(at=scenes.ago(1800)))
    desk.draws.put(drawn)
    return desk


async def test_windows_slots_and_figures_are_one_key_each_and_nothing_is_asked_without_a_viewer(desk: FakeDesk) -> None:
    async with console(desk).run_test(size=(120, 40)) as pilot:
        await see(pilot, "USERS ● blue")
        await pilot.press("m")
        await see(pilot, "Metrics of both slots, last 1h")
        await see(pilot, "blue ⠉⠉ 200/s")
        assert desk.asked_charts == [ChartRequest(3600.0)]
        await see(pilot, "02:11 run 40 deploy v1.4.2 to green: done")
        await pilot.press("w")
        await see(pilot, "last 6h")
        await until(pilot, lambda: desk.asked_charts == [ChartRequest(21600.0)], what="six hours are asked for, and nothing else")
        await pilot.press("b")
        await see(pilot, "Metrics of blue")
        assert "green ⠁⠁" not in shown(pilot.app)
        await pilot.press("z")
        await until(pilot, lambda: "p95" not in shown(pilot.app), what="requests alone")
        await pilot.press("escape")
        await until(pilot, lambda: desk.asked_charts == [], what="nobody asks any more")
    assert desk.calls == []


async def test_a_metrics_server_that_cannot_be_asked_is_said(desk: FakeDesk) -> None:
    desk.draws.put(lambda request: page(request=request, trouble="https://prometheus.example does not answer: refused"))
    async with console(desk).run_test() as pilot:
        await see(pilot, "USERS ● blue")
        await pilot.press("m")
        await see(pilot, "no figures: https://prometheus.example does not answer: refused")
