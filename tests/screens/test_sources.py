"""The Sources screen: looked at while it is open, and by nobody else."""

from __future__ import annotations

import pytest

from console.domain.errors import JournalError
from tests.screens import scenes
from tests.screens.apps import at_home, console, see, shown, until
from tests.screens.fake_desk import FakeDesk


async def test_every_connection_is_listed_and_the_chosen_one_explained() -> None:
    desk = FakeDesk()
    desk.snapshot.put(scenes.deploying())
    desk.show_runs()
    async with console(desk).run_test(size=(120, 40)) as pilot:
        await at_home(pilot)
        assert desk.calls == []
        await pilot.press("s")
        await see(pilot, "14 entries")
        await see(pilot, "asked every 2s whether it lives, without limit. Sent: get 3")
        assert "Kubernetes API          FRESH" in shown(pilot.app)
        await pilot.press("slash", *"green", "enter")
        await see(pilot, "last error at 02:40:48: backend database: 503")
        desk.snapshot.put(scenes.api_lost())
        await pilot.press("escape")
        await see(pilot, "sources not to be trusted now")
        await pilot.press("escape")
        await see(pilot, "What is happening")
    assert {call[0] for call in desk.calls} == {"connections"}


async def test_a_look_that_fails_is_said_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.app.looks.EVERY", 0.05)
    desk = FakeDesk()
    desk.snapshot.put(scenes.well())
    desk.show_runs()
    desk.fails = JournalError("the journal is locked")
    async with console(desk).run_test(size=(120, 40)) as pilot:
        await at_home(pilot)
        await pilot.press("s")
        await see(pilot, "the connections cannot be looked at: the journal is locked")
        desk.fails = None
        await until(pilot, lambda: "waits (process 4711)" in shown(pilot.app), what="the next look", seconds=8)
        assert "cannot be looked at" not in shown(pilot.app)
