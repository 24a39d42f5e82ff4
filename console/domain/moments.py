"""Points in time that people name ahead: `15m` from now, or half an hour after the market opens (`09:00+30m`)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

_UNITS = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)([dhms])")
_DURATION = re.compile(rf"(?:{_PART.pattern})+")
_CLOCK = re.compile(r"(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?:\s*\+\s*(?P<offset>\S+))?")


def duration(text: str) -> timedelta:
    """`15m`, `1h30m`; raises ValueError with an example."""
    if not _DURATION.fullmatch(text):
        raise ValueError(f"{text!r} is not a duration: write it like 30s, 15m or 1h30m")
    return timedelta(seconds=sum(float(amount) * _UNITS[unit] for amount, unit in _PART.findall(text)))


def absolute(text: str, *, now: datetime, time_zone: str = "UTC") -> datetime:
    """The moment that `text` means at `now` (aware): a clock time is the next one of that zone, its offset counts from there.

    Raises ValueError for what is neither a duration nor a clock time, or an unknown zone.
    """
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        return now + duration(text.strip())
    zone = _zone(time_zone)
    local = now.astimezone(zone)
    offset = duration(match["offset"]) if match["offset"] else timedelta()
    at = local.replace(hour=int(match["hour"]), minute=int(match["minute"]), second=0, microsecond=0)
    if at + offset <= local:
        at = (at.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=zone)
    return at.astimezone(now.tzinfo) + offset


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as problem:
        raise ValueError(f"{name!r} is not a time zone: write it like Europe/Berlin") from problem


def spoken(seconds: float) -> str:
    """`1 s`, `40 s`, `3m12s`, `1h05m`: for sentences."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}m" + (f"{whole % 60:02d}s" if whole % 60 else "")
    return f"{whole // 3600}h" + (f"{whole % 3600 // 60:02d}m" if whole % 3600 >= 60 else "")


def local_time(at: datetime, time_zone: str) -> str:
    """`2026-03-03 09:30 CET`."""
    return f"{at.astimezone(_zone(time_zone)):%Y-%m-%d %H:%M %Z}"
