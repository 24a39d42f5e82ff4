"""Pictures of the screens. A difference is looked at before it is taken over (`--snapshot-update`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot

from console.domain.freshness import Freshness
from console.domain.snapshot import LIVE, METRICS, Snapshot
from console.domain.views.readiness import Estimate, Readiness
from tests.domain.views.test_charts import page as chart_page
from tests.screens import checklists, scenes
from tests.screens.apps import console, question, see
from tests.screens.fake_desk import FakeDesk
from tests.screens.test_logs import page as log_page

Compare = Callable[..., bool]
NARROW, WIDE, LARGE = (80, 24), (120, 40), (200, 60)
NIGHTS = ((40, "done"), (39, "rolled_back"), (38, "needs_operator"), (37, "stopped"))


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


def test_overview_failing(snap_compare: Compare) -> None:
    """After the switch the new slot's checks fail, and the way back cannot be taken by us."""
    failing = replace(
        scenes.switched(), probes={**scenes.switched().probes, scenes.GREEN: scenes.probes_failing(), LIVE: scenes.probes_failing()}
    )
    desk = prepared(failing, scenes.baking())
    desk.ready.put(Readiness(scenes.ago(3), "blue", "v1.4.2", blocked=("you may not patch services here",)))
    assert snap_compare(console(desk), terminal_size=WIDE, run_before=doing("blocked: to blue v1.4.2", "partly: backend database 503"))


def test_overview_blind(snap_compare: Compare) -> None:
    """Neither the API server nor Prometheus answers."""
    gone = {**scenes.lost(12, "connection refused"), METRICS: Freshness("LOST", scenes.ago(70), "HTTP 503")}
    desk = prepared(replace(scenes.switched(), freshness=gone), scenes.finished(at=scenes.ago(9 * 86400)))
    assert snap_compare(console(desk), terminal_size=WIDE, run_before=doing("LOST 12s", "Prometheus LOST", "ended: done"))


def test_overview_read_only(snap_compare: Compare) -> None:
    desk = prepared(scenes.well(), scenes.finished(at=scenes.ago(9 * 86400)))
    desk.read_only = True
    assert snap_compare(console(desk), terminal_size=NARROW, run_before=doing("USERS ● blue", "ended: done"))


def test_overview_on_a_large_terminal(snap_compare: Compare) -> None:
    desk = prepared(scenes.switched(), scenes.baking())
    desk.ready.put(Readiness(scenes.ago(3), "blue", "v1.4.2", warm=Estimate(0.8, 3, "ways back")))
    assert snap_compare(console(desk), terminal_size=LARGE, run_before=doing("warm until 09:30", "step 2 of 3", "(epoch 7)"))


@pytest.mark.parametrize("size", [NARROW, WIDE])
def test_history(snap_compare: Compare, size: tuple[int, int]) -> None:
    ended = [scenes.finished(run=run, at=scenes.ago((50 - run) * 86400), outcome=how) for run, how in NIGHTS]
    desk = prepared(scenes.switched(), scenes.waiting_for_pods(), *ended)
    steps = doing("(usually 21s)", "key:h", "History  5 runs", "key:down", "run 40: deploy")
    assert snap_compare(console(desk), terminal_size=size, run_before=steps)


@pytest.mark.parametrize("size", [NARROW, WIDE])
def test_pods(snap_compare: Compare, size: tuple[int, int]) -> None:
    desk = prepared(scenes.deploying(), scenes.waiting_for_pods())
    steps = doing("USERS ● blue", "key:p", "Pods of both slots  12 pods", "cannot reach database")
    assert snap_compare(console(desk), terminal_size=size, run_before=steps)


@pytest.mark.parametrize("size", [NARROW, WIDE])
def test_events(snap_compare: Compare, size: tuple[int, int]) -> None:
    desk = prepared(scenes.deploying(), scenes.waiting_for_pods())
    assert snap_compare(console(desk), terminal_size=size, run_before=doing("USERS ● blue", "key:e", "Events"))


