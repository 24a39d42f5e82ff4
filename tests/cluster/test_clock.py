"""Server time from `Date` headers that are cut to seconds and arrive late."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.cluster.clock import ServerClock

START = datetime(2036, 3, 1, 2, 0, tzinfo=UTC).timestamp()


def date(server_seconds: float) -> str:
    return format_datetime(datetime.fromtimestamp(int(server_seconds), UTC), usegmt=True)


def test_nothing_is_known_before_the_first_answer_or_from_a_broken_header() -> None:
    clock = ServerClock()
    clock.learn("yesterday", sent=0, received=1)
    assert not clock.known
    assert clock.at(5) is None


@given(st.lists(st.tuples(st.floats(0.0, 0.2), st.floats(0.01, 3.0)), min_size=1, max_size=40), st.floats(0, 1))
def test_the_estimate_is_never_further_off_than_one_answer_allows(answers: list[tuple[float, float]], fraction: float) -> None:
    clock, mine = ServerClock(), 100.0
    for latency, pause in answers:
        mine += pause
        truth = START + fraction + mine + latency / 2
        clock.learn(date(truth), sent=mine, received=mine + latency)
    told = clock.at(mine)
    assert told is not None
    assert abs(told.timestamp() - (START + fraction + mine)) <= 0.5 + 0.2


def test_many_answers_make_it_exact() -> None:
    clock = ServerClock()
    for number in range(200):
        mine = 50 + number * 1.0137
        clock.learn(date(START + 0.4321 + mine), sent=mine, received=mine + 0.002)
    told = clock.at(300.0)
    assert told is not None
    assert told.timestamp() == pytest.approx(START + 0.4321 + 300.0, abs=0.02)


def test_a_clock_that_was_set_is_followed() -> None:
    clock = ServerClock()
    clock.learn(date(START), sent=10, received=10.01)
    clock.learn(date(START + 3600), sent=11, received=11.01)
    told = clock.at(11.0)
    assert told is not None
    assert told.timestamp() == pytest.approx(START + 3600, abs=0.6)
