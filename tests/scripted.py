"""An HTTP server on loopback whose every answer a test writes itself, down to the byte and the moment it stops talking."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Request:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: list[tuple[str, str]]
    """Names in lower case, in order, repeated ones as often as they came."""
    body: bytes = b""
    connection: int = 0
    """Number of the connection it came on, from 1."""

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]


class Reply:
    """The ways to answer; what is not written is not sent."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    async def raw(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def whole(self, status: int, body: bytes = b"", *, content_type: str = "text/plain", **headers: str) -> None:
        """A complete answer; further headers with `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        lines = {"Content-Type": content_type, "Content-Length": str(len(body)), **named}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        await self.raw(f"HTTP/1.1 {status} X\r\n{head}\r\n".encode() + body)

    async def json(self, status: int, value: object, **headers: str) -> None:
        await self.whole(status, json.dumps(value).encode(), content_type="application/json", **headers)

    async def begin(self, *, content_type: str = "application/json") -> None:
        """The head of an answer in chunks."""
        await self.raw(f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())

    async def chunk(self, data: bytes) -> None:
        await self.raw(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    async def line(self, value: object) -> None:
        """One line of a stream."""
        await self.chunk(json.dumps(value).encode() + b"\n")

    async def end(self) -> None:
        """The proper end of an answer in chunks."""
        await self.raw(b"0\r\n\r\n")

    def reset(self) -> None:
        """The connection breaks, as when a machine dies."""
        sock: socket.socket = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    def close(self) -> None:
        self._writer.close()


Handler = Callable[[Request, Reply], Awaitable[None]]


@dataclass
class Scripted:
    """The running server and what it was asked."""

    port: int
    scheme: str = "http"
    requests: list[Request] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"


@contextlib.asynccontextmanager
async def scripted(handler: Handler, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> AsyncIterator[Scripted]:
    """Serves until the block ends; then every connection that is still open is broken."""
    tasks: set[asyncio.Task[None]] = set()
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        number = connections
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            while (request := await _request(reader, number)) is not None:
                server.requests.append(request)
                await handler(request, Reply(writer))
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            tasks.discard(task)
            writer.transport.abort()

    listener = await asyncio.start_server(serve, host, 0, ssl=tls)
    server = Scripted(port=listener.sockets[0].getsockname()[1], scheme="https" if tls else "http")
    try:
        yield server
    finally:
        listener.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _request(reader: asyncio.StreamReader, connection: int) -> Request | None:
    head = await reader.readuntil(b"\r\n\r\n") if not reader.at_eof() else b""
    if not head:
        return None
    first, *lines = head.decode("latin-1").strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    length = int(dict(headers).get("content-length", "0"))
    url = urlsplit(target)
    return Request(method, url.path, dict(parse_qsl(url.query)), headers, await reader.readexactly(length), connection)


async def forever() -> None:
    """Say nothing more."""
    await asyncio.Event().wait()


async def until(condition: Callable[[], bool], *, within: float = 5.0) -> None:
    """Wait for something that another task brings about; TimeoutError when it does not."""
    async with asyncio.timeout(within):
        while not condition():
            await asyncio.sleep(0.01)
