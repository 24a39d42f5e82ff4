"""Rings once for each question that waits for a person."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from console.domain.ids import RunId
from console.domain.run import RunRecord


class Doorbell:
    def __init__(self, ring: Callable[[], object]) -> None:
        self._ring = ring
        self._heard: set[tuple[RunId, str, datetime | None]] = set()

    def hear(self, runs: Iterable[RunRecord]) -> None:
        """Ring when a question is among these that was not there before."""
        waiting = {(run.id, run.question.step, run.question.asked_at) for run in runs if run.question}
        if waiting - self._heard:
            self._ring()
        self._heard = waiting
