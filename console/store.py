"""Owns the current `Snapshot`: sources put what they see, readers take the latest value when they are ready for it.

Nothing is computed until somebody reads, so a thousand events cost one reduction. A reader that is slow misses values,
never the latest one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import UTC, datetime

from console.domain.freshness import Limits
from console.domain.snapshot import DEFAULT_LIMITS, Observation, Seen, Snapshot, reduce

TICK = 1.0
"""Seconds after which freshness is judged again although nothing came: silence is news."""
PENDING = 20_000
"""Events kept for the next reader before they are reduced without one."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def _since_boot() -> float:
    """Seconds that nobody can set, the machine's sleep included where the kernel counts it."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


_BEGAN = time.time() - _since_boot()


def steady_now() -> datetime:
    """Now, by a clock that only goes on: one that is set by hours makes no silence look fresh and no answer look old."""
    return datetime.fromtimestamp(_BEGAN + _since_boot(), UTC)


class Store:
    """The latest snapshot of one namespace; all calls from one event loop."""

    def __init__(self, *, namespace: str, now: Callable[[], datetime] = steady_now, limits: Mapping[str, Limits] = DEFAULT_LIMITS) -> None:
        self._namespace, self._now, self._limits = namespace, now, limits
        self._snapshot = Snapshot()
        self._pending: list[Seen] = []
        self._news: asyncio.Event = asyncio.Event()

    def put(self, what: Observation) -> None:
        """Takes one observation; cheap, never waits."""
        self._pending.append(Seen(self._now(), what))
        if len(self._pending) >= PENDING:
            self._settle()
        self._news.set()

    def current(self) -> Snapshot:
        """Everything put so far, judged now."""
        self._settle()
        return self._snapshot

    async def changes(self, *, tick: float = TICK) -> AsyncGenerator[Snapshot, None]:
        """The latest snapshot now, and again whenever it is another one; how often is up to how fast the reader comes back."""
        last: Snapshot | None = None
        while True:
            news = self._news
            snapshot = self.current()
            if snapshot != last:
                last = snapshot
                yield snapshot
                continue
            try:
                async with asyncio.timeout(tick):  # not wait_for: up to Python 3.11 it swallows a cancellation that meets a wake-up
                    await news.wait()
            except TimeoutError:
                pass

    def _settle(self) -> None:
        pending, self._pending = self._pending, []
        self._news.clear()
        self._snapshot = reduce(self._snapshot, pending, now=self._now(), namespace=self._namespace, limits=self._limits)
