"""Two tasks beside the walk: one keeps the lease and sees who takes it, one reads what others write into the run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from console.domain.errors import BluegreenError, JournalError
from console.engine.ending import LeaseLost
from console.engine.lease import LOOK_SECONDS
from console.engine.session import Session


@asynccontextmanager
async def watched(session: Session) -> AsyncIterator[None]:
    """Both tasks for the length of the block."""
    tasks = [asyncio.create_task(_keep_lease(session)), asyncio.create_task(_read_others(session))]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _keep_lease(session: Session) -> None:
    """Ends when another holder is seen. An API server that does not answer loses nothing."""
    while True:
        await session.deps.clock.sleep(LOOK_SECONDS)
        try:
            await session.lease.keep(session.anchor)
        except LeaseLost as lost:
            session.signals.lose(lost)
            return
        except BluegreenError:
            continue


async def _read_others(session: Session) -> None:
    """Answers, notes and stop requests, whoever wrote them."""
    while True:
        try:
            async for entry in session.ledger.tail(run=session.record.id, after=session.record.last_seq):
                if session.see(entry):
                    session.signals.wake()
        except (JournalError, OSError):
            await session.deps.clock.sleep(1.0)
