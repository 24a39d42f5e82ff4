"""From a plan to a runner that drives it: journaled, handed over, and neither half of it left undone."""

from __future__ import annotations

import asyncio
from typing import Protocol

from console.engine.deps import Deps
from console.engine.process import RunnerFailed
from console.engine.start import Opened, Prepared, open_run, open_spool


class Runner(Protocol):
    """Who takes runs (`WarmRunner`)."""

    async def drive(self, ref: str) -> int: ...


async def hand_over(prepared: Prepared, deps: Deps, runner: Runner) -> Opened:
    """Journal the run and give it to a runner. Who stops waiting for this, by Ctrl-C or otherwise, leaves no run without one.

    A rollback to the warm slot whose runner cannot read the journal is given to another one in a spool.
    """
    handing = asyncio.ensure_future(_handed(prepared, deps, runner))
    try:
        return await asyncio.shield(handing)
    except asyncio.CancelledError:
        await asyncio.gather(handing, return_exceptions=True)
        raise


async def _handed(prepared: Prepared, deps: Deps, runner: Runner) -> Opened:
    opened = await open_run(prepared, deps)
    try:
        await runner.drive(opened.ref)
    except RunnerFailed as failed:
        opened = await open_spool(prepared, opened, deps, why=failed)
        await runner.drive(opened.ref)
    return opened
