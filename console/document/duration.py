"""Durations as people write them: `15m`, `1m30s`, `500ms`."""

from __future__ import annotations

import re

_UNITS = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_PART = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)(ms|[dhms])", re.ASCII)
_WHOLE = re.compile(rf"(?:{_PART.pattern})+", re.ASCII)

EXAMPLES = "write it like 30s, 10m, 1m30s, 500ms or 2h"


def seconds(text: str) -> float:
    """Seconds of a duration; units go from large to small, each once. Raises ValueError with the reason."""
    if not _WHOLE.fullmatch(text):
        raise ValueError(_fault(text))
    parts = [(float(amount), unit) for amount, unit in _PART.findall(text)]
    order = [list(_UNITS).index(unit) for _, unit in parts]
    if sorted(set(order)) != order:
        raise ValueError(f"{text!r} does not go from large units to small ones: {EXAMPLES}")
    return sum(amount * _UNITS[unit] for amount, unit in parts)


def _fault(text: str) -> str:
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        return f"{text!r} has no unit: write {text}s or {text}m"
    if clock := re.fullmatch(r"([0-9]+):([0-9]+)", text):
        return f"{text!r} is a time of day, not a duration: write {int(clock[1])}m{int(clock[2])}s or {int(clock[1])}h{int(clock[2])}m"
    return f"{text!r} is not a duration: {EXAMPLES}"
