"""Whether the way back could be taken right now: its plan, made and checked all the time, and how long ways back took here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from console.domain.rollback import SWITCH_SECONDS, Target
from console.domain.views.words import duration, plural

Basis = Literal["ways back", "switches"]

OLD = 60.0
"""Seconds after which a check is said to be old."""


@dataclass(frozen=True)
class Estimate:
    """Median of what was measured in this environment."""

    seconds: float
    runs: int
    basis: Basis


@dataclass(frozen=True)
class Readiness:
    """The rollback plan as it was made last."""

    checked_at: datetime
    """By this console's clock."""
    slot: str = ""
    """Slot and release that it goes back to; empty when there is nothing to go to."""
    release: str = ""
    blocked: tuple[str, ...] = ()
    """What would stop it now: rights, a hold, the schema, the target's health."""
    warnings: tuple[str, ...] = ()
    problem: str = ""
    """Why it could not be planned at all."""
    warm: Estimate | None = None
    """Seconds until users were back on a warm slot; None where none was measured here."""
    recorded: Estimate | None = None
    """The same where the release had to be applied first."""

    def of(self, target: Target) -> bool:
        """It is about this target."""
        return (self.slot, self.release) == (str(target.slot), str(target.release or ""))


def seconds_back(readiness: Readiness | None, target: Target) -> float | None:
    """Until users are back: as it was measured here, else what the target tells."""
    known = _estimate(readiness, target)
    return known.seconds if known else target.seconds


def estimate_words(readiness: Readiness | None, target: Target) -> str:
    """`about 1s, as 3 ways back here took`, or that it is assumed."""
    seconds = seconds_back(readiness, target)
    if seconds is None:
        return "time unknown: nothing was measured here yet"
    known = _estimate(readiness, target)
    if known is None:
        how = "assumed: no way back was taken here yet" if target.kind == "warm" else "from how long the running pods took to start"
    elif known.basis == "ways back":
        how = f"as {plural(known.runs, 'way', 'ways')} back here took"
    else:
        how = f"as {plural(known.runs, 'switch', 'switches')} here took; no way back was taken yet"
    return f"about {rounded(seconds)}, {how}"


def assumed(readiness: Readiness | None, target: Target) -> bool:
    """Nothing was measured that it could come from; only said once somebody looked."""
    return readiness is not None and target.kind == "warm" and _estimate(readiness, target) is None and target.seconds == SWITCH_SECONDS


def rounded(seconds: float) -> str:
    """`1s`, `40s`, `3m12s`: an estimate has no tenths, and nothing takes no time."""
    return f"{max(1, round(seconds))}s" if seconds < 10 else duration(seconds)


def _estimate(readiness: Readiness | None, target: Target) -> Estimate | None:
    if readiness is None:
        return None
    return readiness.warm if target.kind == "warm" else readiness.recorded
