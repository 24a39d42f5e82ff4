"""A cluster that stands still: what a plan reads. Each question is asked once, and nothing can be written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import datetime
from typing import Any, TypeVar

from console.domain.change import Write, Written
from console.domain.errors import Refused
from console.domain.world import KINDS, Deployment, Kind, Service, WatchEvent, World
from console.engine.ports import AccessRule, Cluster, Fingerprint, Identity, LeaseState

T = TypeVar("T")


class StillCluster:
    """Implements `Cluster` over another one, for the making of one plan."""

    def __init__(self, cluster: Cluster) -> None:
        self.namespace = cluster.namespace
        self._cluster = cluster
        self._asked: dict[object, asyncio.Future[Any]] = {}

    async def observe(self, kinds: Iterable[Kind] = KINDS) -> World:
        wanted = tuple(sorted(set(kinds)))
        return await self._once(("observe", wanted), lambda: self._cluster.observe(wanted))

    async def get_service(self, name: str) -> Service | None:
        return await self._once(("service", name), lambda: self._cluster.get_service(name))

    async def get_deployment(self, name: str) -> Deployment | None:
        return await self._once(("deployment", name), lambda: self._cluster.get_deployment(name))

    async def write(self, write: Write, *, dry_run: bool = False) -> Written:
        """A server-side dry run is a write verb as well: differences are computed here."""
        raise Refused(f"a plan does not write {write.kind} {write.name}")

    async def pod_log(self, pod: str, container: str, *, previous: bool = False, tail: int = 200) -> str:
        return await self._cluster.pod_log(pod, container, previous=previous, tail=tail)

    async def identity(self) -> Identity:
        return await self._once("identity", self._cluster.identity)

    async def may(self, rules: Iterable[AccessRule]) -> tuple[AccessRule, ...]:
        wanted = tuple(rules)
        return await self._once(("may", wanted), lambda: self._cluster.may(wanted))

    async def fingerprint(self) -> Fingerprint:
        return await self._once("fingerprint", self._cluster.fingerprint)

    async def lease(self, name: str) -> LeaseState | None:
        return await self._once(("lease", name), lambda: self._cluster.lease(name))

    async def put_lease(self, name: str, state: LeaseState) -> LeaseState:
        raise Refused(f"a plan does not take the lease {name}")

    def watch(self, kinds: Iterable[Kind] = KINDS) -> AsyncIterator[WatchEvent]:
        return self._cluster.watch(kinds)

    async def server_time(self) -> datetime:
        return await self._cluster.server_time()

    async def _once(self, question: object, ask: Callable[[], Awaitable[T]]) -> T:
        if question not in self._asked:
            self._asked[question] = asyncio.ensure_future(ask())
        answer: T = await asyncio.shield(self._asked[question])
        return answer
