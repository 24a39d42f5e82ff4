"""The service proxy: forwards TCP *connections* to Services, as kube-proxy does.

An open connection stays where it is, whatever happens to the Service; a new one follows the endpoints of that moment, in turn.
Every Service port has one loopback port, fixed when it is first asked for, so that URLs can be written down before any pod
exists. While a Service has no endpoint, connections to it are refused.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from console.sandbox.network import PodNetwork
from console.sandbox.ports import LOOPBACK, ReservedPort, reserve_port
from console.sandbox.routing import Backend, EndpointSlice, Service, backends
from console.sandbox.splice import Half, cut_off, dial, reset

REMEMBERED = 20_000
"""Connections kept in the record of one Service port."""


@dataclass(frozen=True)
class Forwarded:
    """One connection, and where it went."""

    at: float
    """On the monotonic clock."""
    pod: str
    """Name of the pod; its address when the pod is unknown by now."""
    refused: bool = False
    """The pod did not take the connection."""


@dataclass
class Entry:
    """One Service port: its loopback port, where it leads, and what went through."""

    namespace: str
    service: str
    port_name: str
    """Empty for the Service's first port."""
    reserved: ReservedPort
    targets: tuple[Backend, ...] = ()
    turn: Iterator[int] = field(default_factory=itertools.count)
    record: deque[Forwarded] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    open: Counter[str] = field(default_factory=Counter)
    """Open connections by pod."""
    listener: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.reserved.number}"


class ServiceProxy:
    """All Services' listeners; fed with Services and EndpointSlices as they change."""

    def __init__(self, network: PodNetwork) -> None:
        self._network = network
        self._entries: dict[tuple[str, str, str], Entry] = {}
        self._services: dict[str, Service] = {}
        self._slices: dict[str, EndpointSlice] = {}
        self._changed = asyncio.Event()
        self._dialling: set[asyncio.Task[None]] = set()
        self._clients: set[Half] = set()

    def entry(self, namespace: str, service: str, port_name: str = "") -> Entry:
        """The entry of a Service's port, reserved now if it is new; the first port has no name here."""
        key = (namespace, service, port_name)
        if key not in self._entries:
            self._entries[key] = Entry(namespace, service, port_name, reserve_port())
        return self._entries[key]

    def entries(self) -> tuple[Entry, ...]:
        """All entries there are."""
        return tuple(self._entries.values())

    def pod_name(self, address: str) -> str:
        """The pod at this address; the address itself when there is none any more."""
        pod = self._network.pod_at(address)
        return pod.name if pod else address

    def loopback_ports(self) -> dict[str, dict[int, int]]:
        """For each known Service (`name.namespace`), its ports and the loopback ports that stand for them."""
        return {
            f"{service.metadata.name}.{service.metadata.namespace}": {
                port.port: self.entry(service.metadata.namespace, service.metadata.name, _entry_name(service, port.name)).reserved.number
                for port in service.spec.ports
            }
            for service in self._services.values()
        }

    def put_service(self, service: Service) -> None:
        """A Service is new or has changed."""
        self._services[service.key] = service
        self._refresh(service.key)

    def drop_service(self, key: str) -> None:
        """A Service (`namespace/name`) is gone; its loopback ports stay reserved for its return."""
        self._services.pop(key, None)
        self._refresh(key)

    def put_slice(self, piece: EndpointSlice) -> None:
        """An EndpointSlice is new or has changed."""
        self._slices[piece.key] = piece
        self._refresh(piece.service)

    def drop_slice(self, key: str) -> None:
        """An EndpointSlice (`namespace/name`) is gone."""
        piece = self._slices.pop(key, None)
        if piece is not None:
            self._refresh(piece.service)

    async def run(self) -> None:
        """Keep the listeners in step with the endpoints until cancelled; then close everything."""
        try:
            while True:
                await self._changed.wait()
                self._changed.clear()
                await asyncio.gather(*(self._listen(entry) for entry in self.entries()))
        finally:
            for task in self._dialling:
                task.cancel()
            for entry in self.entries():
                if entry.listener is not None:
                    entry.listener.close()
                entry.reserved.release()
            await cut_off(self._clients)

    def _refresh(self, key: str) -> None:
        """Work out where the Service's connections go from now on."""
        namespace, _, service_name = key.partition("/")
        service = self._services.get(key)
        pieces = [piece for piece in self._slices.values() if piece.service == key]
        wanted = {_entry_name(service, port.name): backends(pieces, port.name) for port in service.spec.ports} if service else {}
        for port_name, targets in wanted.items():
            self.entry(namespace, service_name, port_name).targets = targets
        for entry in self.entries():
            if (entry.namespace, entry.service) == (namespace, service_name) and entry.port_name not in wanted:
                entry.targets = ()
        self._changed.set()

    async def _listen(self, entry: Entry) -> None:
        if entry.targets and entry.listener is None:
            factory: Callable[[], asyncio.Protocol] = lambda: _Client(self, entry)  # noqa: E731
            sock = entry.reserved.listener()
            entry.listener = await asyncio.get_running_loop().create_server(factory, sock=sock, backlog=1024)
        elif not entry.targets and entry.listener is not None:
            entry.listener.close()
            entry.listener = None

    def left(self, client: _Client) -> None:
        """Forget a connection that has ended."""
        self._clients.discard(client)

    def accept(self, client: _Client, entry: Entry) -> None:
        """Send a new connection to the Service's next endpoint."""
        self._clients.add(client)
        if not entry.targets:
            assert client.transport is not None
            return reset(client.transport)
        target = entry.targets[next(entry.turn) % len(entry.targets)]
        task = asyncio.create_task(self._connect(client, entry, target), name=f"proxy {entry.service}")
        self._dialling.add(task)
        task.add_done_callback(self._dialling.discard)

    async def _connect(self, client: _Client, entry: Entry, target: Backend) -> None:
        pod = self.pod_name(target.address)
        destination = self._network.find(target.address, target.port)
        upstream = Half()
        try:
            if destination is None:
                raise ConnectionRefusedError(f"nobody has {target.address}:{target.port}")
            await dial(destination, upstream)
        except OSError:
            entry.record.append(Forwarded(time.monotonic(), pod, refused=True))
            if client.transport is not None:
                reset(client.transport)
            return
        entry.record.append(Forwarded(time.monotonic(), pod))
        client.belongs_to(pod)
        client.join(upstream)


class _Client(Half):
    """A connection that a client opened to a Service."""

    def __init__(self, proxy: ServiceProxy, entry: Entry) -> None:
        super().__init__(self._left)
        self._proxy, self._entry = proxy, entry
        self._pod = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._proxy.accept(self, self._entry)

    def belongs_to(self, pod: str) -> None:
        """Count it as open to this pod, until it ends."""
        if not self.lost:
            self._pod = pod
            self._entry.open[pod] += 1

    def _left(self) -> None:
        self._proxy.left(self)
        if self._pod:
            self._entry.open[self._pod] -= 1
            if not self._entry.open[self._pod]:
                del self._entry.open[self._pod]


def _entry_name(service: Service, port_name: str) -> str:
    """The first port's entry has no name, so that it can be asked for before the Service exists."""
    return "" if service.spec.ports and service.spec.ports[0].name == port_name else port_name
