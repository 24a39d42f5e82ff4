"""The outside world as the engine and the actions see it: small protocols, implemented at the border.

`console.cluster`, `console.probes` and `console.metrics` implement them; tests pass fakes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from console.domain.change import Write, Written
from console.domain.health import ProbeResult
from console.domain.ids import ComponentName, Epoch, SlotName
from console.domain.world import KINDS, Deployment, Kind, Service, WatchEvent, World


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the API server says we are."""

    user: str
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AccessRule:
    verb: str
    resource: str
    group: str = ""
    subresource: str = ""
    name: str = ""
    """Of the one object; empty: any."""

    def __str__(self) -> str:
        name = f"{self.resource}.{self.group}" if self.group else self.resource
        return f"{self.verb} {name}" + (f"/{self.subresource}" if self.subresource else "")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Proof that this is the namespace that was meant."""

    server: str
    namespace: str
    namespace_uid: str

    def as_dict(self) -> dict[str, str]:
        return {"server": self.server, "namespace": self.namespace, "namespace_uid": self.namespace_uid}


@dataclass(frozen=True, slots=True)
class LeaseState:
    """Who drives this environment."""

    holder: str
    """`user@host/uid of the run`, empty when nobody does."""
    epoch: Epoch
    run: str = ""
    acquired_at: datetime | None = None
    renewed_at: datetime | None = None
    duration: float = 15.0
    resource_version: str = ""
    anchor: str = ""
    """Head hash of the journal, so that a cut tail is seen."""


class Cluster(Protocol):
    """One namespace of one API server. Errors are `console.domain.errors` or carry `.sent` = "no" | "maybe"."""

    namespace: str

    async def observe(self, kinds: Iterable[Kind] = KINDS) -> World: ...
    async def get_service(self, name: str) -> Service | None: ...
    async def get_deployment(self, name: str) -> Deployment | None: ...
    async def write(self, write: Write, *, dry_run: bool = False) -> Written: ...
    async def pod_log(self, pod: str, container: str, *, previous: bool = False, tail: int = 200) -> str: ...
    async def identity(self) -> Identity: ...
    async def may(self, rules: Iterable[AccessRule]) -> tuple[AccessRule, ...]: ...
    async def fingerprint(self) -> Fingerprint: ...
    async def lease(self, name: str) -> LeaseState | None: ...
    async def put_lease(self, name: str, state: LeaseState) -> LeaseState: ...
    def watch(self, kinds: Iterable[Kind] = KINDS) -> AsyncIterator[WatchEvent]: ...
    async def server_time(self) -> datetime: ...


class Probes(Protocol):
    """Health checks of the application."""

    async def live(self, *, fresh: bool = False) -> tuple[ProbeResult, ...]: ...
    async def slot(self, slot: SlotName, world: World) -> tuple[ProbeResult, ...]: ...
    async def answered_release(self, component: ComponentName, *, count: int) -> Mapping[str, int]:
        """Releases that answered `count` fresh connections through the real entry point; errors count under `error: …`."""
        ...


class Registry(Protocol):
    """Finds the digest of a tag."""

    async def digest(self, image: str) -> str | None: ...


class Clock(Protocol):
    """Local time: monotonic for deadlines, wall for records."""

    def monotonic(self) -> float: ...
    def now(self) -> datetime: ...
    async def sleep(self, seconds: float) -> None: ...
