"""When a fact may still be trusted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from console.domain.freshness import Freshness, Limits, Source, Standing, judge, worse

NOW = datetime(2036, 3, 1, 2, 0, tzinfo=UTC)
LIMITS = Limits(stale=3.0, lost=5.0)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("source", "state", "reason"),
    [
        (Source(), "UNKNOWN", "not asked yet"),
        (Source(trouble="refused"), "UNKNOWN", "refused"),
        (Source(confirmed=ago(1), trouble="refused"), "UNKNOWN", "refused"),
        (Source(confirmed=ago(1), known=True), "FRESH", ""),
        (Source(confirmed=ago(3.0), known=True), "FRESH", ""),
        (Source(confirmed=ago(3.1), known=True), "STALE", "no sign of life for 3 s"),
        (Source(confirmed=ago(5.0), known=True), "STALE", "no sign of life for 5 s"),
        (Source(confirmed=ago(61), known=True), "LOST", "no sign of life for 61 s"),
        (Source(confirmed=ago(1), known=True, trouble="refused"), "LOST", "refused"),
    ],
)
def test_the_sources_own_trouble_comes_first_then_its_silence(source: Source, state: Standing, reason: str) -> None:
    found = judge(source, NOW, LIMITS)
    assert (found.state, found.reason) == (state, reason)
    assert found.at == (source.confirmed if source.known else None)


def test_age_counts_from_the_last_confirmation() -> None:
    assert Freshness("LOST", ago(12.5)).age(NOW) == 12.5
    assert Freshness("UNKNOWN").age(NOW) is None
    assert Freshness("FRESH", NOW + timedelta(seconds=1)).age(NOW) == 0.0


def test_of_two_the_one_to_be_trusted_less_counts() -> None:
    order = [Freshness(state) for state in ("FRESH", "STALE", "LOST", "UNKNOWN")]
    for earlier, later in pairwise(order):
        assert worse(earlier, later) is worse(later, earlier) is later
    assert worse(order[0], order[0]) is order[0]
