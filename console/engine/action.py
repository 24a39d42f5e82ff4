"""What an action is: the typed verb that a runbook step names.

An action observes, plans (pure), applies with a precondition and verifies (pure) what it observes afterwards. The same plan is the
dry run, the diff that is confirmed, and the resume after a crash.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

from pydantic import BaseModel

from console.domain.challenge import Challenge
from console.domain.change import Change, Plan, Written
from console.domain.environment import Environment
from console.domain.facts import Stamp
from console.domain.ids import SlotName
from console.domain.release import Release
from console.domain.runbook import Effect
from console.engine.ports import AccessRule, Clock, Cluster, Probes, Registry

P = TypeVar("P", bound=BaseModel)
F = TypeVar("F")


class NoParams(BaseModel):
    """An action that takes nothing."""

    model_config = {"extra": "forbid"}


@dataclass(frozen=True)
class Bindings:
    """Words of a runbook resolved once, when the run starts, and journaled."""

    active: SlotName | None
    """Slot that took the traffic at the start; None on an empty namespace."""
    preview: SlotName
    previous: SlotName
    """Slot that a rollback goes back to: in a forward run the one that was active at its start, else the best one beside the active."""
    previous_release: str = ""
    release: Release | None = None

    def slot(self, word: str) -> SlotName:
        """`preview`, `previous`, `active` or a slot's own name."""
        match word:
            case "preview":
                return self.preview
            case "previous":
                return self.previous
            case "active":
                return self.active or self.preview
            case _:
                return SlotName(word)


@dataclass(frozen=True)
class Task(Generic[P]):
    """One step of one run as its action sees it."""

    environment: Environment
    params: P
    bindings: Bindings
    stamp: Stamp
    inputs: Mapping[str, object] = field(default_factory=dict)
    reason: str = ""
    started_at: datetime | None = None
    """When the step's first attempt began (from the journal, so a resumed wait goes on)."""


@dataclass(frozen=True)
class Done:
    """The post-condition holds."""

    message: str
    evidence: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class NotYet:
    """It does not hold yet; observing again may help until the deadline."""

    message: str
    carry: object = None
    """Handed to the next `verify`: what counts consecutive successes lives here."""


@dataclass(frozen=True)
class Broken:
    """It will not come to hold; the cause is named."""

    message: str
    evidence: Mapping[str, object] = field(default_factory=dict)


Verdict = Done | NotYet | Broken


@dataclass(frozen=True)
class Ports:
    """Everything outside that an action may touch."""

    cluster: Cluster
    probes: Probes
    clock: Clock
    registry: Registry
    evidence: Path
    """Folder of this run for logs and states that are kept."""
    guard: Callable[[], Awaitable[None]]
    """Called right before each write, after the fresh read: raises when another holder drives the environment."""
    report: Callable[[str], Awaitable[None]]
    """Journals one line of progress of the running step."""


class Action(Protocol[P, F]):
    """Implementations live in `actions/`, one module per subject."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str:
        """Verb + object with `{slot}`-style placeholders of its parameters, used when the step gives no title."""
        ...

    @property
    def effect(self) -> Effect: ...
    @property
    def params(self) -> type[P]: ...
    @property
    def timeout(self) -> float:
        """Seconds until `NotYet` becomes a failure, where the step gives none; may be overridden by settings in `deadline`."""
        ...

    @property
    def poll(self) -> float:
        """Seconds between two observations."""
        ...

    def deadline(self, task: Task[P]) -> float: ...
    def rights(self, task: Task[P]) -> tuple[AccessRule, ...]:
        """What the API server has to allow for its writes."""
        ...

    async def observe(self, ports: Ports, task: Task[P]) -> F: ...
    def plan(self, facts: F, task: Task[P]) -> Plan: ...
    async def apply(self, ports: Ports, task: Task[P], change: Change) -> tuple[Written, ...]: ...
    def verify(self, facts: F, task: Task[P], carry: object) -> Verdict: ...


@runtime_checkable
class Asks(Protocol):
    """An action that people do. Its `verify` judges the value that was answered, which it is given as `carry`."""

    def question(self, task: Task[Any]) -> str: ...
    def challenge(self, task: Task[Any]) -> Challenge: ...


@dataclass(frozen=True)
class Command:
    """A command of the team, as it is started: no shell between, nothing inherited that is not named here."""

    argv: tuple[str, ...]
    folder: str = ""
    """Relative to the folder of the settings; empty: that folder."""
    environment: Mapping[str, str] = field(default_factory=dict)
    passed: tuple[str, ...] = ()
    """Names of variables that are taken from where the console was started."""
    done_when: tuple[str, ...] = ()
    """A command that only looks: exit code 0 means that it is done already, 1 that it is not."""


@runtime_checkable
class Runs(Protocol):
    """An action that is a command of the team's own."""

    def command(self, task: Task[Any]) -> Command: ...


Registry_ = Mapping[str, Action[BaseModel, object]]
"""All actions by name."""
