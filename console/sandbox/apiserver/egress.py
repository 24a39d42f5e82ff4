"""Connections to nodes and pods through an HTTP CONNECT proxy on a unix socket, as a real API server's egress selector makes them."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import httpcore

LONGEST_ANSWER: Final = 4096


class TunnelBackend(httpcore.AsyncNetworkBackend):
    """Opens every TCP connection as a tunnel through the proxy."""

    def __init__(self, socket: Path) -> None:
        self._socket = str(socket)
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A stream to host:port, once the proxy has said 200."""
        stream = await self._inner.connect_unix_socket(self._socket, timeout=timeout)
        try:
            await _open_tunnel(stream, f"{host}:{port}", timeout)
        except BaseException:
            await stream.aclose()
            raise
        return Tunnel(stream)

    async def sleep(self, seconds: float) -> None:
        """Wait between the pool's retries."""
        await self._inner.sleep(seconds)


class Tunnel(httpcore.AsyncNetworkStream):
    """A stream whose socket is closed too when the handshake on it is cancelled, which httpcore leaves to the garbage collector."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        """The same stream, encrypted."""
        try:
            return await self._stream.start_tls(ssl_context, server_hostname, timeout)
        except BaseException:
            await self._stream.aclose()
            raise

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


async def _open_tunnel(stream: httpcore.AsyncNetworkStream, target: str, timeout: float | None) -> None:
    await stream.write(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode(), timeout=timeout)
    answer = b""
    while b"\r\n\r\n" not in answer:
        chunk = await stream.read(1, timeout=timeout)
        if not chunk or len(answer) > LONGEST_ANSWER:
            raise httpcore.ConnectError(f"the egress proxy closed the connection to {target}")
        answer += chunk
    status = answer.split(b" ", 2)
    if len(status) < 2 or status[1] != b"200":
        first = answer.split(b"\r\n", 1)[0].decode(errors="replace")
        raise httpcore.ConnectError(f"dial {target}: the egress proxy answered {first}")


def pool_through(socket: Path) -> httpcore.AsyncConnectionPool:
    """A client whose connections all go through the socket; a node's certificate is not checked, as by default in Kubernetes."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return httpcore.AsyncConnectionPool(ssl_context=context, network_backend=TunnelBackend(socket), max_keepalive_connections=0)
