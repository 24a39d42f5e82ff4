"""How long things usually take: medians over earlier runs."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median

from console.domain.run import RunRecord, StepState
from console.journal.journal import Journal

RUNS = 20


def usual_seconds(records: Iterable[RunRecord], runbook: str) -> dict[str, float]:
    """Median seconds of each step of `runbook` over the times it was done."""
    seen: dict[str, list[float]] = {}
    for record in records:
        if record.runbook != runbook:
            continue
        for step in record.steps:
            if step.state is StepState.DONE and step.started_at and step.ended_at:
                seen.setdefault(step.name, []).append((step.ended_at - step.started_at).total_seconds())
    return {name: median(values) for name, values in seen.items()}


async def usual(journal: Journal | None, runbook: str) -> dict[str, float]:
    """The same from the journal's newest runs; empty without one."""
    return usual_seconds(await journal.runs(limit=RUNS), runbook) if journal else {}
