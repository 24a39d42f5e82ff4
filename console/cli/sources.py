"""Keeps the store fed while a console is open: watches, the link, health checks and figures, each for ever.

Health checks and figures have clients of their own, whose imports would hold the first picture up: they come after it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Container
from contextlib import aclosing, asynccontextmanager, suppress

from console.cli.loading import loaded
from console.cli.parts import Connection
from console.domain.snapshot import LINK, METRICS, PROBES, WATCH, Observation, SourceFailed
from console.domain.world import KINDS
from console.store import Store

ALL = (WATCH, LINK, PROBES, METRICS)
RESTART_SECONDS = 5.0
"""A source ends only by a mistake of ours: it is said, and begun again after this long."""
PICTURE_SECONDS = 2.0
"""Longest time that what comes after the first picture waits for it."""
PAINT_SECONDS = 0.05
"""Left to the screen, so that the picture is painted before imports take the processor."""


@asynccontextmanager
async def fed_store(connection: Connection, *, only: Container[str] = ALL) -> AsyncIterator[Store]:
    """A store that all sources of the environment, or `only` these, write to for the length of the block."""
    store = Store(namespace=connection.site.environment.cluster.namespace)
    feeds: dict[str, Callable[[], AsyncIterator[Observation]]] = {
        WATCH: connection.cluster.watch,
        LINK: lambda: _link(connection),
        PROBES: lambda: _probes(connection, store),
    }
    if connection.site.environment.prometheus:
        feeds[METRICS] = lambda: _metrics(connection, store)
    tasks = [asyncio.create_task(_feed(name, source, store), name=f"feed {name}") for name, source in feeds.items() if name in only]
    try:
        yield store
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def pictured(store: Store) -> None:
    """Wait until every kind was heard of and the screen has had its turn; not for ever."""
    with suppress(TimeoutError):
        async with asyncio.timeout(PICTURE_SECONDS), aclosing(store.changes()) as changes:
            async for snapshot in changes:
                if snapshot.sources.keys() >= set(KINDS):
                    break
    await asyncio.sleep(PAINT_SECONDS)


async def _feed(name: str, source: Callable[[], AsyncIterator[Observation]], store: Store) -> None:
    while True:
        try:
            async for seen in source():
                store.put(seen)
        except Exception as mistake:  # the border: a source's mistake is shown at the source, never ends the console
            store.put(SourceFailed(name, f"{type(mistake).__name__}: {mistake}"))
        await asyncio.sleep(RESTART_SECONDS)


async def _link(connection: Connection) -> AsyncIterator[Observation]:
    from console.cluster.link import watch_link

    async for seen in watch_link(connection.client):
        yield seen


async def _probes(connection: Connection, store: Store) -> AsyncIterator[Observation]:
    await pictured(store)
    await loaded("console.probes.prober")
    from console.probes.rounds import watch_probes

    async with aclosing(watch_probes(connection.probes, connection.site.environment, lambda: store.current().world)) as rounds:
        async for seen in rounds:
            yield seen


async def _metrics(connection: Connection, store: Store) -> AsyncIterator[Observation]:
    await pictured(store)
    await loaded("console.metrics.prometheus")
    from console.metrics.prometheus import Prometheus
    from console.metrics.rounds import watch_metrics

    source = await asyncio.to_thread(Prometheus, connection.site.environment.prometheus)
    try:
        async with aclosing(watch_metrics(source, connection.site.environment)) as rounds:
            async for seen in rounds:
                yield seen
    finally:
        source.close()
