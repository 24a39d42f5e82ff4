"""All runbooks of a folder, read and checked against the actions. A mistake in one of them does not stand in the way of the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from console.document.problems import ConfigError, Problem, Problems, did_you_mean, in_order
from console.domain.change import canonical_digest
from console.domain.errors import UsageError
from console.domain.runbook import Runbook, Step
from console.engine.runbook_file import WrittenRunbook, read_runbook
from console.engine.runbook_rules import ActionSpec, check_rules


@dataclass(frozen=True)
class Catalogue:
    """The runbooks by name."""

    runbooks: Mapping[str, Runbook]
    broken: Mapping[str, tuple[Problem, ...]] = field(default_factory=dict)
    """Mistakes of the runbooks that cannot be used, by the file's name without its ending."""

    def runbook(self, name: str) -> Runbook:
        """Raises ConfigError when its file has mistakes, UsageError when there is none of that name."""
        if name in self.broken:
            raise ConfigError(self.broken[name])
        if name not in self.runbooks:
            near = did_you_mean(name, sorted(self.runbooks))
            raise UsageError(f"there is no runbook {name!r}", hint=near[:1].upper() + near[1:])
        return self.runbooks[name]


def load_catalogue(files: Iterable[Path], actions: Mapping[str, ActionSpec]) -> Catalogue:
    """Reads every file; never raises for what is in them."""
    readings = _read(files, actions)
    return Catalogue(
        runbooks={w.runbook.name: _with_digest(w.runbook) for _, w, problems in readings if w and not problems.errors},
        broken={file.stem: problems.errors for file, _, problems in readings if problems.errors},
    )


def check_runbooks(files: Iterable[Path], actions: Mapping[str, ActionSpec]) -> tuple[Problem, ...]:
    """Every mistake of every file."""
    return in_order(p for _, _, problems in _read(files, actions) for p in problems.found)


def _read(files: Iterable[Path], actions: Mapping[str, ActionSpec]) -> list[tuple[Path, WrittenRunbook | None, Problems]]:
    readings = []
    for file in files:
        problems = Problems()
        written = read_runbook(file, problems)
        if written:
            check_rules(written, actions, problems)
        readings.append((file, written, problems))
    known = {w.runbook.name: w.runbook for _, w, _ in readings if w}
    for _, written, problems in readings:
        if written:
            _check_on_failure(written, known, problems)
    return readings


def _check_on_failure(written: WrittenRunbook, known: Mapping[str, Runbook], problems: Problems) -> None:
    wanted = written.runbook.on_failure
    if not wanted or written.on_failure is None:
        return
    if wanted not in known:
        problems.error(written.on_failure, f"there is no runbook {wanted!r}", did_you_mean(wanted, sorted(known)))
    elif known[wanted].direction != "back":
        problems.error(written.on_failure, f"the runbook {wanted!r} is no way back", f"write direction: back into {wanted}.yml")


def _with_digest(runbook: Runbook) -> Runbook:
    return replace(runbook, digest=digest(runbook))


def digest(runbook: Runbook) -> str:
    """sha256 of the content; comments, layout and the file's place do not count."""
    inputs = [[i.name, i.type, i.required, i.default, i.help, list(i.choices)] for i in runbook.inputs]
    head = [runbook.name, runbook.title, runbook.description, runbook.on_failure, runbook.direction]
    return canonical_digest([head, inputs, [_content(step) for step in runbook.steps]])


def _content(step: Step) -> list[object]:
    declared = [*([step.effect] if step.effect else []), *(["required"] if step.required else [])]
    return [
        step.kind, step.name, step.action, step.title, dict(step.params), step.within, step.duration, step.question, step.confirm, step.key,
        step.when, step.phase, step.note, step.point_of_no_return, *declared,
    ]  # fmt: skip
