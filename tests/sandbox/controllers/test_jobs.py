"""The arithmetic of a Job."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from console.sandbox.controllers.jobs import COMPLETED, TOO_LATE, TOO_MANY_FAILURES, Tally, Verdict, backoff, verdict, wanted_active

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def spec(**more: Any) -> dict[str, Any]:
    return {"parallelism": 1, "completions": 1, "backoffLimit": 6, "template": {"spec": {"restartPolicy": "Never"}}, **more}


@pytest.mark.parametrize(
    ("asked", "tally", "expected"),
    [
        (spec(), Tally(active=1, succeeded=0, failed=0), None),
        (spec(), Tally(active=0, succeeded=1, failed=3), COMPLETED),
        (spec(backoffLimit=0), Tally(active=0, succeeded=0, failed=1), TOO_MANY_FAILURES),
        (spec(backoffLimit=1), Tally(active=0, succeeded=0, failed=1), None),
        (spec(completions=3), Tally(active=0, succeeded=2, failed=0), None),
        (spec(completions=None), Tally(active=1, succeeded=1, failed=0), None),
        (spec(completions=None), Tally(active=0, succeeded=1, failed=0), COMPLETED),
        (spec(activeDeadlineSeconds=60), Tally(active=1, succeeded=0, failed=0), TOO_LATE),
        (spec(activeDeadlineSeconds=61), Tally(active=1, succeeded=0, failed=0), None),
        (
            spec(backoffLimit=2, template={"spec": {"restartPolicy": "OnFailure"}}),
            Tally(active=1, succeeded=0, failed=0, restarts=2),
            TOO_MANY_FAILURES,
        ),
    ],
)
def test_a_job_is_over_when(asked: dict[str, Any], tally: Tally, expected: Verdict | None) -> None:
    assert verdict(asked, tally, started=NOW - timedelta(seconds=60), now=NOW) == expected


@pytest.mark.parametrize(
    ("asked", "tally", "count"),
    [
        (spec(), Tally(active=0, succeeded=0, failed=0), 1),
        (spec(completions=5, parallelism=2), Tally(active=0, succeeded=1, failed=0), 2),
        (spec(completions=5, parallelism=4), Tally(active=0, succeeded=3, failed=0), 2),
        (spec(completions=None, parallelism=3), Tally(active=3, succeeded=0, failed=0), 3),
        (spec(completions=None, parallelism=3), Tally(active=2, succeeded=1, failed=0), 2),
        (spec(suspend=True), Tally(active=1, succeeded=0, failed=0), 0),
    ],
)
def test_as_many_pods_run(asked: dict[str, Any], tally: Tally, count: int) -> None:
    assert wanted_active(asked, tally) == count


@pytest.mark.parametrize(("failures", "seconds_ago", "pause"), [(0, 0, 0), (1, 0, 10), (1, 4, 6), (2, 0, 20), (3, 50, 0), (30, 0, 600)])
def test_failures_in_a_row_make_a_pause(failures: int, seconds_ago: int, pause: float) -> None:
    tally = Tally(active=0, succeeded=0, failed=failures, last_failure=NOW - timedelta(seconds=seconds_ago), consecutive_failures=failures)
    assert backoff(tally, NOW) == pause
