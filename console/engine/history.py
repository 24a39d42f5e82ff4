"""How long things usually take: medians over earlier runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from console.domain.entry import Entry, EntryType
from console.domain.ids import RunId
from console.domain.views.readiness import Basis, Estimate
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


@dataclass(frozen=True)
class BackTimes:
    """Seconds until users were back, as this environment's journal tells; None where nothing was measured."""

    warm: Estimate | None = None
    recorded: Estimate | None = None


BACK_RUNS = 50
BACK_TYPES: tuple[EntryType, ...] = ("run.opened", "step.result")
SWITCH, APPLY = "traffic.switch", "slots.apply"


def back_seconds(entries: Iterable[Entry]) -> BackTimes:
    """Medians of ways back, from their start to the end of their switch. Without one, a warm slot's is that of the switches alone."""
    opened: dict[RunId | None, datetime] = {}
    applied: set[RunId | None] = set()
    warm: list[float] = []
    recorded: list[float] = []
    switches: list[float] = []
    for entry in entries:
        if entry.type == "run.opened" and entry.body.get("direction") == "back":
            opened[entry.run] = entry.at
        elif entry.body.get("outcome") == "done" and entry.body.get("step") == APPLY:
            applied.add(entry.run)
        elif entry.body.get("outcome") == "done" and entry.body.get("step") == SWITCH:
            seconds = entry.body.get("seconds")
            switches += [float(seconds)] if isinstance(seconds, int | float) else []
            if entry.run in opened:
                (recorded if entry.run in applied else warm).append((entry.at - opened[entry.run]).total_seconds())
    return BackTimes(_estimate(warm, "ways back") or _estimate(switches, "switches"), _estimate(recorded, "ways back"))


async def back_times(journal: Journal) -> BackTimes:
    """The same from the journal's newest runs."""
    return back_seconds(await journal.entries_of_runs(BACK_RUNS, BACK_TYPES))


def _estimate(seconds: list[float], basis: Basis) -> Estimate | None:
    return Estimate(median(seconds), len(seconds), basis) if seconds else None
