"""An answer that comes line by line: watches and followed logs."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Callable, MutableSet
from contextlib import AbstractContextManager

import aiohttp


class Stream:
    """One open answer, for the length of an `async with`; its lines are what the block is given."""

    def __init__(
        self,
        open_: Callable[[], Awaitable[aiohttp.ClientResponse]],
        *,
        naming: Callable[[], AbstractContextManager[None]],
        among: MutableSet[Stream],
        whole_lines: bool = True,
    ) -> None:
        """Without `whole_lines` the block is given the bytes as they come."""
        self._open, self._naming, self._among, self._whole_lines = open_, naming, among, whole_lines
        self._response: aiohttp.ClientResponse | None = None
        self.opened = 0.0
        """When the answer began, by the monotonic clock."""

    async def __aenter__(self) -> AsyncGenerator[bytes, None]:
        self._response = await self._open()
        self.opened = time.monotonic()
        self._among.add(self)
        return self._lines(self._response) if self._whole_lines else self._chunks(self._response)

    async def __aexit__(self, *_: object) -> None:
        self._among.discard(self)
        if self._response is not None:
            self._response.close()

    def drop(self) -> None:
        """Breaks the connection; the reader is told so."""
        connection = self._response.connection if self._response is not None else None
        if connection is not None and connection.transport is not None:
            connection.transport.abort()

    async def _lines(self, response: aiohttp.ClientResponse) -> AsyncGenerator[bytes, None]:
        """Splits by newline, without a limit on a line's length."""
        rest: list[bytes] = []
        while chunk := await self._chunk(response):
            *complete, last = chunk.split(b"\n")
            for part in complete:
                yield b"".join((*rest, part)) if rest else part
                rest.clear()
            if last:
                rest.append(last)
        if rest:
            yield b"".join(rest)

    async def _chunks(self, response: aiohttp.ClientResponse) -> AsyncGenerator[bytes, None]:
        while chunk := await self._chunk(response):
            yield chunk

    async def _chunk(self, response: aiohttp.ClientResponse) -> bytes:
        with self._naming():
            return await response.content.readany()
