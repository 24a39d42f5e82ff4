"""A clock that a test sets, or that jumps from one sleeper to the next by itself."""

from __future__ import annotations

import asyncio
import heapq
from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 31, 2, 41, tzinfo=UTC)


STRIDE = 1.0
"""Longest jump, in seconds: what waits for a thread or a file meanwhile does not find that an hour has passed."""


class ManualClock:
    """Implements `Clock`. Nobody really sleeps.

    With `jumping`, time strides towards the earliest sleeper, one stride per millisecond; without, only `advance` moves it.
    """

    def __init__(self, *, jumping: bool = True, start: datetime = START) -> None:
        self._jumping = jumping
        self._start = start
        self._elapsed = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0
        self._armed = False

    @property
    def jumping(self) -> bool:
        return self._jumping

    @jumping.setter
    def jumping(self, jumping: bool) -> None:
        self._jumping = jumping
        if self._sleepers:
            self._arm()

    def monotonic(self) -> float:
        return self._elapsed

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._elapsed)

    async def sleep(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        woken: asyncio.Future[None] = loop.create_future()
        self._count += 1
        heapq.heappush(self._sleepers, (self._elapsed + max(0.0, seconds), self._count, woken))
        self._arm()
        await woken

    def advance(self, seconds: float) -> None:
        """Move time on, and wake everybody whose time has come."""
        self._set(self._elapsed + seconds)

    def _set(self, elapsed: float) -> None:
        self._elapsed = elapsed
        while self._sleepers and self._sleepers[0][0] <= self._elapsed:
            _, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                woken.set_result(None)

    @property
    def sleepers(self) -> int:
        """How many wait."""
        return sum(not woken.done() for _, _, woken in self._sleepers)

    def _arm(self) -> None:
        if self._jumping and not self._armed:
            self._armed = True
            asyncio.get_running_loop().call_later(0.001, self._jump)

    def _jump(self) -> None:
        self._armed = False
        if not self._jumping:
            return
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        if self._sleepers:
            self._set(min(max(self._elapsed, self._sleepers[0][0]), self._elapsed + STRIDE))
        if self._sleepers:
            self._arm()
