"""A run as everybody sees it: its steps, what it asks, how it ended. `console.domain.run_fold` makes it of the journal's entries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Literal

from console.domain.challenge import Challenge
from console.domain.change import Difference
from console.domain.ids import Epoch, RunId
from console.domain.items import Answered, Kept
from console.domain.sight import Sight


class StepState(Enum):
    TO_COME = "to come"
    RUNNING = "running"
    WAITING = "waiting for a person"
    DONE = "done"
    NOOP = "nothing to do"
    SKIPPED = "skipped"
    BLOCKED = "blocked"
    FAILED = "failed"
    DECLINED = "declined"
    IN_DOUBT = "in doubt"


Outcome = Literal["done", "noop", "skipped", "blocked", "failed", "declined", "in_doubt"]
"""How one attempt of a step ended. `in_doubt`: it may have happened."""

RunOutcome = Literal["done", "failed", "refused", "stopped", "needs_operator", "rolled_back", "superseded"]
"""How a run ended. `failed`, `stopped`: live traffic is unchanged. `rolled_back`: it failed after the switch and a linked run went back."""

EXIT_CODES: Mapping[RunOutcome, int] = {
    "done": 0,
    "failed": 1,
    "stopped": 1,
    "refused": 3,
    "needs_operator": 4,
    "superseded": 4,
    "rolled_back": 5,
}
WAITING_EXIT_CODE = 6
DETACHED_EXIT_CODE = 130


@dataclass(frozen=True)
class Question:
    """What a gate asks and how it must be answered."""

    step: str
    text: str
    confirm: Literal["key", "name", "phrase"] = "key"
    key: str = ""
    phrase: str = ""
    differences: tuple[Difference, ...] = ()
    asked_at: datetime | None = None
    challenge: Challenge | None = None
    """How the value that an item asks for is read; None where yes or no is the answer."""
    retry: bool = False
    """The item did not pass, and may be tried again, skipped, or end the run."""


@dataclass(frozen=True)
class StepRecord:
    """One step as the journal knows it."""

    name: str
    kind: str
    title: str
    phase: str = ""
    within: float | None = None
    state: StepState = StepState.TO_COME
    attempts: int = 0
    started_at: datetime | None = None
    ended_at: datetime | None = None
    until: datetime | None = None
    """When a wait that is on is over, in the API server's time."""
    reason: str = ""
    """What the last result or progress said."""
    evidence: Mapping[str, object] = field(default_factory=dict)
    intent: Mapping[str, object] | None = None
    """Body of an intent that has no result yet: the effect may have happened."""
    differences: tuple[Difference, ...] = ()
    kubectl: tuple[str, ...] = ()
    action: str = ""
    skippable: bool = False
    """A person may pass over it with a reason."""
    guide: str = ""
    """How it is done, in the words of the runbook."""
    asks: str = ""
    """The last question of the item."""
    answers: tuple[Answered, ...] = ()
    notes: tuple[tuple[datetime, str, str], ...] = ()
    """(when, who, text)."""
    kept: tuple[Kept, ...] = ()
    output: tuple[str, ...] = ()
    """The last lines that its command printed."""

    @property
    def ended(self) -> bool:
        return self.state not in (StepState.TO_COME, StepState.RUNNING, StepState.WAITING, StepState.IN_DOUBT)

    @property
    def passed(self) -> bool:
        return self.state in (StepState.DONE, StepState.NOOP, StepState.SKIPPED)


@dataclass(frozen=True)
class RunRecord:
    """One run as the journal knows it."""

    id: RunId
    uid: str
    environment: str
    runbook: str
    title: str
    runbook_digest: str
    plan_digest: str
    opened_at: datetime
    by: str
    reason: str
    inputs: Mapping[str, object]
    bindings: Mapping[str, str]
    fingerprint: Mapping[str, str]
    steps: tuple[StepRecord, ...]
    assume_yes: bool = False
    direction: str = "forward"
    linked_run: int | None = None
    driver: str = ""
    """`user@host` of the last runner that claimed it, empty before."""
    driver_pid: int = 0
    driver_boot: str = ""
    epoch: Epoch = Epoch(0)
    claims: int = 0
    released: str = ""
    """Why the last runner let go of the open run; empty while one drives it, or after a crash."""
    take_over: str = ""
    """Reason of a take-over that was allowed and not yet used."""
    question: Question | None = None
    stop_requested: str = ""
    suspend_requested: str = ""
    """Why a person wants it let go of; empty once it was."""
    outcome: RunOutcome | None = None
    outcome_reason: str = ""
    live: str = ""
    """Sentence about live traffic at the end."""
    closed_at: datetime | None = None
    seen: Sight | None = None
    """What was seen when the run was left to a person."""
    settled: str = ""
    """Who decided that it stays as it is, and why; empty while nobody has."""
    last_seq: int = 0
    last_at: datetime | None = None
    notes: tuple[tuple[datetime, str, str], ...] = ()
    """(when, who, text)."""

    @property
    def open(self) -> bool:
        return self.outcome is None

    @property
    def current(self) -> StepRecord | None:
        """The first step that has not ended; None when all have."""
        return next((s for s in self.steps if not s.ended), None)

    @property
    def undecided(self) -> bool:
        """It was left to a person, and nobody has decided yet."""
        return self.outcome == "needs_operator" and not self.settled

    @property
    def may_go_on(self) -> bool:
        """A runner could take it up where it was left: a step was in doubt, and none has ended the walk."""
        ahead = self.current
        return self.undecided and ahead is not None and all(s.passed or not s.ended for s in self.steps)

    @property
    def phases(self) -> tuple[str, ...]:
        """Sections of a checklist, in order; none for a plain run."""
        return tuple(dict.fromkeys(step.phase for step in self.steps if step.phase))

    @property
    def skipped(self) -> tuple[StepRecord, ...]:
        return tuple(step for step in self.steps if step.state is StepState.SKIPPED)

    @property
    def exit_code(self) -> int:
        if self.outcome is not None:
            return EXIT_CODES[self.outcome]
        return WAITING_EXIT_CODE if self.question else DETACHED_EXIT_CODE

    def step(self, name: str) -> StepRecord:
        return next(s for s in self.steps if s.name == name)
