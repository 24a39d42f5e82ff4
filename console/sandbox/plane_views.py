"""What can be seen of and asked from a data plane, wherever it runs: values that travel as JSON, and the port both forms share."""

from __future__ import annotations

from collections import Counter
from typing import Protocol

import msgspec


class PlaneConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a data plane is started with."""

    kubeconfig: str
    """Whose current context is the node agent."""
    folder: str
    """Private; short enough for unix sockets."""
    egress_socket: str
    catalogue: str
    """The image catalogue's file."""
    namespaces: tuple[str, ...]
    nodes: int = 2
    cpu: str = "16"
    """Of each node."""
    memory: str = "64Gi"
    backoff_scale: float = 1.0


class ContainerView(msgspec.Struct, frozen=True, kw_only=True):
    """A container on a node."""

    name: str
    pid: int | None
    restarts: int
    variables: dict[str, str]
    """The running process' environment."""


class PodView(msgspec.Struct, frozen=True, kw_only=True):
    """A pod on a node."""

    namespace: str
    name: str
    node: str
    labels: dict[str, str]
    annotations: dict[str, str]
    address: str
    ports: dict[int, int]
    """Container ports and their loopback ports."""
    containers: tuple[ContainerView, ...]


class ForwardedView(msgspec.Struct, frozen=True):
    """One connection to a Service."""

    at: float
    """On this machine's monotonic clock."""
    pod: str
    refused: bool


class EntryView(msgspec.Struct, frozen=True, kw_only=True):
    """A Service's port as the proxy serves it."""

    namespace: str
    service: str
    port_name: str
    url: str
    targets: tuple[str, ...]
    """The pods that new connections go to."""
    open: dict[str, int]
    """Open connections by pod."""
    forwarded: tuple[ForwardedView, ...]
    """The newest last."""

    def by_pod(self, since: float = 0.0) -> Counter[str]:
        """Connections by pod, from a moment on the monotonic clock on."""
        return Counter(each.pod for each in self.forwarded if each.at >= since)


class Plane(Protocol):
    """A running data plane."""

    async def serve(self, namespace: str) -> None:
        """Take care of one more namespace."""

    async def open_entry(self, namespace: str, service: str, port_name: str = "") -> str:
        """The URL of a Service's port, the first one where it is not named; fixed from the first time it is asked for."""

    async def entry(self, namespace: str, service: str, port_name: str = "") -> EntryView:
        """What goes where on a Service's port."""

    async def pods(self) -> tuple[PodView, ...]:
        """All pods on the nodes."""
