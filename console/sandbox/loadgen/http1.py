"""A plain HTTP/1.1 exchange on one connection, with nothing done behind the caller's back: no retry, no redirect, no pool."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from console.sandbox.ports import LOOPBACK


@dataclass(frozen=True)
class Target:
    """Where requests go."""

    host: str
    port: int
    path: str

    @classmethod
    def of(cls, url: str) -> Target:
        """The target that an http URL names."""
        parts = urlsplit(url)
        if parts.scheme != "http":
            raise ValueError(f"{url} is not an http URL")
        query = f"?{parts.query}" if parts.query else ""
        return cls(parts.hostname or LOOPBACK, parts.port or 80, (parts.path or "/") + query)


@dataclass(frozen=True)
class Answer:
    """A complete response."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    keep: bool
    """Whether the server leaves the connection open for another request."""


class ClosedUnanswered(ConnectionError):
    """The server closed or reset the connection; `answered` tells whether any byte of an answer had come."""

    def __init__(self, *, answered: bool, how: str) -> None:
        super().__init__(f"connection {how} {'in the middle of the answer' if answered else 'before any byte of an answer'}")
        self.answered = answered


class Connection:
    """One TCP connection; used for one exchange after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.used = False
        """True once an exchange was completed on it."""

    @classmethod
    async def open(cls, target: Target) -> Connection:
        """Connect; OSError when that fails."""
        return cls(*await asyncio.open_connection(target.host, target.port))

    @property
    def closed_by_server(self) -> bool:
        """Whether the server is known to have closed it while idle."""
        return self._reader.at_eof() or self._reader.exception() is not None

    async def exchange(self, target: Target, *, close: bool) -> Answer:
        """GET the target's path; ClosedUnanswered when the connection ends first, ValueError when the answer is not HTTP."""
        tail = "Connection: close\r\n\r\n" if close else "\r\n"
        head = f"GET {target.path} HTTP/1.1\r\nHost: {target.host}:{target.port}\r\nAccept: */*\r\n{tail}"
        answered = False
        try:
            self._writer.write(head.encode())
            first = await self._reader.readuntil(b"\r\n")
            answered = True
            answer = await self._rest(first)
        except asyncio.IncompleteReadError as error:
            raise ClosedUnanswered(answered=answered or bool(error.partial), how="closed") from error
        except ConnectionError as error:
            raise ClosedUnanswered(answered=answered, how="reset") from error
        self.used = True
        return answer

    async def _rest(self, first: bytes) -> Answer:
        status = int(first.split(None, 2)[1])
        lines = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body = await self._chunks()
        else:
            body = await self._reader.readexactly(int(headers["content-length"]))
        return Answer(status, headers, body, keep=headers.get("connection", "").lower() != "close")

    async def _chunks(self) -> bytes:
        body = b""
        while size := int((await self._reader.readuntil(b"\r\n")).split(b";")[0], 16):
            body += (await self._reader.readexactly(size + 2))[:-2]
        await self._reader.readuntil(b"\r\n")
        return body

    async def close(self) -> None:
        """Close it and wait until it is closed."""
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()