@pytest.mark.parametrize("size", [NARROW, WIDE])
def test_logs(snap_compare: Compare, size: tuple[int, int]) -> None:
    desk = prepared(scenes.deploying(), scenes.waiting_for_pods())
    desk.pages.put(log_page(100))
    assert snap_compare(console(desk), terminal_size=size, run_before=doing("USERS ● blue", "key:l", "GET /quotes/99 200"))


@pytest.mark.parametrize("size", [NARROW, WIDE])
def test_metrics(snap_compare: Compare, size: tuple[int, int]) -> None:
    desk = prepared(scenes.well(), scenes.finished(at=scenes.ago(1800)))
    desk.draws.put(lambda request: chart_page(request=request))
    steps = doing("USERS ● blue", "key:m", "Metrics of both slots, last 1h", "run 40 deploy v1.4.2 to green: done")
    assert snap_compare(console(desk), terminal_size=size, run_before=steps)


@pytest.mark.parametrize("size", [NARROW, WIDE])
def test_sources(snap_compare: Compare, size: tuple[int, int]) -> None:
    desk = prepared(scenes.deploying())
    desk.ready.put(Readiness(scenes.ago(3), "blue", "v1.4.2"))
    assert snap_compare(console(desk), terminal_size=size, run_before=doing("USERS ● blue", "key:s", "14 entries"))


@pytest.mark.parametrize("size", [NARROW, WIDE])
def test_diff(snap_compare: Compare, size: tuple[int, int]) -> None:
    desk = prepared(scenes.well())
    form = ("USERS ● blue", "key:d", "release: a tag", "key:v", "key:2", "key:enter", "7 steps, 1 change")
    steps = doing(*form, "key:f", "3 objects", "key:down", "traider-backend:v1.4.1")
    assert snap_compare(console(desk), terminal_size=size, run_before=steps)


@pytest.mark.parametrize("size", [NARROW, WIDE])
def test_run_in_progress(snap_compare: Compare, size: tuple[int, int]) -> None:
    desk = prepared(scenes.deploying(), scenes.waiting_for_pods())
    steps = doing("(usually 21s)", "key:enter", "backend has 2 of 3 pods available, frontend 3 of 3")
    assert snap_compare(console(desk), terminal_size=size, run_before=steps)


@pytest.mark.parametrize("size", [NARROW, WIDE])
def test_plan(snap_compare: Compare, size: tuple[int, int]) -> None:
    desk = prepared(scenes.well())
    steps = doing("USERS ● blue", "key:d", "release: a tag", "key:v", "key:2", "key:enter", "7 steps, 1 change")
    assert snap_compare(console(desk), terminal_size=size, run_before=steps)


@pytest.mark.parametrize("size", [NARROW, WIDE])
def test_rollback(snap_compare: Compare, size: tuple[int, int]) -> None:
    desk = prepared(scenes.switched())
    assert snap_compare(console(desk), terminal_size=size, run_before=doing("ready: to blue", "key:r", "blue is kept warm until 09:30"))


@pytest.mark.parametrize("size", [NARROW, WIDE])
def test_question(snap_compare: Compare, size: tuple[int, int]) -> None:
    desk = prepared(scenes.deploying(), scenes.at_the_gate())
    steps = doing("waits for a person", "key:enter", "enter Answer", "key:enter", "question", "press  s  to switch")
    assert snap_compare(console(desk), terminal_size=size, run_before=steps)


@pytest.mark.parametrize("size", [NARROW, WIDE])
def test_checklist(snap_compare: Compare, size: tuple[int, int]) -> None:
    desk = prepared(scenes.well(), checklists.asking_for_sessions())
    assert snap_compare(console(desk), terminal_size=size, run_before=doing("USERS ● blue", "key:c", "item 4 of 8", "6/6 ready"))
