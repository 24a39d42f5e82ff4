"""The points at which a runner is killed: every record of an undisturbed run, before and after it, and everything between two records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from console.domain.entry import Entry

PER_STEP = 2
"""Kills within one step that a run has to survive; the third leaves it to a person."""
_UNSTEADY = ("run.opened", "step.progress", "run.note")
"""Entries that come before a runner, or as often as it looks."""
_DANGEROUS = ("wrote", "effect", "after step.intent", "before step.result", "before step.intent")


def points_of(entries: Iterable[Entry], passed: Iterable[str]) -> tuple[str, ...]:
    """All points of a run, from its record and from what its runner passed, in order."""
    records = [f"{e.type} {e.body['step']}" if e.body.get("step") else e.type for e in entries if e.type not in _UNSTEADY]
    recorded = {f"{when} {record}" for record in records for when in ("before", "after")}
    between = {p for p in passed if p.startswith(("effect ", "wrote "))}
    return tuple(dict.fromkeys(p for p in passed if p in recorded | between))


def unpassed(entries: Iterable[Entry], passed: Iterable[str]) -> set[str]:
    """Records that no runner announced: there the kill points would have a hole."""
    seen = set(passed)
    records = {f"{e.type} {e.body['step']}" if e.body.get("step") else e.type for e in entries if e.type not in _UNSTEADY}
    return {r for r in records if not {f"before {r}", f"after {r}"} <= seen}


def passes(points: Sequence[str]) -> list[tuple[str, ...]]:
    """The points in rounds of at most two for each step, the most dangerous ones first."""
    by_step: dict[str, list[str]] = {}
    for point in sorted(points, key=_danger):
        by_step.setdefault(step_of(point), []).append(point)
    rounds = max(len(each) for each in by_step.values())
    cut = [[p for each in by_step.values() for p in each[n : n + PER_STEP]] for n in range(0, rounds, PER_STEP)]
    return [tuple(sorted(each, key=points.index)) for each in cut]


def step_of(point: str) -> str:
    """The step that a point belongs to: `traffic.switch` of `wrote traffic.switch Service shop`; empty for the run's own records."""
    words = point.split()
    match words:
        case ["before" | "after", _, step] | ["effect", step] | ["wrote", step, *_]:
            return step
        case _:
            return ""


def _danger(point: str) -> int:
    return next((i for i, start in enumerate(_DANGEROUS) if point.startswith(start)), len(_DANGEROUS))


@dataclass
class Watch:
    """What the runner's process does at its points: note them, and act at the first one that is wanted and allowed."""

    act: Callable[[str], None]
    note: Callable[[str], None]
    wanted: frozenset[str] = frozenset()
    spent: frozenset[str] = frozenset()
    """Steps in which runners died often enough."""
    begun: str = field(default="", init=False)
    """Step that this runner has begun and not ended in the record: if it dies now, it dies in it."""
    writing: str = field(default="", init=False)
    _batch: list[str] = field(default_factory=list, init=False)
    _acted: bool = field(default=False, init=False)

    def passed(self, point: str) -> None:
        """The trace of the engine."""
        self.note(point)
        self._learn(point)
        if point in self.wanted and self.begun not in self.spent and not self._acted:
            self._acted = True
            self.act(point)

    def wrote(self, kind: str, name: str) -> None:
        """A write was answered, leases apart."""
        self.passed(f"wrote {self.writing} {kind} {name}")

    def _learn(self, point: str) -> None:
        """All records of one append are durable at the first `after` of them."""
        when, _, record = point.partition(" ")
        if when == "before":
            self._batch.append(record)
        elif when == "after":
            for each in self._batch:
                self._written(each.split())
            self._batch.clear()
        if point.startswith("before step.intent "):
            self.writing = point.split()[-1]

    def _written(self, record: list[str]) -> None:
        match record:
            case ["step.started" | "step.intent", step]:
                self.begun = step
            case ["step.result", _]:
                self.begun = ""
            case _:
                pass


def first_of_all(points: Sequence[str], *, changes: frozenset[str]) -> tuple[str, ...]:
    """What a short test kills at: both sides of each effect in the steps that change something, one record of every other step."""
    chosen: dict[str, list[str]] = {}
    for point in sorted(points, key=_danger):
        mine = chosen.setdefault(step_of(point), [])
        if len(mine) < (PER_STEP if step_of(point) in changes else 1):
            mine.append(point)
    return tuple(p for p in points if any(p in each for each in chosen.values()))
