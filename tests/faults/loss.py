"""A path that loses packets, as TCP shows it: nothing is missing, but every loss costs a timeout, and many cost the connection."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from console.sandbox.ports import LOOPBACK, reserve_port

FIRST_TIMEOUT, LONGEST_TIMEOUT = 0.2, 30.0
"""Seconds until a lost segment is sent again, doubled each time."""
HANDSHAKE = 1.0
"""The same for the first segment of a connection."""
MOST_TRIES = 8


@dataclass
class Path:
    """Made by `lossy_path`."""

    port: int
    random: random.Random
    loss: float = 0.0
    """Share of segments that do not arrive, in either direction."""
    retransmissions: int = 0
    broken: int = 0
    """Connections that were given up."""
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def carry(self, first: float = FIRST_TIMEOUT) -> None:
        """Wait as long as one segment takes to arrive; ConnectionError when it never does."""
        timeout = first
        for _ in range(MOST_TRIES):
            if self.random.random() >= self.loss:
                return
            self.retransmissions += 1
            await asyncio.sleep(timeout)
            timeout = min(LONGEST_TIMEOUT, timeout * 2)
        self.broken += 1
        raise ConnectionError("given up")

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: int) -> None:
        """One connection, to its end."""
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        server: asyncio.StreamWriter | None = None
        try:
            for _ in range(2):  # there and back
                await self.carry(HANDSHAKE)
            answers, server = await asyncio.open_connection(LOOPBACK, target)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pump(reader, server))
                both.create_task(self._pump(answers, writer))
        except* (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self.tasks.discard(task)
            for end in (writer, server):
                if end is not None:
                    end.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(16_384):
            await self.carry()
            await self.carry()  # its acknowledgement
            writer.write(data)
            await writer.drain()
        raise ConnectionError("the other end is gone")


@contextlib.asynccontextmanager
async def lossy_path(target: int, *, seed: int) -> AsyncIterator[Path]:
    """A loopback port that leads to another one, without loss at first."""
    reserved = reserve_port()
    path = Path(reserved.number, random.Random(seed))
    server = await asyncio.start_server(lambda r, w: path.accept(r, w, target), sock=reserved.listener())
    try:
        yield path
    finally:
        server.close()
        for task in tuple(path.tasks):
            task.cancel()
        await asyncio.gather(*path.tasks, return_exceptions=True)
        reserved.release()
