"""Asks the API server every two seconds whether it lives: the one signal that makes a loss visible within five seconds.

Beside it a steady console sends next to nothing. After an outage it breaks the streams from before, which may be dead.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable

from console.cluster.client import KubeClient
from console.cluster.errors import Answered, ClusterError, ServerFault
from console.domain.snapshot import LinkSeen

EVERY = 2.0
WITHIN = 2.0
SECOND_LOOK = 0.5
"""Seconds until a first failure is asked again, before it is told: one lost packet is no outage."""


async def watch_link(
    client: KubeClient, *, every: float = EVERY, within: float = WITHIN, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> AsyncGenerator[LinkSeen, None]:
    """The health of the link, for ever. A refusal is told after `every` + a second look, a hang after `every` + `within`."""
    lost_at: float | None = None
    while True:
        began = time.monotonic()
        seen = await ask(client, within=within)
        if not seen.ok and lost_at is None and time.monotonic() - began < within / 2:
            await sleep(SECOND_LOOK)
            seen = await ask(client, within=within - SECOND_LOOK)
        yield seen
        if not seen.ok:
            lost_at = lost_at or began
        elif lost_at is not None:
            client.drop_streams(opened_before=lost_at)
            lost_at = None
        await sleep(max(0.0, every - (time.monotonic() - began)))


async def ask(client: KubeClient, *, within: float) -> LinkSeen:
    """One question. Any answer but a server fault is a living server, a refusal of `/livez` itself included."""
    began = time.monotonic()
    try:
        await client.request("GET", "/livez", timeout=within, once=True)
    except Answered as error:
        if isinstance(error, ServerFault):
            return LinkSeen(ok=False, reason=error.message)
    except ClusterError as error:
        return LinkSeen(ok=False, reason=error.message)
    return LinkSeen(ok=True, latency=time.monotonic() - began, server_time=client.server_now())
