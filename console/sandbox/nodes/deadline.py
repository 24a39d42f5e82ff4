"""A moment until which something may last, which can come nearer while it is waited for."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Deadline:
    """A moment on the event loop's clock."""

    def __init__(self, seconds: float) -> None:
        self.at = asyncio.get_running_loop().time() + seconds
        self._limits: set[asyncio.Timeout] = set()

    @property
    def left(self) -> float:
        """Seconds until then, at least 0."""
        return max(0.0, self.at - asyncio.get_running_loop().time())

    def shorten(self, seconds: float) -> None:
        """Let it be in `seconds` from now, unless it comes sooner anyway."""
        at = asyncio.get_running_loop().time() + seconds
        if at < self.at:
            self.at = at
            for limit in self._limits:
                if not limit.expired():
                    limit.reschedule(at)

    @contextlib.asynccontextmanager
    async def limit(self, *, at_least: float = 0.0) -> AsyncIterator[None]:
        """End the block with TimeoutError at the deadline, but give it `at_least` so many seconds."""
        async with asyncio.timeout(max(self.left, at_least)) as limit:
            self._limits.add(limit)
            try:
                yield
            finally:
                self._limits.discard(limit)
