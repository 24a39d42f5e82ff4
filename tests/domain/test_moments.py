from __future__ import annotations

from datetime import UTC, datetime

import pytest

from console.domain.moments import absolute, duration, local_time, spoken

WINTER = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("15m", 900), ("1h30m", 5400), ("1.5h", 5400), ("2d", 172_800)])
def test_durations(text: str, seconds: float) -> None:
    assert duration(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "15", "m", "-5m", "15 m", "1h x"])
def test_what_is_no_duration_is_told_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="write it like 30s, 15m or 1h30m"):
        duration(text)


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("15m", "UTC", "2026-03-03T12:15:00+00:00"),
        ("13:30", "UTC", "2026-03-03T13:30:00+00:00"),
        ("11:30", "UTC", "2026-03-04T11:30:00+00:00"),
        ("11:45+30m", "UTC", "2026-03-03T12:15:00+00:00"),
        ("12:00", "UTC", "2026-03-04T12:00:00+00:00"),
        ("09:30 + 30m", "America/New_York", "2026-03-03T15:00:00+00:00"),
        ("09:00+30m", "Asia/Tokyo", "2026-03-04T00:30:00+00:00"),
    ],
)
def test_a_moment_is_absolute(text: str, zone: str, expected: str) -> None:
    assert absolute(text, now=WINTER, time_zone=zone).isoformat() == expected


def test_the_market_opens_by_its_own_clock_on_the_day_the_clocks_change() -> None:
    friday = datetime(2026, 3, 7, 22, 0, tzinfo=UTC)  # New York: -5 h, from the next day on -4 h
    assert absolute("09:30", now=friday, time_zone="America/New_York").isoformat() == "2026-03-08T13:30:00+00:00"


def test_an_unknown_zone_is_told() -> None:
    with pytest.raises(ValueError, match="'Mars/Base' is not a time zone"):
        absolute("09:00", now=WINTER, time_zone="Mars/Base")


def test_a_clock_time_that_does_not_exist_is_no_moment() -> None:
    with pytest.raises(ValueError, match="not a duration"):
        absolute("25:00", now=WINTER)


@pytest.mark.parametrize(("seconds", "said"), [(0.2, "0 s"), (40, "40 s"), (60, "1m"), (192, "3m12s"), (3600, "1h"), (3900, "1h05m")])
def test_spoken(seconds: float, said: str) -> None:
    assert spoken(seconds) == said


def test_local_time_names_its_zone() -> None:
    assert local_time(WINTER, "Europe/Berlin") == "2026-03-03 13:00 CET"
