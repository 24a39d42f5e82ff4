"""What may end a walk from outside, and the waiting that notices it at once."""

from __future__ import annotations

import asyncio

from console.engine.ending import LeaseLost, Released, StepEnded, StopAsked
from console.engine.ports import Clock


class Signals:
    """Set by the watchers and by SIGTERM, read at safe points."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._changed = asyncio.Event()
        self.lost: LeaseLost | None = None
        self.ending = ""
        """Why this process must end; the run stays open."""
        self.stop = ""
        """Why a person wants the run to stop and stay."""
        self.suspend = ""
        """Why a person wants the run to be let go of for now."""
        self.skip: StepEnded | None = None
        """A person passes over the step that is walked."""

    def wake(self) -> None:
        """Something was set, or an entry came."""
        self._changed.set()

    def lose(self, lost: LeaseLost) -> None:
        self.lost = lost
        self.wake()

    def end(self, reason: str) -> None:
        self.ending = reason
        self.wake()

    def safe_point(self) -> None:
        """Raises the Ending that is due: another driver first, then our own end, then a person's wishes."""
        if self.lost:
            raise self.lost
        if self.ending:
            raise Released(self.ending)
        if self.stop:
            raise StopAsked(self.stop)
        if self.suspend:
            raise Released(self.suspend)
        if self.skip:
            raise self.skip

    async def pause(self, seconds: float) -> None:
        """Wait so long, less when something comes, and pass a safe point."""
        await self.wait(seconds)
        self.safe_point()

    async def wait(self, seconds: float) -> None:
        """Wait so long, less when something comes."""
        if not self._changed.is_set():
            sleeping = asyncio.ensure_future(self._clock.sleep(seconds))
            waking = asyncio.ensure_future(self._changed.wait())
            try:
                await asyncio.wait({sleeping, waking}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (sleeping, waking):
                    task.cancel()
                await asyncio.gather(sleeping, waking, return_exceptions=True)
        self._changed.clear()
