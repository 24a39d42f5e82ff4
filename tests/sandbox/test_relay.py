"""The relay by which the loss of an API server is rehearsed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from console.sandbox.relay import Link, Relay, relay_to

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def relay() -> AsyncIterator[Relay]:
    """A relay in front of a server that echoes lines."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server, relay_to(server.sockets[0].getsockname()[1]) as found:
        yield found
    for _ in range(5):
        await asyncio.sleep(0)  # the loop notices closed connections only while it runs


@pytest.fixture
async def connection(relay: Relay) -> AsyncIterator[Connection]:
    async with _connected(relay) as found:
        assert await _echo(found) == b"hello\n"
        yield found


async def test_a_refused_link_resets_what_is_open_and_refuses_what_is_new(relay: Relay, connection: Connection) -> None:
    await relay.set(Link.REFUSED)
    with pytest.raises(ConnectionResetError):
        await connection[0].read()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", relay.port)
    await relay.set(Link.UP)
    async with _connected(relay) as again:
        assert await _echo(again) == b"hello\n"


async def test_a_hung_link_keeps_connections_and_carries_nothing_until_it_is_up(relay: Relay, connection: Connection) -> None:
    await relay.set(Link.HUNG)
    connection[1].write(b"are you there?\n")
    async with _connected(relay) as fresh:
        fresh[1].write(b"and you?\n")
        for reader, _ in (connection, fresh):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reader.readline(), 0.1)
        await relay.set(Link.UP)
        assert await asyncio.wait_for(connection[0].readline(), 5) == b"are you there?\n"
        assert await asyncio.wait_for(fresh[0].readline(), 5) == b"and you?\n"


async def test_a_server_that_is_away_resets_new_connections() -> None:
    async with relay_to(1) as relay:
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()


@contextlib.asynccontextmanager
async def _connected(relay: Relay) -> AsyncIterator[Connection]:
    reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def _echo(connection: Connection) -> bytes:
    connection[1].write(b"hello\n")
    return await asyncio.wait_for(connection[0].readline(), 5)
