"""Tunnels to nodes: what is cancelled on the way leaves no socket open."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest

from console.sandbox.apiserver.egress import TunnelBackend


async def test_a_handshake_that_is_cancelled_closes_its_socket(tmp_path: Path) -> None:
    greeted, gone = asyncio.Event(), asyncio.Event()

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await reader.read(1)
        greeted.set()
        while await reader.read(1024):
            pass
        gone.set()
        writer.close()

    path = tmp_path / "egress.sock"
    async with asyncio.timeout(20), await asyncio.start_unix_server(proxy, path):
        stream = await TunnelBackend(path).connect_tcp("node-1", 10250)
        handshake = asyncio.create_task(stream.start_tls(ssl.create_default_context(), "node-1"))
        await greeted.wait()
        handshake.cancel()
        with pytest.raises(asyncio.CancelledError):
            await handshake
        await gone.wait()
