"""A wait: time that has to pass, counted from an absolute moment in the API server's time, so that a resumed run does not start anew."""

from __future__ import annotations

from datetime import datetime, timedelta

from console.domain.errors import BluegreenError
from console.domain.moments import spoken
from console.domain.runbook import Step
from console.engine.failures import back_off, said
from console.engine.session import Session
from console.engine.tasks import bake_seconds

LONGEST = 60.0
"""Longest wait between two looks at the API server's time: a machine that slept meanwhile finds out here."""


async def pass_time(session: Session, step: Step) -> str:
    """Returns what happened; stop requests and a lost lease end it at once, a person may end it by the answer `skip`."""
    now = await _server_time(session)
    until = session.until(step.name) or now + timedelta(seconds=bake_seconds(step, session.setting))
    session.started(step, attempt=session.step(step.name).attempts + 1, more={"until": until.isoformat()})
    await session.recorder.flush()
    while (left := (until - now).total_seconds()) > 0:
        if early := await _waited(session, step, left):
            return early
        now = await _server_time(session)
    return f"waited until {until:%H:%M:%S} UTC"


async def _waited(session: Session, step: Step, left: float) -> str:
    """Wait so long, LONGEST at most, by the monotonic clock; returns who cut it short, empty when nobody did."""
    clock = session.deps.clock
    began = clock.monotonic()
    while (rest := min(left, LONGEST) - (clock.monotonic() - began)) > 0:
        if by := _skipped(session, step.name):
            return f"cut short by {by}, {spoken(left - (clock.monotonic() - began))} early"
        await session.signals.pause(rest)
    return ""


async def _server_time(session: Session) -> datetime:
    """The API server's time. Nothing stands in for it: this machine's clock may be hours off, and would end the wait at once."""
    tries = 0
    while True:
        try:
            return await session.deps.cluster.server_time()
        except BluegreenError as error:
            tries += 1
            session.progress(f"{said(error)}; trying again")
            await session.signals.pause(back_off(tries))


def _skipped(session: Session, step: str) -> str:
    """Who cut this wait short; empty when nobody did."""
    answers = (e for e in session.entries if e.type == "gate.answered" and e.body.get("step") == step)
    return next((e.actor for e in answers if e.body.get("answer") == "skip"), "")
