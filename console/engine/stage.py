"""One step being walked: its action and task, its deadline, and the patience with what is outside."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import BaseModel

from console.domain.errors import PortError
from console.domain.moments import spoken
from console.domain.runbook import Step
from console.engine.action import Action, Broken, Done, NotYet, Task
from console.engine.ending import AnotherTarget, Ending, OperatorNeeded, StepEnded
from console.engine.failures import Failure, failure_of, pause_after, said
from console.engine.session import Session
from console.engine.tasks import action_of, task_of

T = TypeVar("T")

FRESH_SECONDS = 1.0
"""Age to which a look at the world, or the proof of the target, is good enough to plan with."""
LOGIN_SECONDS = 2.0
"""Between two looks whether somebody logged in again."""
OUTAGE_SECONDS = 900.0
"""That the API server may be away in one step without the step running out of its own time."""
DENIED_SECONDS = 20.0
"""After an outage in which a denial may pass: an API server that has just started refuses everybody until it knows its own rules."""
WAITING_FOR_LOGIN = "waiting for a new login"
UNTOUCHED = "untouched"
"""Evidence of a step that was refused before any of its writes took effect."""


@dataclass
class Stage:
    """A check or a change on its way."""

    session: Session
    step: Step
    action: Action[BaseModel, object]
    task: Task[BaseModel]
    attempt: int
    began: float
    deadline: float
    """On the monotonic clock; moved on by the time spent waiting for a login or for the API server."""
    applied: bool = False
    """An effect was sent: what cannot be observed is in doubt from now on, not failed."""
    warned: set[str] = field(default_factory=set)
    away: float = 0.0
    """Seconds that the API server was away."""

    @property
    def seconds(self) -> float:
        return self.session.deps.clock.monotonic() - self.began

    @property
    def late(self) -> bool:
        return self.session.deps.clock.monotonic() >= self.deadline

    @property
    def waited(self) -> str:
        return f"waited {spoken(self.seconds)}"

    async def observe(self) -> object:
        """Facts for the action, however long the API server stays away within the deadline."""
        ahead, self.session.ahead = self.session.ahead, None
        if ahead and ahead[0] == self.step.name and self.session.deps.clock.monotonic() - ahead[1] < FRESH_SECONDS:
            with suppress(Exception):
                return await ahead[2]
        return await self.patiently(lambda: self.action.observe(self.session.ports, self.task))

    async def prove_target(self) -> None:
        """Before every change (SAFETY 4.1): this is still the namespace that the run was started for."""
        session, clock = self.session, self.session.deps.clock
        if session.proved_at is not None and clock.monotonic() - session.proved_at < FRESH_SECONDS:
            return
        if not await self.patiently(session.is_same_target):
            raise AnotherTarget(f"the namespace {session.deps.cluster.namespace} is not the one this run was started for any more")
        session.proved_at = clock.monotonic()

    async def patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask again after what passes by itself; ends the step for what does not."""
        tries, clock = 0, self.session.deps.clock
        while True:
            asked = clock.monotonic()
            try:
                return await ask()
            except Ending:
                raise
            except Exception as error:
                tries += 1
                self.excuse(error, since=asked)
                asked = clock.monotonic()
                await self.setback(error, tries)
                if failure_of(error) is not Failure.LOGIN:
                    self.excuse(error, since=asked)

    def excuse(self, error: Exception, *, since: float) -> None:
        """The time of an outage is not the step's own: its deadline moves on, within reason; that of a missing login without end."""
        if failure_of(error) is Failure.LOGIN:
            self.deadline += self.session.deps.clock.monotonic() - since
        elif isinstance(error, PortError) and error.away:
            self.session.away_at = self.session.deps.clock.monotonic()
            lost = min(self.session.away_at - since, OUTAGE_SECONDS - self.away)
            self.away += lost
            self.deadline += lost

    def meaning(self, error: Exception) -> Failure:
        """As `failure_of`, but for a denial right after an outage, which may pass."""
        denied = isinstance(error, PortError) and error.status == 403
        away_at = self.session.away_at
        if denied and away_at is not None and self.session.deps.clock.monotonic() - away_at < DENIED_SECONDS:
            return Failure.AGAIN
        return failure_of(error)

    async def setback(self, error: Exception, tries: int) -> None:
        """Wait as the error demands, or raise the Ending that it means. For questions: they have no effect."""
        match self.meaning(error):
            case Failure.LOGIN:
                await self.wait_for_login(error)
            case Failure.AGAIN | Failure.DOUBT | Failure.REPLAN:
                self.check_deadline(said(error))
                self.session.progress(f"{said(error)}; trying again")
                await self._pause(pause_after(error, tries))
            case Failure.REFUSED:
                raise self.ended_by("blocked", said(error))
            case Failure.OPERATOR:
                raise OperatorNeeded(said(error))
            case Failure.DEFINITE | Failure.UNEXPECTED:
                raise self.ended_by("failed", said(error))

    async def _pause(self, seconds: float) -> None:
        """A wish to stop waits while an effect is in doubt: what is split is finished first (SAFETY 3.5)."""
        signals = self.session.signals
        if not self.applied or signals.ending:
            await signals.pause(seconds)
            return
        await signals.wait(seconds)
        if signals.lost:
            raise signals.lost

    async def wait_for_login(self, error: Exception) -> None:
        """Expired credentials pause the step; they never fail it."""
        since = self.session.deps.clock.monotonic()
        self.session.progress(f"{WAITING_FOR_LOGIN}: {said(error)}")
        await self.session.recorder.flush()
        await self.session.signals.pause(LOGIN_SECONDS)
        self.excuse(error, since=since)

    def check_deadline(self, message: str) -> None:
        if self.late:
            raise self.ended_by("failed", f"{message} ({self.waited})")

    def ended_by(self, outcome: str, reason: str) -> Ending:
        """A step whose effect was sent and cannot be looked at is in doubt; one without is what it seems."""
        if self.applied:
            return OperatorNeeded(reason)
        return StepEnded("blocked" if outcome == "blocked" else "failed", reason)


def stage_of(session: Session, step: Step) -> Stage:
    """Raises UsageError for a runbook that does not fit this bluegreen or its inputs."""
    record = session.step(step.name)
    action = action_of(step, session.deps.actions)
    task = task_of(step, action, session.setting, started_at=record.started_at or session.deps.clock.now())
    now = session.deps.clock.monotonic()
    within = step.within if step.within is not None else action.deadline(task)
    return Stage(session, step, action, task, record.attempts + 1, now, now + within)


async def until_done(stage: Stage) -> Done:
    """Observe and verify until the post-condition holds; raises StepEnded when it is broken or late."""
    carry: object = None
    while True:
        facts = await stage.observe()
        verdict = verified(stage, facts, carry)
        match verdict:
            case Done():
                return verdict
            case Broken(message, evidence):
                raise StepEnded("failed", message, evidence=evidence)
            case NotYet(message, carry):
                if stage.late:
                    raise StepEnded("failed", f"{message} ({stage.waited})")
                stage.session.progress(message)
                await stage.session.signals.pause(stage.action.poll)


def verified(stage: Stage, facts: object, carry: object) -> Done | NotYet | Broken:
    """A mistake in an action's judgement is named; it must not look like a lost connection."""
    try:
        return stage.action.verify(facts, stage.task, carry)
    except Exception as error:
        raise StepEnded("failed", said(error)) from error
