"""The lossy path: bytes come late, or the connection is given up; none is missing or in another order."""

from __future__ import annotations

import asyncio

import pytest

from tests.faults import loss
from tests.faults.loss import Path, lossy_path


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(100):
        writer.write(data)
    writer.close()


def port_of(server: asyncio.Server) -> int:
    port: int = server.sockets[0].getsockname()[1]
    return port


async def said(path: Path, words: list[bytes]) -> list[bytes]:
    """What comes back, word by word."""
    reader, writer = await asyncio.open_connection("127.0.0.1", path.port)
    found = []
    try:
        for word in words:
            writer.write(word)
            found.append(await reader.readexactly(len(word)))
    finally:
        writer.close()
    return found


async def test_what_is_lost_is_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loss, "FIRST_TIMEOUT", 0.001)
    words = [b"one", b"two", b"three", b"four"] * 5
    async with await asyncio.start_server(echo, "127.0.0.1", 0) as server, lossy_path(port_of(server), seed=1) as path:
        assert await said(path, words) == words
        assert path.retransmissions == 0
        reader, writer = await asyncio.open_connection("127.0.0.1", path.port)
        writer.write(b"0")
        assert await reader.readexactly(1) == b"0"
        path.loss = 0.3
        writer.write(b"".join(words))
        assert await reader.readexactly(len(b"".join(words))) == b"".join(words)
        writer.close()


async def test_what_never_arrives_ends_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loss, "LONGEST_TIMEOUT", 0.001)
    async with await asyncio.start_server(echo, "127.0.0.1", 0) as server, lossy_path(port_of(server), seed=1) as path:
        path.random.random = lambda: 0.0  # type: ignore[method-assign]
        path.loss = 0.5
        monkeypatch.setattr(loss, "HANDSHAKE", 0.001)
        monkeypatch.setattr(path, "carry", lambda first=0.0: Path.carry(path, 0.001))
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await asyncio.wait_for(said(path, [b"one"]), 10)
        assert path.broken == 1
