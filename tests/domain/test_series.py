"""Readings over time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from console.domain.series import RECENT, Point, Reading, SlotMetrics, followed_by

START = datetime(2036, 3, 1, 2, 0, tzinfo=UTC)


def reading(value: float | None, second: int) -> Reading:
    return Reading(value, "ok" if value is not None else "no_data", at=START + timedelta(seconds=second))


def test_the_latest_readings_are_kept_and_gaps_stay_gaps() -> None:
    metrics = SlotMetrics()
    for second, value in enumerate((1.0, None, 3.0)):
        metrics = followed_by(metrics, {"p95": reading(value, second)})
    assert metrics.readings["p95"].value == 3.0
    assert [point.value for point in metrics.recent["p95"]] == [1.0, None, 3.0]


def test_a_sample_that_was_seen_before_is_not_added_again() -> None:
    once = followed_by(SlotMetrics(), {"p95": reading(1.0, 5)})
    assert followed_by(once, {"p95": reading(1.0, 5)}).recent == once.recent
    assert followed_by(once, {"p95": Reading(None, "source_error", "HTTP 503")}).recent == once.recent
    assert followed_by(once, {"p95": Reading(None, "source_error", "HTTP 503")}).readings["p95"].detail == "HTTP 503"


def test_only_so_many_are_kept() -> None:
    metrics = SlotMetrics()
    for second in range(RECENT + 7):
        metrics = followed_by(metrics, {"requests": reading(float(second), second)})
    assert len(metrics.recent["requests"]) == RECENT
    assert metrics.recent["requests"][-1] == Point(START + timedelta(seconds=RECENT + 6), float(RECENT + 6))
