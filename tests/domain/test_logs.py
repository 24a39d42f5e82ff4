"""Pages of log lines: in the order of their times, bounded, counted; and which containers a scope means."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.domain.log_members import members
from console.domain.logs import LogLine, LogPage, LogRequest, LogScope, with_lines
from console.domain.pods import slot_pods
from console.domain.world import ContainerState
from tests.screens import scenes
from tests.screens.scenes import BLUE, GREEN, Slot

ENVIRONMENT = scenes.environment()


def page(*times: int) -> LogPage:
    return with_lines(LogPage(LogRequest()), [LogLine(at, 0, str(at)) for at in times])


def texts(of: LogPage) -> list[str]:
    return [line.text for line in of.lines]


def test_newer_lines_come_last_and_a_late_one_stands_where_its_time_belongs() -> None:
    after = with_lines(page(1, 3, 5), [LogLine(4, 1, "late"), LogLine(6, 0, "6")])
    assert texts(after) == ["1", "3", "late", "5", "6"]
    assert with_lines(after, []) is after


def test_lines_of_one_time_keep_the_order_in_which_they_came() -> None:
    assert texts(with_lines(page(1, 2, 2), [LogLine(2, 1, "a"), LogLine(2, 1, "b")])) == ["1", "2", "2", "a", "b"]


def test_what_is_too_much_leaves_at_the_front_and_is_counted() -> None:
    after = with_lines(page(1, 2, 3), [LogLine(n, 0, str(n)) for n in (4, 5)], kept=3)
    assert (texts(after), after.base, after.seen) == (["3", "4", "5"], 2, 5)


@pytest.mark.parametrize(
    ("scope", "found"),
    [
        (LogScope(), 12),
        (LogScope("blue"), 6),
        (LogScope("green", "backend"), 3),
        (LogScope(pod="traider-backend-green-7d9f-x2"), 1),
        (LogScope("blue", container="sidecar"), 0),
        (LogScope(pod="nobody"), 0),
    ],
)
def test_a_scope_means_these_containers(scope: LogScope, found: int) -> None:
    world = scenes.deploying().world
    assert world is not None
    assert len(members(ENVIRONMENT, slot_pods(ENVIRONMENT, world), scope)) == found


def test_of_one_pod_all_containers_are_read_and_of_many_the_one_of_the_release_those_in_trouble_first() -> None:
    world = scenes.world({BLUE: None, GREEN: Slot("v1.5.0", ready={scenes.BACKEND: 1, scenes.FRONTEND: 2}, desired=2, crash="x")})
    pods = {
        name: replace(
            pod,
            containers=(*pod.containers, ContainerState("proxy", state="running")),
            init_containers=(
                ContainerState("copy", state="terminated", exit_code=0),
                ContainerState("migrate", state="waiting", restarts=1),
            ),
        )
        for name, pod in world.pods.items()
    }
    seen = slot_pods(ENVIRONMENT, replace(world, pods=pods))
    first = members(ENVIRONMENT, seen, LogScope("green"))[0]
    assert (first.pod, first.container) == ("traider-backend-green-7d9f-x1", "backend")
    of_one = members(ENVIRONMENT, seen, LogScope(pod="traider-backend-green-7d9f-x0"))
    assert [m.container for m in of_one] == ["migrate", "backend", "proxy"]
    assert [m.container for m in members(ENVIRONMENT, seen, LogScope(container="proxy"))] == ["proxy"] * 4
