"""What screens ask of the App. Data comes down, these go up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from textual.message import Message

from console.domain.ids import RunId


class Wish(Message):
    """Something a person wants; the App fulfils it, or asks first."""


class RunWish(Wish):
    """About one run."""


class PlanWish(Wish):
    """About what is to be started."""


class ErrandWish(Wish):
    """On this machine only: nothing of it reaches a cluster."""


@dataclass
class Visit(Wish):
    """Go to a screen that is free of risk: a place by its name, `run` with a run, or a runbook's form (`deploy`)."""

    screen: str
    run: RunId | None = None
    subject: object = None
    """What a place is gone to for, where it can show one thing or another (`LogScope`)."""


@dataclass
class StartAsked(PlanWish):
    """A person wants the plan on the screen carried out: ask the question first."""


@dataclass
class OverrideAsked(PlanWish):
    """A person wants the plan on the screen made again without the rules that stand against it."""


@dataclass
class DiffAsked(PlanWish):
    """Tell what the plan on the screen would change in each object. Nothing is changed."""


@dataclass
class RollbackAsked(PlanWish):
    """A person wants to go back to this target: plan it and ask."""

    title: str
    runbook: str
    inputs: Mapping[str, str] = field(default_factory=dict)


@dataclass
class AnswerAsked(RunWish):
    """A person wants to answer the run's gate: ask."""

    run: RunId


@dataclass
class StopAsked(RunWish):
    run: RunId


@dataclass
class SkipWaitAsked(RunWish):
    """A person wants the wait that the run is in to end now: ask."""

    run: RunId


@dataclass
class TakeOverAsked(RunWish):
    run: RunId


@dataclass
class NoteAsked(RunWish):
    """A person wants to write a note, to an item where one is named."""

    run: RunId
    step: str = ""


@dataclass
class SkipAsked(RunWish):
    """A person wants to pass over the item that the run is at: ask, with the reason."""

    run: RunId


@dataclass
class SuspendAsked(RunWish):
    """A person wants the run to be let go of for now: ask, with the reason."""

    run: RunId


@dataclass
class ResumeAsked(RunWish):
    """A person wants to go on with a run that nobody drives: ask."""

    run: RunId


@dataclass
class EvidenceAsked(RunWish):
    """A person wants to leave evidence with an item."""

    run: RunId
    step: str


@dataclass
class CommandsAsked(Wish):
    """Show the kubectl commands that would go back now."""


@dataclass
class CopyAsked(ErrandWish):
    """Offer this text to the clipboard, and keep it in a file."""

    text: str


@dataclass
class KeepAsked(ErrandWish):
    """Write this to a file that only the person can read, and say where."""

    name: str
    text: str


@dataclass
class Wanted(Wish):
    """What the screen wants beside the state is another thing now."""


@dataclass
class SandboxAsked(ErrandWish):
    """Leave, and start the rehearsal instead."""


@dataclass
class SettingsAsked(ErrandWish):
    """Write the example of first settings."""


@dataclass
class OlderRunsAsked(Wish):
    """Read runs from further back than those that are known."""


@dataclass
class ReportAsked(RunWish):
    """Write the run's report into a file and say where."""

    run: RunId


@dataclass
class Said(Wish):
    """A line for the person at the screen."""

    text: str
    severity: Literal["info", "error"] = "info"
