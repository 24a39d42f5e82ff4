"""Joining two byte streams into one connection: what a proxy does after it has decided where a connection goes."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Iterable
from pathlib import Path

Destination = int | Path
"""A loopback port, or a unix socket."""


class Half(asyncio.Protocol):
    """One of the two connections; what it reads is written to its peer, at the speed the peer takes it."""

    def __init__(self, ended: Callable[[], None] | None = None) -> None:
        """`ended` is called once, when this half is gone."""
        self.transport: asyncio.Transport | None = None
        self.peer: Half | None = None
        self.lost = False
        self.finished = False
        """Its other end says no more; it may still listen."""
        self._early: list[bytes] = []
        self._early_eof = False
        self._ended = ended

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def join(self, peer: Half) -> None:
        """Make the two halves one; what came before is passed on first, and an end that came before ends the other half."""
        self.peer, peer.peer = peer, self
        for half in (self, peer):
            early, half._early = half._early, []
            for data in early:
                half.data_received(data)
            if half._early_eof:
                half.eof_received()
        for half, other in ((self, peer), (peer, self)):
            if half.lost and other.transport is not None:
                other.transport.close()

    def data_received(self, data: bytes) -> None:
        if self.peer is None or self.peer.transport is None:
            self._early.append(data)
        else:
            self.peer.transport.write(data)

    def eof_received(self) -> bool:
        """Pass a half-close on, and keep the other direction until that ends, too."""
        self.finished = True
        if self.peer is None or self.peer.transport is None:
            self._early_eof = True
        elif self.peer.transport.can_write_eof() and not self.peer.transport.is_closing():
            self.peer.transport.write_eof()
        if self.peer is not None and self.peer.finished:
            for half in (self, self.peer):
                if half.transport is not None:
                    half.transport.close()
        return True

    def connection_lost(self, error: Exception | None) -> None:
        self.lost = True
        if self.peer is not None and self.peer.transport is not None:
            if error is None:
                self.peer.transport.close()
            else:
                reset(self.peer.transport)
        if self._ended is not None:
            self._ended()

    def pause_writing(self) -> None:
        if self.peer is not None and self.peer.transport is not None:
            self.peer.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.peer is not None and self.peer.transport is not None:
            self.peer.transport.resume_reading()


async def dial(destination: Destination, half: Half) -> None:
    """Connect this half to its destination; OSError when that fails."""
    loop = asyncio.get_running_loop()
    match destination:
        case int():
            await loop.create_connection(lambda: half, "127.0.0.1", destination)
        case _:
            await loop.create_unix_connection(lambda: half, str(destination))


async def cut_off(halves: Iterable[Half]) -> None:
    """Drop connections at once, and let their ends be noticed."""
    for half in tuple(halves):
        if half.transport is not None:
            half.transport.abort()
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def reset(transport: asyncio.Transport) -> None:
    """Close a connection so that its other end sees a reset rather than an orderly end."""
    raw = transport.get_extra_info("socket")
    if raw is not None and raw.family == socket.AF_INET:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
