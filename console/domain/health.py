"""Answers of health checks, and what counts as healthy (SAFETY 2, last rows)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from console.domain.ids import ComponentName

ProbeLabel = Literal["ok", "timeout", "refused", "dns", "tls", "reset", "status", "body", "release", "skipped"]


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """One check asked once."""

    check: str
    component: ComponentName
    ok: bool | None
    """None: the probe was skipped, which is neither pass nor failure."""
    label: ProbeLabel
    detail: str = ""
    """`503`, `database.status is "down", not "healthy"`, `connection refused`."""
    status: int | None = None
    latency: float | None = None
    """Seconds."""
    release: str = ""
    """Release that the answer named; empty when the application does not say."""
    url: str = ""
    at: datetime | None = None
    pod: str = ""
    """Pod that was asked through the API server; empty when a URL was asked."""

    @property
    def said(self) -> str:
        """`backend database: database.status is "down"`."""
        return f"{self.component} {self.check}: {self.detail or self.label}"


JITTER_SECONDS, JITTER_SHARE = 0.05, 0.5
"""Latencies that differ by no more than the larger of the two (the share is of the one that is shown) count as the same."""
CheckKey = tuple[ComponentName, str]


@dataclass(frozen=True, slots=True)
class Tally:
    """One check over time: its latest verdict and for how long it has been the same."""

    latest: ProbeResult
    """Of several pods asked at once, one that stands for the verdict."""
    passed: int = 0
    """Rounds passed in a row."""
    failed: int = 0
    """Rounds failed in a row."""
    since: datetime | None = None
    """When the row began."""
    typical: float | None = None
    """Seconds that answers take; moves only when one took notably less or more, so that a screen does not flicker over jitter."""

    @property
    def ok(self) -> bool | None:
        """The verdict of the row; None while every round was skipped."""
        return True if self.passed else False if self.failed else None


def tally(previous: Mapping[CheckKey, Tally], results: Iterable[ProbeResult]) -> dict[CheckKey, Tally]:
    """The tallies after one more round. One success ends a row of failures and the other way round; a skip changes nothing.

    Several pods of one component are one verdict: it fails when at least half of those that answered or failed did.
    """
    after = dict(previous)
    for key, group in _grouped(results).items():
        after[key] = _counted(after.get(key), _verdict(group))
    return after


def _grouped(results: Iterable[ProbeResult]) -> dict[CheckKey, list[ProbeResult]]:
    groups: dict[CheckKey, list[ProbeResult]] = {}
    for result in results:
        groups.setdefault((result.component, result.check), []).append(result)
    return groups


def _verdict(group: list[ProbeResult]) -> ProbeResult:
    failed = [result for result in group if result.ok is False]
    passed = [result for result in group if result.ok is True]
    if failed and len(failed) >= len(passed):
        return failed[0]
    return passed[0] if passed else group[0]


def _counted(before: Tally | None, result: ProbeResult) -> Tally:
    known = before or Tally(result)
    typical = _typical(known.typical, result.latency)
    match result.ok:
        case None:
            return Tally(result, known.passed, known.failed, known.since, known.typical)
        case True:
            return Tally(result, known.passed + 1, 0, known.since if known.passed else result.at, typical)
        case False:
            return Tally(result, 0, known.failed + 1, known.since if known.failed else result.at, typical)


def _typical(before: float | None, latency: float | None) -> float | None:
    if before is None or latency is None:
        return before if latency is None else latency
    return latency if abs(latency - before) > max(JITTER_SECONDS, before * JITTER_SHARE) else before
