"""The walk: every step that has not passed, in order, each with its result journaled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from console.domain.errors import BluegreenError, JournalError
from console.domain.run import Outcome
from console.domain.runbook import COMMAND, MANUAL, Step
from console.engine.again import once_more
from console.engine.bake import pass_time
from console.engine.change import make_change
from console.engine.check import pass_check
from console.engine.command import run_command
from console.engine.ending import OperatorNeeded, StepEnded, StopAsked
from console.engine.gate import pass_gate
from console.engine.manual import pass_item
from console.engine.session import Session


async def walk(session: Session, *, again: frozenset[str] = frozenset()) -> None:
    """Raises the Ending that comes first. `again`: checks that passed and have to pass once more."""
    for step in session.steps:
        if session.step(step.name).passed and step.name not in again:
            continue
        session.begin(None)
        session.signals.safe_point()
        session.begin(step)
        while await _walk_step(session, step):
            continue
    session.begin(None)


async def _walk_step(session: Session, step: Step) -> bool:
    """One attempt; True when a person wants another one."""
    clock = session.deps.clock
    began = clock.monotonic()

    def ended(outcome: Outcome, reason: str, evidence: Mapping[str, object]) -> None:
        attempt = max(1, session.step(step.name).attempts)
        session.result(step.name, outcome, reason, attempt=attempt, seconds=clock.monotonic() - began, evidence=evidence)

    try:
        outcome, reason, evidence = await _done(session, step)
    except StepEnded as end:
        ended(end.outcome, end.reason, end.evidence)
        if end.outcome == "skipped":
            return False
        match await once_more(session, step, end):
            case "again":
                return True
            case "over":
                return False
            case "ends":
                raise
    except StopAsked as end:
        if session.step(step.name).intent is None:
            ended("declined", f"stopped: {end.reason}", {})
        raise
    except OperatorNeeded as end:
        ended("in_doubt", end.reason, {})
        raise
    except JournalError:
        raise
    except BluegreenError as error:
        ended("failed", str(error), {})
        raise StepEnded("failed", str(error)) from error
    ended(outcome, reason, evidence)
    session.deps.trace(f"done {step.name}")
    return False


async def _done(session: Session, step: Step) -> tuple[Outcome, str, Mapping[str, object]]:
    """Walk one step; returns how it passed."""
    if session.signals.skip:
        raise session.signals.skip
    match step.kind:
        case "check" | "do" if step.action == COMMAND:
            done, ran = await run_command(session, step)
            return "done" if ran else "noop", done.message, done.evidence
        case "do" if step.action == MANUAL:
            done = await pass_item(session, step)
            return "done", done.message, done.evidence
        case "check":
            done = await pass_check(session, step)
            return "done", done.message, done.evidence
        case "do":
            done, changed = await make_change(session, step)
            return "done" if changed else "noop", done.message, done.evidence
        case "gate":
            return "done", await pass_gate(session, step), {}
        case "wait":
            return "done", await pass_time(session, step), {}
        case _:
            assert_never(step.kind)
