"""Crash and pull back-off: the kubelet's numbers, as a table of moments."""

from __future__ import annotations

import pytest

from console.sandbox.nodes.backoff import Backoff


@pytest.mark.parametrize("scale", [1.0, 0.01])
def test_the_first_restart_is_immediate_and_the_wait_doubles_up_to_five_minutes(scale: float) -> None:
    backoff, now, waits = Backoff(scale), 1000.0, []
    for _ in range(8):
        wait = backoff.wait(failed=now, now=now)
        waits.append(round(wait / scale, 6))
        now += wait
        backoff = backoff.retried(now)
    assert waits == [0, 10, 20, 40, 80, 160, 300, 300]


def test_the_wait_counts_from_the_failure_and_shrinks_while_time_passes() -> None:
    backoff = Backoff().retried(100.0)
    assert backoff.wait(failed=150.0, now=152.5) == 7.5
    assert backoff.wait(failed=150.0, now=161.0) == 0.0


def test_ten_quiet_minutes_forget_everything() -> None:
    backoff = Backoff().retried(0.0).retried(10.0).retried(40.0)
    assert backoff.wait(failed=600.0, now=600.0) == 40
    assert backoff.wait(failed=641.0, now=641.0) == 0
    assert backoff.retried(641.0).current == 10


@pytest.mark.parametrize(("retries", "shown"), [(1, "10s"), (3, "40s"), (4, "1m20s"), (5, "2m40s"), (9, "5m0s")])
def test_messages_show_the_real_proportions(retries: int, shown: str) -> None:
    for scale in (1.0, 0.02):
        backoff = Backoff(scale)
        for _ in range(retries):
            backoff = backoff.retried(1.0)
        assert backoff.shown == shown
