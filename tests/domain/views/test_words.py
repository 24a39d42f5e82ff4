"""How figures and names are said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from console.domain.views import words

NOW = datetime(2026, 3, 1, 2, 41, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-3, "0.0s"),
        (0.24, "0.2s"),
        (9.94, "9.9s"),
        (9.96, "10s"),
        (59.4, "59s"),
        (59.6, "1m00s"),
        (192, "3m12s"),
        (3840, "1h04m"),
        (183600, "2d3h"),
    ],
)
def test_durations(seconds: float, said: str) -> None:
    assert words.duration(seconds) == said


@pytest.mark.parametrize(("seconds", "said"), [(0.9, "0s"), (4.99, "4s"), (59.9, "59s"), (192.9, "3m12s")])
def test_what_ticks_counts_whole_seconds_that_have_passed(seconds: float, said: str) -> None:
    assert words.whole_duration(seconds) == said


@pytest.mark.parametrize(("seconds", "said"), [(0.5, "0.5s"), (30, "30s"), (600, "10m"), (5400, "1h30m"), (3661, "1h1m1s")])
def test_limits_as_settings_write_them(seconds: float, said: str) -> None:
    assert words.limit(seconds) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "0/s"), (0.01, "<0.1/s"), (0.42, "0.4/s"), (5, "5/s"), (212.3, "212/s"), (999.9, "1k/s"), (3120, "3.1k/s"), (2.4e6, "2.4M/s")],
)
def test_rates(value: float, said: str) -> None:
    assert words.rate(value) == said


@pytest.mark.parametrize(("part", "said"), [(0, "0 %"), (0.0001, "<0.1 %"), (0.002, "0.2 %"), (0.05, "5 %"), (0.123, "12 %"), (1, "100 %")])
def test_shares(part: float, said: str) -> None:
    assert words.share(part) == said


@pytest.mark.parametrize(("seconds", "said"), [(0.0002, "<1 ms"), (0.042, "42 ms"), (1.24, "1240 ms")])
def test_latencies(seconds: float, said: str) -> None:
    assert words.milliseconds(seconds) == said


@pytest.mark.parametrize(
    ("before", "said"), [(timedelta(minutes=5), "02:36"), (timedelta(days=2), "Fri 02:41"), (timedelta(days=30), "2026-01-30 02:41")]
)
def test_moments_name_the_day_only_where_it_is_another(before: timedelta, said: str) -> None:
    assert words.day_and_clock(NOW - before, UTC, now=NOW) == said


def test_lists_count_what_they_leave_out() -> None:
    assert [words.listed("ab"[:n]) for n in range(3)] == ["", "a", "a and b"]
    assert words.listed("abcdefg", most=4) == "a, b, c and 4 more"


def test_names_are_cut_in_the_middle_because_their_ends_tell_pods_apart() -> None:
    assert words.middle("traider-backend-green-7d9f-x2", 16) == "traider-…7d9f-x2"
    assert words.middle("short", 16) == "short"


def test_control_characters_of_others_do_not_reach_the_terminal() -> None:
    assert words.clean("a\x1b[2Jb\r\n\tc\x07") == "a·[2Jb c·"


@given(some.text(), some.integers(0, 60))
def test_nothing_is_wider_than_its_place(text: str, width: int) -> None:
    clean = words.clean(text)
    assert words.cells(words.cut(clean, width)) <= width
    assert words.cells(words.middle(clean, width)) <= width
    assert words.cells(words.pad(clean, width)) == width
    assert clean.isprintable()
