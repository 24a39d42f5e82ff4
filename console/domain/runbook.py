"""A procedure as data: named steps that can be read aloud.

Values only. `console.engine.catalogue` reads them from YAML and checks them against the actions; the runner walks them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

StepKind = Literal["check", "do", "gate", "wait"]
InputType = Literal["release", "text", "component", "slot", "duration", "number", "choice"]
Effect = Literal["observe", "transactional", "check_then_act", "keyed", "at_most_once", "manual"]
Confirm = Literal["key", "name", "phrase"]
MANUAL = "manual"
"""The step that people do: it states a challenge and expects the observed value."""
COMMAND = "command"
"""The step that runs the team's own command."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where something was read: lines and columns count from 1."""

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Input:
    """A value fixed and journaled when the run starts."""

    name: str
    type: InputType
    required: bool = True
    default: str | None = None
    help: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """One entry of a runbook."""

    kind: StepKind
    name: str
    """Unique within the runbook: the action's name, made unique by a number where it repeats (`health.slot`, `health.slot#2`)."""
    action: str = ""
    """Registry name for check and do; empty for gate and wait."""
    title: str = ""
    """What the person on call reads: verb + object."""
    params: Mapping[str, object] = field(default_factory=dict)
    """As written: `$name` stands for an input, slot words (`preview`, `previous`, `active`) are resolved when the run starts."""
    within: float | None = None
    """Deadline in seconds; None takes the action's own."""
    duration: str = ""
    """Bake time of a wait: a duration (`15m`) or `$input` or a setting's name (`bake`)."""
    question: str = ""
    """Text of a gate."""
    confirm: Confirm = "key"
    key: str = ""
    """The verb's key of a gate: `s` for switch."""
    when: str = ""
    """Condition on strategy or inputs: `strategy == blue_green`; empty means always."""
    phase: str = ""
    """Section of a checklist; empty for plain runbooks."""
    note: str = ""
    point_of_no_return: bool = False
    effect: Effect | None = None
    """Of a command that changes something: what may be done about it after a crash. None: the action says so."""
    required: bool = False
    """An item that may not be skipped."""
    source: Source | None = None

    @property
    def skippable(self) -> bool:
        """A person may pass over it with a reason: people's work, the team's commands, and checks and waits of a checklist."""
        item = self.action in (MANUAL, COMMAND) or bool(self.phase and self.kind in ("check", "wait"))
        return item and not self.required


@dataclass(frozen=True)
class Runbook:
    name: str
    title: str
    steps: tuple[Step, ...]
    inputs: tuple[Input, ...] = ()
    description: str = ""
    on_failure: str = ""
    """Runbook offered or started as a linked run when a step fails after the switch."""
    direction: Literal["forward", "back", "neutral"] = "forward"
    """`back` never needs an approval or an open window, and preempts a forward run."""
    digest: str = ""
    """sha256 of the canonical content, comments and layout apart."""
    source: Source | None = None

    def asks_again(self, step: Step) -> bool:
        """An item of a checklist that does not pass is asked about: it does not end the run. A run with a way back does not wait."""
        return bool(step.phase) and not self.on_failure and self.direction != "back"

    @property
    def phases(self) -> tuple[str, ...]:
        """Sections of a checklist, in order; none for a plain runbook."""
        return tuple(dict.fromkeys(step.phase for step in self.steps if step.phase))
