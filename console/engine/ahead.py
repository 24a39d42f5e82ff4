"""Looks at the world for the first step while the lease is still being taken: a rollback is a matter of milliseconds.

What was seen is only a plan's basis. Every effect is guarded by the lease and conditional on what it replaces, as always.
"""

from __future__ import annotations

import asyncio

from console.domain.errors import BluegreenError
from console.engine.session import Session
from console.engine.stage import stage_of


def look_ahead(session: Session) -> None:
    """Start observing for the first step of a run that begins."""
    current = session.record.current
    step = next((s for s in session.steps if current and s.name == current.name), None)
    if step is None or step.kind not in ("check", "do"):
        return
    try:
        stage = stage_of(session, step)
    except BluegreenError:
        return  # the step itself will say so
    looking = asyncio.ensure_future(stage.action.observe(session.ports, stage.task))
    looking.add_done_callback(_heard)
    session.ahead = (step.name, session.deps.clock.monotonic(), looking)


def _heard(looking: asyncio.Future[object]) -> None:
    """What went wrong is met again, and judged, when the step itself looks."""
    if not looking.cancelled():
        looking.exception()
