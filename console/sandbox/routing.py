"""Where a Service's connections go, from its EndpointSlices: kube-proxy's rules as pure functions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec


class _Struct(msgspec.Struct, frozen=True, rename="camel"):
    """Kubernetes JSON: only the fields that are used, in camel case."""


class Meta(_Struct, frozen=True):
    """Who an object is."""

    name: str
    namespace: str = ""
    labels: dict[str, str] = msgspec.field(default_factory=dict)


class Conditions(_Struct, frozen=True):
    """What is known of one endpoint; unknown means yes for `ready` and `serving`."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class Endpoint(_Struct, frozen=True):
    """One pod behind a Service."""

    addresses: list[str]
    conditions: Conditions = Conditions()


class SlicePort(_Struct, frozen=True):
    """A port of all endpoints of a slice; named as the Service's port."""

    name: str | None = None
    port: int | None = None


class EndpointSlice(_Struct, frozen=True):
    """Some of the endpoints of one Service."""

    metadata: Meta
    endpoints: list[Endpoint] | None = None
    ports: list[SlicePort] | None = None

    @property
    def name(self) -> str:
        return self.metadata.name

    @property
    def key(self) -> str:
        """Namespace and name: unique among all slices."""
        return f"{self.metadata.namespace}/{self.metadata.name}"

    @property
    def service(self) -> str:
        """Namespace and name of the Service it belongs to."""
        return f"{self.metadata.namespace}/{self.metadata.labels.get('kubernetes.io/service-name', '')}"


class ServicePort(_Struct, frozen=True):
    """One port of a Service."""

    port: int
    name: str = ""


class ServiceSpec(_Struct, frozen=True):
    """What is used of a Service."""

    ports: list[ServicePort] = msgspec.field(default_factory=list)


class Service(_Struct, frozen=True):
    """A Service, as far as a proxy needs it."""

    metadata: Meta
    spec: ServiceSpec = ServiceSpec()

    @property
    def name(self) -> str:
        return self.metadata.name

    @property
    def key(self) -> str:
        """Namespace and name: unique among all Services."""
        return f"{self.metadata.namespace}/{self.metadata.name}"


@dataclass(frozen=True, order=True)
class Backend:
    """Where one connection can go."""

    address: str
    port: int


def backends(slices: Iterable[EndpointSlice], port_name: str) -> tuple[Backend, ...]:
    """The endpoints that take new connections: the ready ones; when there are none, those that still serve while they terminate."""
    ready: set[Backend] = set()
    last_resort: set[Backend] = set()
    for piece in slices:
        number = next((port.port for port in piece.ports or () if (port.name or "") == port_name), None)
        if number is None:
            continue
        for endpoint in piece.endpoints or ():
            conditions = endpoint.conditions
            found = {Backend(address, number) for address in endpoint.addresses[:1]}
            if conditions.ready is not False:
                ready |= found
            elif conditions.serving is not False and conditions.terminating:
                last_resort |= found
    return tuple(sorted(ready or last_resort))
