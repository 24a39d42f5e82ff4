"""Two halves of one connection: both are gone once neither end says anything any more."""

from __future__ import annotations

import asyncio

import pytest

from console.sandbox.splice import Half, dial


@pytest.mark.parametrize("first", ["client", "server"])
async def test_a_connection_that_both_ends_have_finished_leaves_nothing_open(first: str) -> None:
    halves: list[Half] = []
    joined: set[asyncio.Task[None]] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if first == "client":
            await reader.read()  # until the client has finished
        writer.write(b"bye")
        writer.write_eof()
        await reader.read()
        writer.close()

    class Client(Half):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            task = asyncio.create_task(self._joined())
            joined.add(task)

        async def _joined(self) -> None:
            upstream = Half()
            halves.extend((self, upstream))
            await dial(server.sockets[0].getsockname()[1], upstream)
            self.join(upstream)

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    proxy = await asyncio.get_running_loop().create_server(Client, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*proxy.sockets[0].getsockname())
    writer.write(b"hello")
    if first == "client":
        writer.write_eof()
    assert await reader.read() == b"bye"
    if first == "server":
        writer.write_eof()
    async with asyncio.timeout(5):
        while not halves or not all(half.lost for half in halves):
            await asyncio.sleep(0.01)
    writer.close()
    for each in (proxy, server):
        each.close()
