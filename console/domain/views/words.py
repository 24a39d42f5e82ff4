"""How figures and names are said: durations, times, shares, lists, and names cut in the middle.

Every text that came from outside passes `clean` before it is shown: a log line may not move the cursor.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import datetime, tzinfo

ELLIPSIS = "…"

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def duration(seconds: float) -> str:
    """`0.2s`, `21s`, `3m12s`, `1h04m`, `2d3h`; negative counts as zero."""
    seconds = max(0.0, seconds)
    if 0 < seconds < 0.05:
        return "<0.1s"
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole}s"
    if whole < _HOUR:
        return f"{whole // _MINUTE}m{whole % _MINUTE:02d}s"
    if whole < _DAY:
        return f"{whole // _HOUR}h{whole % _HOUR // _MINUTE:02d}m"
    return f"{whole // _DAY}d{whole % _DAY // _HOUR}h"


def whole_duration(seconds: float) -> str:
    """A duration without tenths, for what ticks: `0s`, `4s`, `3m12s`."""
    whole = int(max(0.0, seconds))
    return f"{whole}s" if whole < 10 else duration(whole)


def limit(seconds: float) -> str:
    """A round duration as settings write it: `30s`, `10m`, `1h30m`."""
    whole = round(seconds)
    if seconds < 1 or whole < 1:
        return duration(seconds)
    parts = ((whole // _HOUR, "h"), (whole % _HOUR // _MINUTE, "m"), (whole % _MINUTE, "s"))
    return "".join(f"{n}{unit}" for n, unit in parts if n)


def clock(at: datetime | None, zone: tzinfo, *, seconds: bool = False) -> str:
    """Local time `03:05` or `03:05:09`; `?` when it is not known."""
    if at is None:
        return "?"
    return at.astimezone(zone).strftime("%H:%M:%S" if seconds else "%H:%M")


def day_and_clock(at: datetime, zone: tzinfo, *, now: datetime) -> str:
    """`03:05` today, `Sat 03:05` within a week, else `2026-03-01 03:05`."""
    local, today = at.astimezone(zone), now.astimezone(zone)
    if local.date() == today.date():
        return local.strftime("%H:%M")
    return local.strftime("%a %H:%M" if abs((today.date() - local.date()).days) < 7 else "%Y-%m-%d %H:%M")


def milliseconds(seconds: float) -> str:
    """`42 ms`, `1240 ms`; under one millisecond `<1 ms`."""
    value = seconds * 1000
    return "<1 ms" if value < 0.95 else f"{value:.0f} ms"


def rate(per_second: float) -> str:
    """`0/s`, `0.4/s`, `212/s`, `3.1k/s`."""
    return f"{_figure(per_second)}/s"


def count(number: float) -> str:
    """`41`, `3.1k`, `2.4M`."""
    return _figure(float(number))


def share(part: float) -> str:
    """`0 %`, `0.2 %`, `12 %` of one."""
    percent = part * 100
    if percent == 0 or percent >= 9.95:
        return f"{percent:.0f} %"
    return "<0.1 %" if percent < 0.05 else f"{percent:.1f}".removesuffix(".0") + " %"


def plural(number: int, noun: str, many: str = "") -> str:
    """`1 restart`, `4 restarts`."""
    return f"{number} {noun if number == 1 else many or noun + 's'}"


def listed(items: Iterable[str], *, most: int = 4) -> str:
    """`a`, `a and b`, `a, b and c`; past `most` the rest is counted: `a, b and 7 more`."""
    names = list(items)
    if len(names) > most:
        names = [*names[: most - 1], f"{len(names) - most + 1} more"]
    if len(names) < 2:
        return "".join(names)
    return ", ".join(names[:-1]) + " and " + names[-1]


def clean(text: str) -> str:
    """One line without control characters: line ends become spaces, the rest `·`."""
    if text.isprintable():
        return text
    spaced = " ".join(text.split())
    return "".join(c if c.isprintable() else "·" for c in spaced)


def cells(text: str) -> int:
    """Terminal cells that `text` takes."""
    if text.isascii():
        return len(text)
    return sum(_cells(c) for c in text)


def cut(text: str, width: int) -> str:
    """`text` shortened at its end to at most `width` cells."""
    if cells(text) <= width:
        return text
    return _head(text, width - 1) + ELLIPSIS if width > 0 else ""


def middle(text: str, width: int) -> str:
    """`text` shortened in its middle to at most `width` cells: `traider-ba…7d9f`. The end of a name tells pods apart."""
    if cells(text) <= width:
        return text
    if width < 4:
        return cut(text, width)
    tail = (width - 1) // 2
    return _head(text, width - 1 - tail) + ELLIPSIS + _tail(text, tail)


def pad(text: str, width: int) -> str:
    """`text` cut in the middle or filled with spaces to exactly `width` cells."""
    fitted = middle(text, width)
    return fitted + " " * (width - cells(fitted))


def _figure(value: float) -> str:
    if value == 0:
        return "0"
    if value < 0.05:
        return "<0.1"
    if value < 9.95:
        return f"{value:.1f}".removesuffix(".0")
    for size, unit in ((1e6, "M"), (1e3, "k")):
        if value >= size * 0.9995:
            return f"{value / size:.1f}".removesuffix(".0") + unit
    return f"{value:.0f}"


def _cells(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Cf", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def _head(text: str, width: int) -> str:
    taken = 0
    for index, character in enumerate(text):
        taken += _cells(character)
        if taken > width:
            return text[:index]
    return text


def _tail(text: str, width: int) -> str:
    return _head(text[::-1], width)[::-1]
