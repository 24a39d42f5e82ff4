"""What a container has written, line by line with times: the newest part, for as long as the node remembers the container."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime

KEPT_BYTES = 2_000_000
LONGEST_LINE = 16_384
FALLBACK_LINES, FALLBACK_BYTES = 80, 2048
"""How much of a log becomes the message of a failed container."""


@dataclass(frozen=True)
class Line:
    """One line of output, without its end."""

    at: datetime
    text: bytes


@dataclass(frozen=True, kw_only=True)
class LogQuery:
    """Which part of a log is wanted; the kubelet's options."""

    tail: int | None = None
    """Only the last lines."""
    since: datetime | None = None
    timestamps: bool = False
    limit_bytes: int | None = None
    follow: bool = False


class ContainerLog:
    """The output of one process."""

    def __init__(self) -> None:
        self._lines: deque[Line] = deque()
        self._bytes = 0
        self._forgotten = 0
        """Lines that were dropped at the front."""
        self._partial = b""
        self._grown = asyncio.Event()
        self.ended = False

    def write(self, data: bytes, at: datetime) -> None:
        """Take output as it comes."""
        *lines, self._partial = (self._partial + data).split(b"\n")
        for line in lines:
            self._add(Line(at, line))
        while len(self._partial) > LONGEST_LINE:
            self._add(Line(at, self._partial[:LONGEST_LINE]))
            self._partial = self._partial[LONGEST_LINE:]

    def end(self, at: datetime) -> None:
        """No more output will come."""
        if self._partial:
            self._add(Line(at, self._partial))
            self._partial = b""
        self.ended = True
        self._grown.set()

    def last_words(self) -> str:
        """The end of the log, as much as a status message holds."""
        tail = b"\n".join(line.text for line in list(self._lines)[-FALLBACK_LINES:])
        return tail[-FALLBACK_BYTES:].decode(errors="replace")

    async def read(self, query: LogQuery) -> AsyncIterator[bytes]:
        """The wanted part, in chunks; with `follow`, until the process has ended."""
        left = query.limit_bytes
        position = self._start(query)
        while True:
            self._grown.clear()
            for text in self._from(position, query):
                if left is not None:
                    text = text[:left]
                    left -= len(text)
                if text:
                    yield text
                if left == 0:
                    return
            position = self._forgotten + len(self._lines)
            if not query.follow or self.ended:
                return
            await self._grown.wait()

    def _start(self, query: LogQuery) -> int:
        end = self._forgotten + len(self._lines)
        return self._forgotten if query.tail is None else max(self._forgotten, end - query.tail)

    def _from(self, position: int, query: LogQuery) -> Iterator[bytes]:
        for line in list(self._lines)[max(0, position - self._forgotten) :]:
            if query.since is None or line.at >= query.since:
                stamp = line.at.strftime("%Y-%m-%dT%H:%M:%S.%f000Z ").encode() if query.timestamps else b""
                yield stamp + line.text + b"\n"

    def _add(self, line: Line) -> None:
        self._lines.append(line)
        self._bytes += len(line.text)
        while self._bytes > KEPT_BYTES:
            self._bytes -= len(self._lines.popleft().text)
            self._forgotten += 1
        self._grown.set()
