"""Figures of all slots again and again for the screen, and every two seconds a sign whether Prometheus answers at all."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable

from console.domain.environment import Environment
from console.domain.snapshot import MetricsSeen
from console.metrics.prometheus import Prometheus
from console.metrics.query import queries_of

SIGN_EVERY = 2.0


async def watch_metrics(
    source: Prometheus, environment: Environment, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> AsyncGenerator[MetricsSeen, None]:
    """A round of readings every `metrics.every` seconds; between rounds, and instead of them while nothing answers, a sign of life."""
    due = 0.0
    while True:
        began = time.monotonic()
        trouble = await source.trouble()
        if trouble or began < due:
            yield MetricsSeen(trouble=trouble)
        else:
            yield await _round(source, environment)
            due = began + environment.metrics.every
        pause = SIGN_EVERY if trouble else min(SIGN_EVERY, max(due - time.monotonic(), 0.05))
        await sleep(pause)


async def look(source: Prometheus, environment: Environment) -> MetricsSeen:
    """One round of readings, or why there is none."""
    trouble = await source.trouble()
    return MetricsSeen(trouble=trouble) if trouble else await _round(source, environment)


async def _round(source: Prometheus, environment: Environment) -> MetricsSeen:
    found = await asyncio.gather(*(source.readings(queries_of(environment, slot)) for slot in environment.slots))
    return MetricsSeen(dict(zip(environment.slots, found, strict=True)))
