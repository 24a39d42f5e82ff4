"""What screens ask of the App. Data comes down, these go up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from textual.message import Message

from console.domain.ids import RunId


@dataclass
class Visit(Message):
    """Go to a screen that is free of risk."""

    screen: Literal["rollback", "run", "deploy"]
    run: RunId | None = None


@dataclass
class StartAsked(Message):
    """A person wants the plan on the screen carried out: ask the question first."""


@dataclass
class RollbackAsked(Message):
    """A person wants to go back to this target: plan it and ask."""

    title: str
    runbook: str
    inputs: Mapping[str, str] = field(default_factory=dict)


@dataclass
class AnswerAsked(Message):
    """A person wants to answer the run's gate: ask."""

    run: RunId


@dataclass
class StopAsked(Message):
    run: RunId


@dataclass
class TakeOverAsked(Message):
    run: RunId


@dataclass
class NoteAsked(Message):
    run: RunId


@dataclass
class CommandsAsked(Message):
    """Show the kubectl commands that would go back now."""


@dataclass
class Said(Message):
    """A line for the person at the screen."""

    text: str
    severity: Literal["info", "error"] = "info"
