"""Health checks again and again for the screen: one round at a time per target, whatever it takes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable

from console.domain.environment import Environment
from console.domain.ids import SlotName
from console.domain.snapshot import LIVE, ProbesSeen
from console.domain.world import World
from console.probes.prober import ApplicationProbes


async def watch_probes(
    probes: ApplicationProbes,
    environment: Environment,
    world: Callable[[], World | None],
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncGenerator[ProbesSeen, None]:
    """Rounds of all targets, for ever, `health.every` seconds apart; `world` gives the latest one that is known."""
    while True:
        began = time.monotonic()
        for seen in await asyncio.gather(_live(probes), *(_slot(probes, slot, world()) for slot in environment.slots)):
            yield seen
        await sleep(max(0.0, environment.health.every - (time.monotonic() - began)))


async def _live(probes: ApplicationProbes) -> ProbesSeen:
    return ProbesSeen(LIVE, await probes.live())


async def _slot(probes: ApplicationProbes, slot: SlotName, world: World | None) -> ProbesSeen:
    return ProbesSeen(slot, await probes.slot(slot, world) if world is not None else ())
