"""A wait: time that has to pass, counted from an absolute moment in the API server's time, so that a resumed run does not start anew."""

from __future__ import annotations

from datetime import datetime, timedelta

from console.domain.errors import BluegreenError
from console.domain.moments import spoken
from console.domain.runbook import Step
from console.engine.session import Session
from console.engine.tasks import bake_seconds

LONGEST = 60.0
"""Longest single wait; waiting goes on after it."""


async def pass_time(session: Session, step: Step) -> str:
    """Returns what happened; stop requests and a lost lease end it at once, a person may end it by the answer `skip`."""
    now = await _server_time(session)
    until = session.until(step.name) or now + timedelta(seconds=bake_seconds(step, session.setting))
    session.started(step, attempt=session.step(step.name).attempts + 1, more={"until": until.isoformat()})
    await session.recorder.flush()
    clock = session.deps.clock
    end = clock.monotonic() + (until - now).total_seconds()
    while (left := end - clock.monotonic()) > 0:
        if by := _skipped(session, step.name):
            return f"cut short by {by}, {spoken(left)} early"
        await session.signals.pause(min(left, LONGEST))
    return f"waited until {until:%H:%M:%S} UTC"


async def _server_time(session: Session) -> datetime:
    """The local clock stands in while the API server does not tell."""
    try:
        return await session.deps.cluster.server_time()
    except BluegreenError:
        return session.deps.clock.now()


def _skipped(session: Session, step: str) -> str:
    """Who cut this wait short; empty when nobody did."""
    answers = (e for e in session.entries if e.type == "gate.answered" and e.body.get("step") == step)
    return next((e.actor for e in answers if e.body.get("answer") == "skip"), "")
