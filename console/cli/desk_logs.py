"""Logs for the console: pages of the newest lines, from the store's picture of the pods and the API server's log streams."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from console.cli.log_room import LogRoom
from console.cli.parts import Connection
from console.domain.logs import KEPT, TAIL, LogPage, LogRequest, with_lines
from console.store import Store


async def pages(connection: Connection, store: Store, request: LogRequest) -> AsyncGenerator[LogPage, None]:
    """The page after each batch, at most ten a second; endless."""
    tail = TAIL if request.since is None else KEPT
    room = LogRoom(connection.client, connection.site.environment, request, lambda: store.current().world, tail=tail)
    page = LogPage(request)
    async with aclosing(room.batches()) as batches:
        async for batch in batches:
            page = replace(with_lines(page, batch.lines), sources=batch.sources, left_out=batch.left_out, note=batch.note)
            yield page
