"""A relay in front of an API server, by which its loss can be rehearsed: connections pass, are refused, or hang."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from enum import Enum

from console.sandbox.ports import ReservedPort, reserve_port
from console.sandbox.splice import Half, cut_off, dial, reset


class Link(Enum):
    """What becomes of connections."""

    UP = "up"
    REFUSED = "refused"
    """Open ones are reset, new ones refused: the server is gone."""
    HUNG = "hung"
    """Open ones stay open and carry nothing, new ones are accepted and never answered: the network is gone."""


class Relay:
    """Forwards one loopback port to another."""

    def __init__(self, target: int, reserved: ReservedPort) -> None:
        self._target, self._reserved = target, reserved
        self._listener: asyncio.Server | None = None
        self._clients: dict[Half, Half] = {}
        """Each client, and its connection to the server."""
        self._waiting: list[Half] = []
        """Clients that came while the link hung."""
        self._dialling: set[asyncio.Task[None]] = set()
        self.link = Link.UP

    @property
    def port(self) -> int:
        return self._reserved.number

    async def set(self, link: Link) -> None:
        """Change what becomes of connections, from now on and for the open ones."""
        self.link = link
        if link is Link.REFUSED:
            await self._stop_listening()
            for client in tuple(self._clients):
                if client.transport is not None:
                    reset(client.transport)
        elif self._listener is None:
            sock = self._reserved.listener()
            self._listener = await asyncio.get_running_loop().create_server(lambda: _Caller(self), sock=sock, backlog=512)
        for client, server in self._clients.items():
            for half in (client, server):
                _let_through(half, link is not Link.HUNG)
        if link is Link.UP:
            waiting, self._waiting = self._waiting, []
            for client in waiting:
                self._start(client)

    def accept(self, client: Half) -> None:
        """Take a new connection."""
        self._clients[client] = Half()
        if self.link is Link.HUNG:
            self._waiting.append(client)
        else:
            self._start(client)

    def forget(self, client: Half) -> None:
        """A connection has ended."""
        server = self._clients.pop(client, None)
        if server is not None and server.peer is None and server.transport is not None:
            server.transport.abort()

    async def close(self) -> None:
        """End everything."""
        for task in self._dialling:
            task.cancel()
        await self._stop_listening()
        await cut_off((*self._clients, *self._clients.values()))
        self._reserved.release()

    def _start(self, client: Half) -> None:
        task = asyncio.create_task(self._connect(client), name="relay")
        self._dialling.add(task)
        task.add_done_callback(self._dialling.discard)

    async def _connect(self, client: Half) -> None:
        server = self._clients.get(client)
        if server is None:
            return  # it did not wait
        try:
            await dial(self._target, server)
        except OSError:
            if client.transport is not None:
                reset(client.transport)
            return
        client.join(server)
        if self.link is Link.HUNG:
            _let_through(client, False)
            _let_through(server, False)

    async def _stop_listening(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()


class _Caller(Half):
    """A connection from a client."""

    def __init__(self, relay: Relay) -> None:
        super().__init__(lambda: relay.forget(self))
        self._relay = relay

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._relay.accept(self)


@contextlib.asynccontextmanager
async def relay_to(target: int) -> AsyncIterator[Relay]:
    """A relay to a loopback port, up, for the length of the block."""
    relay = Relay(target, reserve_port())
    await relay.set(Link.UP)
    try:
        yield relay
    finally:
        await relay.close()


def _let_through(half: Half, through: bool) -> None:
    transport = half.transport
    if transport is None or transport.is_closing():
        return
    if through:
        transport.resume_reading()
    else:
        transport.pause_reading()
