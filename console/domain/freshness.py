"""How far a fact can be trusted right now: FRESH, STALE, LOST or UNKNOWN, with its age. Unknown never looks healthy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Standing = Literal["FRESH", "STALE", "LOST", "UNKNOWN"]
SEVERITY: dict[Standing, int] = {"FRESH": 0, "STALE": 1, "LOST": 2, "UNKNOWN": 3}


@dataclass(frozen=True, slots=True)
class Freshness:
    """The standing of one source of facts."""

    state: Standing
    at: datetime | None = None
    """Last moment at which its facts were known to hold, by this console's clock; None when they never were."""
    reason: str = ""
    """Why it is not FRESH; empty when it is."""

    def age(self, now: datetime) -> float | None:
        """Seconds since the facts were known to hold; None when they never were."""
        return None if self.at is None else max(0.0, (now - self.at).total_seconds())


UNKNOWN = Freshness("UNKNOWN", reason="not asked yet")


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds without a sign of life after which a source is STALE, then LOST."""

    stale: float
    lost: float


@dataclass(frozen=True, slots=True)
class Source:
    """What is remembered of one source of facts; `judge` makes its freshness of it."""

    confirmed: datetime | None = None
    """Last sign of life, by this console's clock."""
    trouble: str = ""
    """What the source itself said is wrong, since the last sign of life; empty when nothing is."""
    known: bool = False
    """True once it gave facts at all; trouble before that leaves them UNKNOWN, not LOST."""
    failure: str = ""
    """The last thing that was wrong, kept when it is over."""
    failed_at: datetime | None = None
    """When that was said last, by this console's clock."""


def judge(source: Source, now: datetime, limits: Limits) -> Freshness:
    """The source's freshness at `now`: its own trouble first, then silence."""
    if not source.known or source.confirmed is None:
        return Freshness("UNKNOWN", None, source.trouble or UNKNOWN.reason)
    if source.trouble:
        return Freshness("LOST", source.confirmed, source.trouble)
    silent = (now - source.confirmed).total_seconds()
    if silent > limits.stale:
        return Freshness("LOST" if silent > limits.lost else "STALE", source.confirmed, f"no sign of life for {silent:.0f} s")
    return Freshness("FRESH", source.confirmed)


def worse(one: Freshness, other: Freshness) -> Freshness:
    """The one to be trusted less; `one` where they are equal."""
    return other if SEVERITY[other.state] > SEVERITY[one.state] else one
