"""A work queue of keys: each key at most once, later again if asked, after a failure with growing pauses."""

from __future__ import annotations

import asyncio
from typing import Final, Generic, TypeVar

KeyT = TypeVar("KeyT")

FIRST_PAUSE: Final = 0.005
LONGEST_PAUSE: Final = 30.0


class WorkQueue(Generic[KeyT]):
    """Keys that wait to be looked at, in the order they came."""

    def __init__(self) -> None:
        self._waiting: dict[KeyT, None] = {}
        self._some = asyncio.Event()
        self._failures: dict[KeyT, int] = {}
        self._timers: dict[KeyT, asyncio.TimerHandle] = {}
        self._resting: dict[KeyT, float] = {}
        """Until when, on the loop's clock, a key may not be looked at."""

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, key: KeyT) -> None:
        """Ask for a key to be looked at; asking twice before it happens is asking once."""
        until = self._resting.get(key)
        if until is not None:
            rest = until - asyncio.get_running_loop().time()
            if rest > 0:
                self.add_after(key, rest)
                return
            del self._resting[key]
        self._waiting[key] = None
        self._some.set()

    def add_after(self, key: KeyT, seconds: float) -> None:
        """Ask for a key to be looked at later; the earliest such wish per key counts."""
        loop = asyncio.get_running_loop()
        timer = self._timers.get(key)
        if timer is not None:
            if timer.when() <= loop.time() + seconds:
                return
            timer.cancel()
        self._timers[key] = loop.call_later(seconds, self._due, key)

    def _due(self, key: KeyT) -> None:
        del self._timers[key]
        self.add(key)

    async def next(self) -> KeyT:
        """The key that waits longest."""
        while not self._waiting:
            self._some.clear()
            await self._some.wait()
        key = next(iter(self._waiting))
        del self._waiting[key]
        return key

    def rest(self, key: KeyT, seconds: float) -> None:
        """Leave a key alone for a while, however often it is asked for; it is looked at afterwards."""
        self._resting[key] = asyncio.get_running_loop().time() + seconds
        if self._waiting.pop(key, self) is None:
            self.add_after(key, seconds)

    def done(self, key: KeyT) -> None:
        """Forget the failures of a key that went well."""
        self._failures.pop(key, None)

    def failed(self, key: KeyT) -> None:
        """Look at a key again, after a pause that doubles with every failure in a row."""
        count = self._failures[key] = self._failures.get(key, 0) + 1
        self.add_after(key, min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (count - 1)))

    def close(self) -> None:
        """Cancel what was to happen later."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
