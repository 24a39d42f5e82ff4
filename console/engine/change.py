"""A change: observe, plan, record the intent, act, look whether it happened.

What went wrong on the way is never taken for "did not happen": the next round observes and plans again, and that decides.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict

from console.domain.change import Blocked, Change, Noop, Plan, Written
from console.domain.errors import PortError
from console.domain.position import position
from console.domain.run import Question
from console.domain.runbook import Step
from console.engine.action import Done
from console.engine.ending import Ending, LeaseLost, OperatorNeeded, StepEnded
from console.engine.failures import Failure, back_off, pause_after, said
from console.engine.questions import ask
from console.engine.session import Session
from console.engine.stage import UNTOUCHED, Stage, stage_of, until_done

MOST_REPLANS = 5
"""Times that somebody else may change the object under our hands."""
MOST_DOUBTS = 5
"""Times that an effect may be in doubt before a person has to look."""


class _Setbacks:
    """What went wrong with this step so far, in this drive."""

    def __init__(self) -> None:
        self.replans = 0
        self.doubts = 0
        self.tries = 0


async def make_change(session: Session, step: Step) -> tuple[Done, bool]:
    """Returns the proof, and whether anything had to be done. Raises StepEnded, OperatorNeeded, LeaseLost."""
    stage = stage_of(session, step)
    record = session.step(step.name)
    in_doubt = record.intent is not None
    session.started(step, attempt=stage.attempt)
    setbacks = _Setbacks()
    while True:
        stage.applied = in_doubt
        match await _planned(stage):
            case Noop(reason):
                return (await until_done(stage), True) if in_doubt else (Done(reason), False)
            case Blocked() as blocked:
                raise StepEnded("blocked", blocked.reason)
            case Change() as change:
                await _permitted(stage, change, in_doubt=in_doubt)
        written = await _attempt(stage, change, setbacks)
        if written is not None:
            done = await until_done(stage)
            return Done(done.message, {**done.evidence, "written": [[w.kind, w.name, w.resource_version] for w in written]}), True
        in_doubt = True
        stage.attempt += 1


async def _planned(stage: Stage) -> Plan:
    """Facts and the proof of the target are asked for at once."""
    facts, _ = await asyncio.gather(stage.observe(), stage.prove_target())
    try:
        return stage.action.plan(facts, stage.task)
    except Exception as error:
        raise stage.ended_by("failed", said(error)) from error


async def _permitted(stage: Stage, change: Change, *, in_doubt: bool) -> None:
    """The last safe point before the effect.

    One in doubt that is seen not to have happened is sent again, but a person decides where it must not happen twice (SAFETY 3.3).
    """
    if not in_doubt:
        stage.session.signals.safe_point()
        return
    await _safe_point_in_doubt(stage)
    if stage.action.effect == "at_most_once":
        text = f"It seems not to have happened: {change.title}. Do it now?"
        answer = await ask(stage.session, Question(stage.step.name, text, key="d", differences=change.differences))
        if not answer.yes:
            raise OperatorNeeded(f"{change.title}: left in doubt by {answer.by}")


async def _safe_point_in_doubt(stage: Stage) -> None:
    """Between the two patches of a switch a wish to stop waits: what is split is finished first (SAFETY 3.5)."""
    try:
        stage.session.signals.safe_point()
    except LeaseLost:
        raise
    except Ending:
        try:
            world = await stage.session.deps.cluster.observe(("Service",))
        except PortError:
            return  # what cannot be seen may be split
        if not position(stage.session.deps.environment, world).split:
            raise


async def _attempt(stage: Stage, change: Change, setbacks: _Setbacks) -> tuple[Written, ...] | None:
    """Intent, guard, effect. None: it did not end well, and the next round has to look."""
    session = stage.session
    intent, guarded = session.recorder.now("step.intent", _intent(stage, change)), session.ports.guard()
    recorded, allowed = await asyncio.gather(intent, guarded, return_exceptions=True)
    if isinstance(recorded, BaseException):
        raise recorded
    stage.applied = True
    sent = session.deps.clock.monotonic()
    try:
        if isinstance(allowed, BaseException):
            raise allowed
        async with asyncio.timeout(max(1.0, stage.deadline - session.deps.clock.monotonic())):
            written = await stage.action.apply(session.ports, stage.task, change)
    except Ending as ending:
        session.result(stage.step.name, "in_doubt", ending.reason, attempt=stage.attempt, seconds=stage.seconds)
        raise
    except Exception as error:
        session.result(stage.step.name, "in_doubt", said(error), attempt=stage.attempt, seconds=stage.seconds)
        stage.excuse(error, since=sent)
        if stage.meaning(error) is Failure.REFUSED:
            raise StepEnded("blocked", said(error), evidence={UNTOUCHED: await _untouched(stage, change)}) from error
        await _setback(stage, error, setbacks)
        return None
    session.deps.trace(f"effect {stage.step.name}")
    return written


async def _untouched(stage: Stage, change: Change) -> bool:
    """Whether all that a refused change wanted is still to be done: none of its writes took effect."""
    try:
        again = stage.action.plan(await stage.action.observe(stage.session.ports, stage.task), stage.task)
    except Exception:
        return False
    return isinstance(again, Change) and again.differences == change.differences


async def _setback(stage: Stage, error: Exception, setbacks: _Setbacks) -> None:
    """Wait before the next look, or end what looking again would not help."""
    signals = stage.session.signals
    setbacks.tries += 1
    match stage.meaning(error):
        case Failure.LOGIN:
            await stage.wait_for_login(error)
        case Failure.REPLAN:
            setbacks.replans += 1
            if setbacks.replans > MOST_REPLANS:
                raise StepEnded("failed", f"it was changed under our hands {setbacks.replans} times: {said(error)}")
            await signals.wait(back_off(setbacks.replans, first=0.02))
        case Failure.AGAIN:
            if stage.late:
                raise StepEnded("failed", f"{said(error)} ({stage.waited})")
            await signals.wait(pause_after(error, setbacks.tries))
        case Failure.DOUBT | Failure.UNEXPECTED:
            setbacks.doubts += 1
            if setbacks.doubts > MOST_DOUBTS or stage.late:
                raise OperatorNeeded(f"it is not known whether it happened: {said(error)}")
            await signals.wait(pause_after(error, setbacks.tries))
        case Failure.DEFINITE | Failure.REFUSED:
            raise StepEnded("failed", said(error))
        case Failure.OPERATOR:
            raise OperatorNeeded(said(error))


def _intent(stage: Stage, change: Change) -> dict[str, object]:
    return {
        "step": stage.step.name,
        "attempt": stage.attempt,
        "action": stage.action.name,
        "effect": stage.action.effect,
        "title": change.title,
        "digest": change.digest,
        "differences": [{k: v for k, v in asdict(d).items() if k != "severity"} for d in change.differences],
        "kubectl": list(change.kubectl),
    }
