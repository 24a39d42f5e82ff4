"""Lists: rows that come and go, the filter, and the chosen row that stays chosen. Shown by the Events screen."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from console.domain.snapshot import Snapshot
from console.domain.world import Event, Meta
from screens.events import EventsScreen
from screens.overview import Overview
from screens.widgets.table_panel import TablePanel
from tests.screens import scenes
from tests.screens.apps import console, see, shown, until
from tests.screens.fake_desk import FakeDesk


def event(name: str, reason: str, *, seconds: float, of: str = "traider-backend-green-7d9f-x0", message: str = "") -> Event:
    kind: Literal["Warning", "Normal"] = "Warning" if reason == "BackOff" else "Normal"
    return Event(Meta(name), kind, reason, message or f"said of {of}", "Pod", of, 1, scenes.ago(seconds))


def with_events(*events: Event) -> Snapshot:
    snapshot = scenes.deploying()
    assert snapshot.world is not None
    return replace(snapshot, world=replace(snapshot.world, events={each.name: each for each in events}))


OLD, NEW = event("e1", "Scheduled", seconds=60), event("e2", "BackOff", seconds=5, message="back-off restarting failed container")


async def test_the_chosen_row_stays_chosen_when_others_come_before_it() -> None:
    desk = FakeDesk()
    desk.snapshot.put(with_events(OLD, NEW))
    desk.show_runs()
    async with console(desk).run_test(size=(120, 40)) as pilot:
        await see(pilot, "e Events")
        await pilot.press("e")
        await see(pilot, "Events  2 events")
        await pilot.press("j")
        await see(pilot, "Pod traider-backend-green-7d9f-x0: Scheduled")
        desk.snapshot.put(with_events(OLD, NEW, event("e3", "Killing", seconds=1)))
        await see(pilot, "Events  3 events")
        table = pilot.app.screen.query_one(TablePanel)
        assert table.key == "e1"
        assert "Pod traider-backend-green-7d9f-x0: Scheduled" in shown(pilot.app)
        desk.snapshot.put(with_events(NEW))
        await see(pilot, "Events  1 event")
        assert table.key == "e2"
        await see(pilot, "back-off restarting failed container")


async def test_a_filter_narrows_and_esc_takes_it_away_before_it_goes_back() -> None:
    desk = FakeDesk()
    desk.snapshot.put(with_events(OLD, NEW))
    desk.show_runs()
    async with console(desk).run_test(size=(120, 40)) as pilot:
        await see(pilot, "e Events")
        await pilot.press("e", "slash", *"backoff")
        await see(pilot, "1 of 2 events with “backoff” (esc shows all)")
        await pilot.press("enter")
        assert isinstance(pilot.app.focused, TablePanel)
        await pilot.press("escape")
        await see(pilot, "Events  2 events")
        assert isinstance(pilot.app.screen, EventsScreen)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, Overview), what="the Overview")


async def test_events_name_the_slot_also_of_a_pod_that_is_gone() -> None:
    desk = FakeDesk()
    desk.snapshot.put(with_events(event("e1", "Killing", seconds=3, of="traider-backend-blue-66cc-gone")))
    desk.show_runs()
    async with console(desk).run_test(size=(120, 40)) as pilot:
        await see(pilot, "e Events")
        await pilot.press("e")
        await see(pilot, "pod traider-backend-blue-66cc-gone")
        assert "blue" in pilot.app.screen.query_one(TablePanel).text.split("pod")[0]


async def test_lost_events_say_so() -> None:
    desk = FakeDesk()
    desk.snapshot.put(replace(with_events(OLD), freshness=scenes.lost(seconds=12, reason="timeout")))
    desk.show_runs()
    async with console(desk).run_test(size=(120, 40)) as pilot:
        await see(pilot, "e Events")
        await pilot.press("e")
        await see(pilot, "LOST")
