"""Keeps the store fed while a console is open: watches, the link, health checks and figures, each for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager

from console.cli.parts import Connection
from console.domain.snapshot import LINK, METRICS, PROBES, WATCH, Observation, SourceFailed
from console.store import Store

RESTART_SECONDS = 5.0
"""A source ends only by a mistake of ours: it is said, and begun again after this long."""


@asynccontextmanager
async def fed_store(connection: Connection) -> AsyncIterator[Store]:
    """A store that all sources of the environment write to for the length of the block."""
    store = Store(namespace=connection.site.environment.cluster.namespace)
    feeds: dict[str, Callable[[], AsyncIterator[Observation]]] = {
        WATCH: connection.cluster.watch,
        LINK: lambda: _link(connection),
        PROBES: lambda: _probes(connection, store),
    }
    if connection.site.environment.prometheus:
        feeds[METRICS] = lambda: _metrics(connection)
    tasks = [asyncio.create_task(_feed(name, source, store), name=f"feed {name}") for name, source in feeds.items()]
    try:
        yield store
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


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
    from console.probes.rounds import watch_probes

    async with aclosing(watch_probes(connection.probes, connection.site.environment, lambda: store.current().world)) as rounds:
        async for seen in rounds:
            yield seen


async def _metrics(connection: Connection) -> AsyncIterator[Observation]:
    from console.metrics.prometheus import Prometheus
    from console.metrics.rounds import watch_metrics

    source = await asyncio.to_thread(Prometheus, connection.site.environment.prometheus)
    try:
        async with aclosing(watch_metrics(source, connection.site.environment)) as rounds:
            async for seen in rounds:
                yield seen
    finally:
        source.close()
