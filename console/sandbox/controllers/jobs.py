"""The arithmetic of a Job: how many pods should run now, and whether it is over. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from console.sandbox.apiserver.resources import Object

FIRST_BACKOFF: Final = timedelta(seconds=10)
LONGEST_BACKOFF: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What became of a Job's pods so far."""

    active: int
    succeeded: int
    failed: int
    restarts: int = 0
    """Restarts of containers in pods that are not over, for restartPolicy OnFailure."""
    last_failure: datetime | None = None
    consecutive_failures: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a Job is over."""

    condition: str
    """Complete or Failed."""
    reason: str
    message: str


COMPLETED: Final = Verdict("Complete", "CompletionsReached", "Reached expected number of succeeded pods")
TOO_MANY_FAILURES: Final = Verdict("Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
TOO_LATE: Final = Verdict("Failed", "DeadlineExceeded", "Job was active longer than specified deadline")


def verdict(spec: Object, tally: Tally, *, started: datetime, now: datetime) -> Verdict | None:
    """Whether the Job is over, failures first."""
    limit = spec["backoffLimit"]
    deadline = spec.get("activeDeadlineSeconds")
    if tally.failed > limit:
        return TOO_MANY_FAILURES
    if spec["template"]["spec"].get("restartPolicy") == "OnFailure" and tally.restarts > 0 and tally.restarts >= max(limit, 1):
        return TOO_MANY_FAILURES
    if deadline is not None and (now - started).total_seconds() >= deadline:
        return TOO_LATE
    completions = spec.get("completions")
    if completions is None:
        return COMPLETED if tally.succeeded > 0 and tally.active == 0 else None
    return COMPLETED if tally.succeeded >= completions else None


def wanted_active(spec: Object, tally: Tally) -> int:
    """How many pods should run at this moment."""
    if spec.get("suspend"):
        return 0
    parallelism: int = spec["parallelism"]
    completions = spec.get("completions")
    if completions is None:
        return tally.active if tally.succeeded else parallelism
    return min(int(completions) - tally.succeeded, parallelism)


def backoff(tally: Tally, now: datetime) -> float:
    """Seconds before the next pod may be created after failures in a row: 10, 20, 40 … up to ten minutes."""
    if not tally.consecutive_failures or tally.last_failure is None:
        return 0.0
    pause: timedelta = min(LONGEST_BACKOFF, FIRST_BACKOFF * 2 ** (tally.consecutive_failures - 1))
    return max(0.0, (tally.last_failure + pause - now).total_seconds())


def last_end(pod: Object) -> str:
    """When the last container of a finished pod ended, else when the pod was to be deleted or came to be."""
    ends: Sequence[str] = [
        end
        for each in pod["status"].get("containerStatuses", ())
        if (end := (each.get("state", {}).get("terminated") or {}).get("finishedAt"))
    ]
    fallback: str = pod["metadata"].get("deletionTimestamp") or pod["metadata"]["creationTimestamp"]
    return max(ends, default=fallback)
