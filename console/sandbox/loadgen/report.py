"""What the load generator saw: every request's outcome, and the counts made of them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class Outcome(Enum):
    """How a request ended, as its user would tell it."""

    OK = "ok"
    REFUSED = "connect refused"
    RESET = "reset"
    """The connection was closed or reset before the answer was complete."""
    TIMEOUT = "timeout"
    STATUS = "http status"
    WRONG_BODY = "wrong body"


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One request."""

    at: float
    """Seconds since the load began at which it was sent."""
    seconds: float
    outcome: Outcome
    fresh: bool
    """Sent on a connection of its own, rather than on a pooled one."""
    status: int | None = None
    release: str = ""
    slot: str = ""
    pod: str = ""
    detail: str = ""
    reconnected: bool = False
    """A pooled connection had been closed by the server; the request was sent again on a new one."""

    def describe(self) -> str:
        """One line for a person."""
        kind = "fresh" if self.fresh else "pooled"
        who = f" from {self.slot or 'nobody'} {self.release}".rstrip()
        return f"at {self.at:.3f} s, {kind}: {self.outcome.value}{f' {self.status}' if self.status else ''}{who} {self.detail}".rstrip()


@dataclass(frozen=True)
class Report:
    """All requests so far, in the order in which they ended."""

    samples: Sequence[Sample]

    @property
    def sent(self) -> int:
        return len(self.samples)

    @property
    def failures(self) -> Sequence[Sample]:
        """Every request that was not answered well."""
        return [sample for sample in self.samples if sample.outcome is not Outcome.OK]

    @property
    def reconnects(self) -> int:
        """Requests that found their pooled connection closed."""
        return sum(sample.reconnected for sample in self.samples)

    def outcomes(self) -> Counter[Outcome]:
        return Counter(sample.outcome for sample in self.samples)

    def statuses(self) -> Counter[int]:
        """HTTP statuses of the answers that came."""
        return Counter(sample.status for sample in self.samples if sample.status is not None)

    def by_slot(self) -> Counter[str]:
        """Answers by the slot that gave them."""
        return Counter(sample.slot for sample in self.samples if sample.status is not None)

    def by_release(self) -> Counter[str]:
        """Answers by the release that gave them."""
        return Counter(sample.release for sample in self.samples if sample.status is not None)

    def failures_by_slot(self) -> Counter[tuple[str, Outcome]]:
        """Failures by slot (empty where nobody answered) and kind."""
        return Counter((sample.slot, sample.outcome) for sample in self.failures)

    def between(self, start: float, end: float) -> Report:
        """Only the requests sent in this span, in seconds since the load began."""
        return Report([sample for sample in self.samples if start <= sample.at < end])

    def fresh(self) -> Report:
        """Only the requests on connections of their own: what a new user sees."""
        return Report([sample for sample in self.samples if sample.fresh])

    def latency(self, quantile: float) -> float:
        """Seconds under which this share of the good answers came; NaN when there were none."""
        good = sorted(sample.seconds for sample in self.samples if sample.outcome is Outcome.OK)
        return good[min(len(good) - 1, math.ceil(quantile * len(good)) - 1)] if good else math.nan

    def __str__(self) -> str:
        slots = ", ".join(f"{slot or 'single'} {count}" for slot, count in sorted(self.by_slot().items()))
        failed = self.failures
        text = (
            f"{self.sent} requests, {len(failed)} failed, {self.reconnects} reconnects; answered by {slots or 'nobody'}; "
            f"p50 {self.latency(0.5) * 1000:.1f} ms, p95 {self.latency(0.95) * 1000:.1f} ms"
        )
        return "\n  ".join([text, *(sample.describe() for sample in failed[:10])])
