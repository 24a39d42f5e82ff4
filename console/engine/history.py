"""How long things usually take: medians over earlier runs."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median

from console.domain.ids import RunId
from console.domain.run import Entry
from console.journal.journal import Journal

RUNS = 20


def usual_seconds(entries: Iterable[Entry], runbook: str) -> dict[str, float]:
    """Median seconds of each step of `runbook` over the times it was done, from `run.opened` and `step.result` entries."""
    ours: set[RunId | None] = set()
    seen: dict[str, list[float]] = {}
    for entry in entries:
        if entry.type == "run.opened" and entry.body.get("runbook") == runbook:
            ours.add(entry.run)
        seconds = entry.body.get("seconds")
        if entry.run in ours and entry.body.get("outcome") == "done" and isinstance(seconds, int | float):
            seen.setdefault(str(entry.body.get("step")), []).append(float(seconds))
    return {name: median(values) for name, values in seen.items()}


async def usual(journal: Journal | None, runbook: str) -> dict[str, float]:
    """The same from the journal's newest runs; empty without one."""
    return usual_seconds(await journal.entries_of_runs(RUNS, ("run.opened", "step.result")), runbook) if journal else {}
