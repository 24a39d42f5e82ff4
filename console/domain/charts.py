"""Figures of the slots over a time: what is asked for, and what a metrics server said of it, with gaps as gaps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from console.domain.ids import SlotName
from console.domain.series import Figure, History, Point

CHARTED: tuple[Figure, ...] = ("requests", "errors", "p95")
WINDOWS = (900.0, 3600.0, 21600.0, 86400.0)
"""Seconds that can be looked back."""
POINTS = 180
"""About as many values as a wide terminal can tell apart."""
ALIGNED = 5.0
"""Steps are multiples of this many seconds."""


@dataclass(frozen=True, slots=True)
class ChartRequest:
    """What is asked for; another one is another page."""

    window: float = 3600.0

    @property
    def step(self) -> float:
        """Seconds between two values."""
        return max(ALIGNED, self.window / POINTS // ALIGNED * ALIGNED)


@dataclass(frozen=True)
class ChartPage:
    """The curves of all slots, from `start` to `end`."""

    request: ChartRequest
    start: datetime
    end: datetime
    curves: Mapping[SlotName, Mapping[Figure, History]] = field(default_factory=dict)
    trouble: str = ""
    """Why nothing could be asked."""


def with_absent_failures(errors: History, requests: History) -> History:
    """Without a failure there is no series of failures: where requests were counted and failures were not, the share is 0."""
    counted = {point.at for point in requests.points if point.value}
    if errors.state == "source_error" or not counted:
        return errors
    known = {point.at: point.value for point in errors.points}
    points = tuple(
        Point(each.at, 0.0 if known.get(each.at) is None and each.at in counted else known.get(each.at)) for each in requests.points
    )
    return replace(errors, points=points, state="ok")
