"""Counting health checks in a row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from console.domain.health import CheckKey, ProbeResult, Tally, tally
from console.domain.ids import ComponentName

START = datetime(2036, 3, 1, 2, 0, tzinfo=UTC)
KEY: CheckKey = (ComponentName("web"), "health")


def result(ok: bool | None, second: int = 0, *, component: str = "web", check: str = "health", pod: str = "") -> ProbeResult:
    label = "ok" if ok else "skipped" if ok is None else "status"
    return ProbeResult(check, ComponentName(component), ok, label, at=START + timedelta(seconds=second), pod=pod)  # type: ignore[arg-type]


def rounds(*verdicts: bool | None) -> Tally:
    known: dict[CheckKey, Tally] = {}
    for second, ok in enumerate(verdicts):
        known = tally(known, [result(ok, second)])
    return known[KEY]


@pytest.mark.parametrize(
    ("verdicts", "passed", "failed", "since", "ok"),
    [
        ([True], 1, 0, 0, True),
        ([True, True, True], 3, 0, 0, True),
        ([False, False], 0, 2, 0, False),
        ([False, False, True], 1, 0, 2, True),
        ([True, True, False], 0, 1, 2, False),
        ([False, None, None, False], 0, 2, 0, False),
        ([True, None, True], 2, 0, 0, True),
        ([None, None], 0, 0, None, None),
        ([None, True], 1, 0, 1, True),
    ],
)
def test_a_row_ends_with_the_first_other_verdict_and_a_skip_is_neither(
    verdicts: list[bool | None], passed: int, failed: int, since: int | None, ok: bool | None
) -> None:
    found = rounds(*verdicts)
    assert (found.passed, found.failed, found.ok) == (passed, failed, ok)
    assert found.since == (None if since is None else START + timedelta(seconds=since))
    assert found.latest.ok is verdicts[-1]


@pytest.mark.parametrize(
    ("pods", "ok"),
    [
        ([False] + [True] * 9, True),
        ([False] * 4 + [True] * 6, True),
        ([False] * 5 + [True] * 5, False),
        ([False], False),
        ([None, None, False], False),
        ([None, True, None], True),
        ([None, None], None),
    ],
)
def test_one_bad_pod_of_ten_is_not_a_slot(pods: list[bool | None], ok: bool | None) -> None:
    found = tally({}, [result(each, pod=f"web-{number}") for number, each in enumerate(pods)])[KEY]
    assert found.ok is ok
    assert found.latest.ok is ok
    assert found.passed + found.failed == (0 if ok is None else 1)


def test_checks_and_components_are_counted_apart_and_absent_ones_stay() -> None:
    before = tally({}, [result(True), result(False, check="database"), result(False, component="api")])
    after = tally(before, [result(True)])
    assert {key: (t.passed, t.failed) for key, t in after.items()} == {
        KEY: (2, 0),
        ("web", "database"): (0, 1),
        ("api", "health"): (0, 1),
    }


@pytest.mark.parametrize(
    ("latencies", "typical"),
    [
        ((0.046,), 0.046),
        ((0.046, 0.022, 0.057, 0.091), 0.046),
        ((0.046, 0.097), 0.097),
        ((0.4, 0.55, 0.3), 0.4),
        ((0.4, 0.61), 0.61),
        ((0.4, None, 0.45), 0.4),
    ],
)
def test_a_latency_moves_only_when_it_differs_notably(latencies: tuple[float | None, ...], typical: float) -> None:
    tallies: dict[CheckKey, Tally] = {}
    for latency in latencies:
        tallies = tally(tallies, [ProbeResult("health", ComponentName("backend"), True if latency else None, "ok", latency=latency)])
    (found,) = tallies.values()
    assert found.typical == typical
