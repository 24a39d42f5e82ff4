"""The Pods screen's table and the page of one pod: what is said, in which order, and that thousands of rows are not made."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from console.domain.pods import SlotPods, slot_pods
from console.domain.snapshot import Snapshot
from console.domain.views.lines import plain
from console.domain.views.pod_detail import pod_detail
from console.domain.views.pods import Memo, age_words, pods_table
from console.domain.views.state import ConsoleState
from console.domain.views.table import filtered, line_of
from tests.screens import scenes
from tests.screens.scenes import BLUE, GREEN, Slot

ENVIRONMENT = scenes.environment()


def state_of(snapshot: Snapshot) -> ConsoleState:
    return ConsoleState(now=scenes.NOW, zone=UTC, connecting="", environment=ENVIRONMENT, snapshot=snapshot)


def pods_of(state: ConsoleState) -> SlotPods:
    assert state.snapshot is not None
    assert state.snapshot.world is not None
    return slot_pods(ENVIRONMENT, state.snapshot.world)


def rows(state: ConsoleState, *, wanted: str = "", width: int = 140) -> list[str]:
    table = filtered(pods_table(pods_of(state), state, Memo()), wanted)
    return [plain(line_of(row, table.columns, width)).rstrip() for row in table.rows]


def test_the_broken_pod_stands_on_top_with_its_cause_in_full() -> None:
    top, second, *_ = rows(state_of(scenes.deploying()), width=180)
    said = 'CrashLoopBackOff: exit 3, "cannot reach database", 4 restarts'
    assert " ".join(top.split()) == f"✗ green backend 7d9f-x2 0/1 {said} 4 10m v1.5.0"
    assert " ".join(second.split()) == "● blue backend 7d9f-x0 1/1 Running 10m v1.4.2"


def test_at_80_columns_slot_component_pod_cause_and_age_are_left() -> None:
    top = rows(state_of(scenes.deploying()), width=78)[0]
    assert top.split()[:5] == ["✗", "green", "backend", "7d9f-x2", "0/1"]
    assert "CrashLoopBackOff: exit 3" in top
    assert len(top) <= 79


@pytest.mark.parametrize(
    ("wanted", "count"), [("green", 6), ("crashloop", 1), ("traider-backend-green-7d9f-x2", 1), ("broken", 1), ("!green backend", 3)]
)
def test_a_filter_finds_whole_names_and_words_that_the_narrow_table_leaves_out(wanted: str, count: int) -> None:
    assert len(rows(state_of(scenes.deploying()), wanted=wanted)) == count


def test_pods_of_a_server_that_does_not_answer_are_not_well() -> None:
    lost = replace(scenes.deploying(), freshness=scenes.lost(12, "no answer"))
    table = pods_table(pods_of(state_of(lost)), state_of(lost), Memo())
    assert table.note.startswith("LOST 12s")
    assert {plain(row.cells[0]) for row in table.rows} == {"?"}


def test_pods_that_may_not_be_listed_are_said_to_be_unread() -> None:
    snapshot = scenes.deploying()
    assert snapshot.world is not None
    state = state_of(replace(snapshot, world=replace(snapshot.world, unread=frozenset({"Pod"}))))
    table = pods_table(SlotPods(), state, Memo())
    assert (len(table.rows), table.note.startswith("Pods cannot be read")) == (0, True)


def test_of_five_thousand_pods_only_rows_that_are_looked_at_are_made_and_made_once() -> None:
    world = scenes.world({BLUE: Slot("v1.4.2", desired=1250, ready=1250), GREEN: Slot("v1.5.0", desired=1250, ready=1240, crash="x")})
    state, memo = state_of(scenes.snapshot(world)), Memo()
    table = pods_table(pods_of(state), state, memo)
    assert (len(table.rows), table.note) == (5000, "20 in trouble")
    first = [table.rows[n] for n in range(40)]
    assert len(memo.rows) == 40
    assert len(filtered(table, "green crash").rows) == 20
    assert len(memo.rows) == 40
    again = pods_table(pods_of(state), state, memo)
    assert all(again.rows[n] is row for n, row in enumerate(first))


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "<1m"), (59, "<1m"), (61, "1m"), (7199, "119m"), (7200, "2h"), (172800, "2d"), (-30, "<1m")]
)
def test_ages_are_coarse_so_that_a_list_that_stands_still_sends_nothing(seconds: float, words: str) -> None:
    pod = pods_of(state_of(scenes.well())).pods[0]
    assert pod.pod is not None
    born = scenes.NOW - timedelta(seconds=seconds)
    aged = replace(pod, pod=replace(pod.pod, meta=replace(pod.pod.meta, created=born)))
    assert age_words(aged, scenes.NOW) == words


def test_the_page_of_a_pod_says_cause_containers_last_end_events_and_conditions_in_this_order() -> None:
    state = state_of(scenes.deploying())
    detail = pod_detail(state, pods_of(state).pods[0])
    assert detail.title == "pod traider-backend-green-7d9f-x2"
    said = [f"{line.label}|{line.text}" for line in detail.lines]
    assert said[0] == 'cause|CrashLoopBackOff: exit 3, "cannot reach database", 4 restarts, waiting does not heal it'
    assert said[1].startswith("backend|waiting (CrashLoopBackOff), not ready, 4 restarts, traider-backend:v1.5.0 (")
    assert said[2] == "last end|exit 3 (Error): cannot reach database"
    assert said[3] == '02:40:57|BackOff: back-off restarting failed container (exit 3, "cannot reach database") (7 times)'
    assert said[4] == "condition|Ready is False since 02:31:39"
    assert said[5].startswith("pod|Running, on no node yet, made 02:31:00, by traider-backend-green-7d9f")


def test_a_pod_that_serves_has_no_cause() -> None:
    state = state_of(scenes.well())
    assert next(line.label for line in pod_detail(state, pods_of(state).pods[0]).lines) == "backend"
