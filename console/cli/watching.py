"""What the console's first picture waits for: settings, a connection, watches. Journal, runbooks and runner come after it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from dataclasses import replace

from console.app.desk import Desk
from console.cli.loading import loaded
from console.cli.options import Options
from console.cli.parts import Connection, Site, connection_to, site_of
from console.cli.sources import fed_store, pictured
from console.domain.environment import Environment
from console.domain.snapshot import Snapshot
from console.store import Store

TICK = 0.1
"""Seconds between two snapshots at least."""


async def open_watch(options: Options) -> LiveWatch:
    """Read the settings and begin to watch. Raises BluegreenError for what a person corrects."""
    site = await asyncio.to_thread(site_of, options)
    await loaded("console.cluster.kube")
    async with AsyncExitStack() as stack:
        connection = await stack.enter_async_context(connection_to(site))
        store = await stack.enter_async_context(fed_store(connection))
        return LiveWatch(site, connection, store, stack.pop_all())
    raise AssertionError("the block returns or raises")


class LiveWatch:
    """Implements `console.app.desk.Watch`."""

    def __init__(self, site: Site, connection: Connection, store: Store, stack: AsyncExitStack) -> None:
        self.site, self.connection, self.store = site, connection, store
        self._stack = stack

    @property
    def environment(self) -> Environment:
        """With the server that we are really connected to."""
        environment = self.site.environment
        cluster = replace(environment.cluster, server=self.connection.client.server)
        return replace(environment, cluster=cluster)

    @property
    def read_only(self) -> bool:
        return self.site.read_only

    async def snapshots(self) -> AsyncIterator[Snapshot]:
        async for snapshot in self.store.changes():
            yield snapshot
            await asyncio.sleep(TICK)

    async def desk(self) -> Desk:
        await pictured(self.store)
        behind = await loaded("console.cli.desk")
        desk: Desk = await behind.desk_behind(self)
        return desk

    def closes(self, more: AsyncExitStack) -> None:
        """Let this be closed as well."""
        self._stack.push_async_exit(more)

    async def close(self) -> None:
        with suppress(OSError):
            await self._stack.aclose()
