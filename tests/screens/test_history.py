"""The History screen: open and ended runs, pages from further back, and the way to a run's record."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.domain.errors import JournalError
from screens.history import HistoryScreen
from screens.run import RunScreen
from tests.screens import scenes
from tests.screens.apps import at_home, console, see, shown, until
from tests.screens.fake_desk import FakeDesk


def night(run: int, outcome: str = "done") -> scenes.Log:
    return scenes.finished(run=run, at=scenes.ago((50 - run) * 86400), release=f"v1.{run}", outcome=outcome)


@pytest.fixture
def desk() -> FakeDesk:
    desk = FakeDesk()
    desk.snapshot.put(scenes.switched())
    desk.show_runs(scenes.waiting_for_pods(), night(40, "failed"))
    return desk


async def test_runs_are_listed_with_how_they_ended_and_opened_as_records(desk: FakeDesk) -> None:
    async with console(desk).run_test(size=(120, 40)) as pilot:
        await at_home(pilot)
        await pilot.press("h")
        await see(pilot, "History  2 runs")
        text = shown(pilot.app)
        assert "41  2026-03-01 02:40  ▶  deploy v1.5.0 to green" in text
        assert "40  2026-02-19 02:41  ✗  deploy v1.40 to green" in text
        assert "  failed  " in text
        assert "CHG-42" in text
        await pilot.press("down")
        await see(pilot, "run 40: deploy v1.40 to green")
        await see(pilot, "users are on blue v1.4.2")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen) and pilot.app.screen.run == 40, what="the record of run 40")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, HistoryScreen), what="the history")


async def test_older_runs_are_read_page_by_page_and_the_end_is_said(desk: FakeDesk) -> None:
    desk.earlier = tuple(night(run).record for run in range(39, 4, -1))
    async with console(desk).run_test(size=(120, 40)) as pilot:
        await at_home(pilot)
        await pilot.press("h")
        await see(pilot, "the newest; m reads older ones")
        await pilot.press("m")
        await see(pilot, "History  32 runs")
        await pilot.press("end")
        await see(pilot, "History  37 runs")
        await see(pilot, "run 10: deploy v1.10 to green")
        await until(pilot, lambda: "m reads older ones" not in shown(pilot.app), what="the end of the history")
        await pilot.press("m")
        await see(pilot, "there are no older ones")
        await pilot.press("slash", *"v1.7", "enter", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen) and pilot.app.screen.run == 7, what="the record of run 7")
        await see(pilot, "(run 7)")
    assert desk.calls == [("earlier_runs", 40, 30), ("earlier_runs", 10, 30)]


async def test_a_journal_that_cannot_be_read_is_said_where_runs_are_listed(desk: FakeDesk) -> None:
    async with console(desk).run_test() as pilot:
        await see(pilot, "enter Run 41")
        desk.fails = JournalError("the journal is locked by another program")
        await pilot.press("h", "m")
        await see(pilot, "older runs cannot be read: the journal is locked by another program")
        desk.fails = None
        await pilot.press("m")
        await until(pilot, lambda: len(desk.calls) == 2, what="another try")


async def test_a_run_that_is_on_ticks_and_ends_in_the_list(desk: FakeDesk) -> None:
    async with console(desk).run_test(size=(120, 40)) as pilot:
        await at_home(pilot)
        await pilot.press("h")
        await see(pilot, "is on")
        desk.show_runs(scenes.at_the_gate(), night(40, "failed"))
        await see(pilot, "waits for a person")
        ended = scenes.at_the_gate().add("run.closed", 3, outcome="stopped", reason="alice asked to stop", live="users are on blue v1.4.2")
        desk.show_runs(ended, replace_reason(night(40)))
        await see(pilot, "alice asked to stop")


def replace_reason(log: scenes.Log) -> scenes.Log:
    log.entries[0] = replace(log.entries[0], body={**log.entries[0].body, "reason": "CHG-40"})
    return log
