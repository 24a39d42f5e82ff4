"""A check: look until it passes, is broken, or its time is over."""

from __future__ import annotations

from console.domain.runbook import Step
from console.engine.action import Done
from console.engine.session import Session
from console.engine.stage import stage_of, until_done


async def pass_check(session: Session, step: Step) -> Done:
    """Raises StepEnded when it does not pass."""
    stage = stage_of(session, step)
    session.started(step, attempt=stage.attempt)
    return await until_done(stage)
