"""Calls a person once for each question that waits for one, and for each run that ended needing an operator."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from console.domain.ids import RunId
from console.domain.run import RunRecord

Call = tuple[RunId, str, datetime | None]


class Doorbell:
    """`ring` is given the run that needs somebody."""

    def __init__(self, ring: Callable[[RunRecord], object]) -> None:
        self._ring = ring
        self._heard: set[Call] | None = None

    def hear(self, runs: Iterable[RunRecord]) -> None:
        """Ring when somebody is needed who was not before. A run that had ended before the console looked rings for nobody."""
        calls = {call: run for run in runs if (call := _call(run))}
        for call, run in calls.items():
            new = run.question is not None if self._heard is None else call not in self._heard
            if new:
                self._ring(run)
        self._heard = set(calls)


def _call(run: RunRecord) -> Call | None:
    if run.question:
        return run.id, run.question.step, run.question.asked_at
    return (run.id, "needs_operator", run.closed_at) if run.outcome == "needs_operator" else None
