"""Pictures of the screens. A difference is looked at before it is taken over (`--snapshot-update`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from console.domain.snapshot import Snapshot
from tests.screens import scenes
from tests.screens.apps import console, question, see
from tests.screens.fake_desk import FakeDesk

Compare = Callable[..., bool]
NARROW, WIDE = (80, 24), (120, 40)


def prepared(snapshot: Snapshot, *logs: scenes.Log) -> FakeDesk:
    desk = FakeDesk()
    desk.snapshot.put(snapshot)
    desk.show_runs(*logs)
    return desk


def doing(*steps: str) -> Callable[[Pilot[Any]], Any]:
    """Keys (`key:enter`), the question (`question`), or texts to wait for, in turn."""

    async def act(pilot: Pilot[Any]) -> None:
        for step in steps:
            if step.startswith("key:"):
                await pilot.press(step.removeprefix("key:"))
            elif step == "question":
                await question(pilot)
            else:
                await see(pilot, step)
        await pilot.pause(0.2)

    return act


@pytest.mark.parametrize("size", [NARROW, WIDE])
def test_overview_well(snap_compare: Compare, size: tuple[int, int]) -> None:
    desk = prepared(scenes.well(), scenes.finished(at=scenes.ago(9 * 86400)))
    assert snap_compare(console(desk), terminal_size=size, run_before=doing("USERS ● blue", "ended: done"))


@pytest.mark.parametrize("size", [NARROW, WIDE])
def test_overview_deploying(snap_compare: Compare, size: tuple[int, int]) -> None:
    desk = prepared(scenes.deploying(), scenes.waiting_for_pods())
    assert snap_compare(console(desk), terminal_size=size, run_before=doing("(usually 21s)", "(epoch 7)"))


def test_overview_split(snap_compare: Compare) -> None:
    desk = prepared(scenes.split(), scenes.waiting_for_pods())
    assert snap_compare(console(desk), terminal_size=NARROW, run_before=doing("SPLIT 0.0s", "(usually 21s)", "(epoch 7)"))


def test_overview_lost(snap_compare: Compare) -> None:
    desk = prepared(scenes.api_lost(), scenes.waiting_for_pods())
    assert snap_compare(console(desk), terminal_size=NARROW, run_before=doing("LOST 12s", "(usually 21s)", "(epoch 7)"))


def test_overview_without_colour(snap_compare: Compare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    desk = prepared(scenes.deploying(), scenes.waiting_for_pods())
    assert snap_compare(console(desk), terminal_size=NARROW, run_before=doing("(usually 21s)", "(epoch 7)"))


@pytest.mark.parametrize("size", [NARROW, WIDE])
def test_run_in_progress(snap_compare: Compare, size: tuple[int, int]) -> None:
    desk = prepared(scenes.deploying(), scenes.waiting_for_pods())
    steps = doing("(usually 21s)", "key:enter", "backend has 2 of 3 pods available, frontend 3 of 3")
    assert snap_compare(console(desk), terminal_size=size, run_before=steps)


def test_plan(snap_compare: Compare) -> None:
    desk = prepared(scenes.well())
    steps = doing("USERS ● blue", "key:d", "release: a tag", "key:v", "key:2", "key:enter", "7 steps, 1 change")
    assert snap_compare(console(desk), terminal_size=NARROW, run_before=steps)


def test_rollback(snap_compare: Compare) -> None:
    desk = prepared(scenes.switched())
    assert snap_compare(console(desk), terminal_size=NARROW, run_before=doing("ready: to blue", "key:r", "blue is kept warm until 09:30"))


@pytest.mark.parametrize("size", [NARROW, WIDE])
def test_question(snap_compare: Compare, size: tuple[int, int]) -> None:
    desk = prepared(scenes.deploying(), scenes.at_the_gate())
    steps = doing("waits for a person", "key:enter", "enter Answer", "key:enter", "question", "press  s  to switch")
    assert snap_compare(console(desk), terminal_size=size, run_before=steps)
