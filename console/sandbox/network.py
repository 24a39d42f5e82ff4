"""The pods' network: which address and port of a pod or node is served where on this machine, and a CONNECT proxy into it.

Pods have addresses of their own because EndpointSlices refuse loopback ones; behind each address and port stands a loopback port, or a
unix socket for a node's own endpoint. API servers reach pods and nodes through the proxy, by the addresses they know.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from console.sandbox.splice import Destination, Half, cut_off, dial

HEAD_LIMIT = 8192
HEAD_SECONDS = 10.0


@dataclass(frozen=True)
class Pod:
    """Who has an address."""

    namespace: str
    name: str


class PodNetwork:
    """The map; nodes write it, proxies read it."""

    def __init__(self) -> None:
        self._destinations: dict[tuple[str, int], Destination] = {}
        self._pods: dict[str, Pod] = {}

    def attach(self, address: str, ports: Mapping[int, Destination], *, pod: Pod | None = None) -> None:
        """Make an address reachable on these ports; `pod` is None for a node."""
        self._destinations.update({(address, port): destination for port, destination in ports.items()})
        if pod is not None:
            self._pods[address] = pod

    def detach(self, address: str) -> None:
        """Forget an address."""
        self._pods.pop(address, None)
        for key in [key for key in self._destinations if key[0] == address]:
            del self._destinations[key]

    def find(self, address: str, port: int) -> Destination | None:
        """Where this address and port are served; None when nobody has them."""
        return self._destinations.get((address, port))

    def pod_at(self, address: str) -> Pod | None:
        """The pod that has the address."""
        return self._pods.get(address)


@contextlib.asynccontextmanager
async def connect_proxy(network: PodNetwork, path: Path) -> AsyncIterator[None]:
    """Answer HTTP CONNECT on a unix socket for the length of the block; the destination must be in the network."""
    loop = asyncio.get_running_loop()
    tunnels: set[Half] = set()
    server = await loop.create_unix_server(lambda: _Tunnel(network, tunnels), str(path))
    os.chmod(path, 0o600)
    try:
        yield
    finally:
        server.close()
        await cut_off(tunnels)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


class _Tunnel(Half):
    """One client of the proxy: first its CONNECT request, then a plain half of a joined connection."""

    def __init__(self, network: PodNetwork, tunnels: set[Half]) -> None:
        super().__init__(lambda: tunnels.discard(self))
        tunnels.add(self)
        self._network = network
        self._head: bytes | None = b""
        self._dialling: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._patience = asyncio.get_running_loop().call_later(HEAD_SECONDS, transport.close)

    def data_received(self, data: bytes) -> None:
        if self._head is None:
            super().data_received(data)
            return
        self._head += data
        head, end, rest = self._head.partition(b"\r\n\r\n")
        if end:
            self._head = None
            self._patience.cancel()
            self._dialling = asyncio.create_task(self._open(head, rest), name="connect proxy")
        elif len(self._head) > HEAD_LIMIT:
            self._refuse(431, "the request's head is too long")

    async def _open(self, head: bytes, rest: bytes) -> None:
        """Dial what the request names, say so, and join."""
        method, _, target = head.decode("latin-1").partition(" ")
        address, _, port = target.partition(" ")[0].rpartition(":")
        if method != "CONNECT" or not port.isdigit():
            return self._refuse(405, "this proxy answers CONNECT address:port only")
        destination = self._network.find(address.strip("[]"), int(port))
        if destination is None:
            return self._refuse(502, f"no pod or node has {address}:{port}")
        upstream = Half()
        try:
            await dial(destination, upstream)
        except OSError as error:
            return self._refuse(502, f"dial tcp {address}:{port}: connect: {os.strerror(error.errno or 0).lower()}")
        assert self.transport is not None
        self.transport.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        if rest:
            super().data_received(rest)
        self.join(upstream)

    def _refuse(self, status: int, why: str) -> None:
        body = why.encode()
        if self.transport is not None:
            self.transport.write(b"HTTP/1.1 %d Refused\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (status, len(body), body))
            self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        self._patience.cancel()
        super().connection_lost(error)
