"""Kills runners at moments that the seed chooses: before a request leaves for the server, after its effect, or by the clock."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from console.cluster.calls import Call
from tests.chaos.forks import Forked
from tests.faults.kinds import writes
from tests.faults.weather import Decision

MAY_BY_CLOCK = 0.2
REQUESTS = 32
"""Requests within which a runner is killed, at most."""
SECONDS = 4.0


@dataclass
class Killer:
    """Hunts one runner at a time."""

    random: random.Random
    most: int
    """Kills, then none."""
    may: Callable[[], Awaitable[bool]]
    """Whether one more crash leaves the run resumable: the third in one step is a person's."""
    kills: Counter[str] = field(default_factory=Counter)
    """By moment."""
    _prey: Forked | None = None
    _left: int = 0
    _timer: asyncio.Task[None] | None = None

    @property
    def count(self) -> int:
        return self.kills.total()

    def hunt(self, runner: Forked) -> None:
        """From now on this one."""
        self.rest()
        if self.count < self.most:
            self._prey = runner
            by_clock = self.random.random() < MAY_BY_CLOCK
            self._left = 10**9 if by_clock else self.random.randrange(1, REQUESTS)
            if by_clock:
                self._timer = asyncio.create_task(self._wait(self.random.uniform(0, SECONDS)))

    def rest(self) -> None:
        """Nobody is hunted."""
        self._prey = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def before(self, _number: int, call: Call, _decision: Decision) -> None:
        """Hook of the proxy."""
        self._left -= 1
        if self._left == 0:
            await self._strike("before a write" if writes(call) else "before a reading")

    async def after(self, _number: int, call: Call, _decision: Decision) -> None:
        """Hook of the proxy: the effect is there, its sender does not know yet."""
        if self._left == 1 and writes(call) and self.random.random() < 0.5:
            self._left = 0
            await self._strike("after a write, before its answer")

    async def _wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._timer = None
        await self._strike("by the clock")

    async def _strike(self, moment: str) -> None:
        prey = self._prey
        if prey is None:
            return
        if not await self.may():
            self._left = self.random.randrange(1, REQUESTS)
            return
        if self._prey is prey and prey.kill():
            self.kills[moment] += 1
            self._prey = None
