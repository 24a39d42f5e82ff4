"""A namespace in memory behind the `Cluster` port: resource versions, conflicts, leases, controllers, and faults to order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, cast

from console.cluster.errors import AlreadyExists, Conflict, Invalid, NotFound
from console.domain.change import Create, Delete, JsonPatch, MergePatch, ServerApply, Write, Written
from console.domain.world import KINDS, Deleted, Deployment, Kind, KubeObject, Listed, Pod, Service, Upserted, WatchEvent, World
from console.engine.ports import AccessRule, Clock, Fingerprint, Identity, LeaseState
from tests.fakes import objects
from tests.fakes.json_patch import PatchRefused, applied, json_patched, merge_patched

FIELDS: Mapping[Kind, str] = {
    "Deployment": "deployments",
    "ReplicaSet": "replica_sets",
    "Pod": "pods",
    "Service": "services",
    "EndpointSlice": "slices",
    "Event": "events",
    "HorizontalPodAutoscaler": "autoscalers",
    "ResourceQuota": "quotas",
    "ConfigMap": "records",
}


@dataclass
class Fault:
    """An answer that goes wrong, so many times."""

    verb: str
    """`observe`, `get`, `write`, `lease`, `put_lease`, `fingerprint`, `server_time`, or `*` for all."""
    error: BaseException
    times: int = 1
    name: str = ""
    """Of the object; empty: any."""
    after: bool = False
    """The effect happens, the answer is lost."""


@dataclass
class FakeCluster:
    """Implements `Cluster`. `settles`: Deployments roll out the moment they are written."""

    clock: Clock
    namespace: str = "shop"
    user: str = "alice"
    server: str = "https://cluster.example"
    uid: str = "uid-of-shop"
    settles: bool = True
    skew: float = 0.0
    """Seconds that the server's clock is ahead of ours."""
    store: dict[Kind, dict[str, KubeObject]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    leases: dict[str, LeaseState] = field(default_factory=dict)
    writes: list[Write] = field(default_factory=list)
    """What took effect, in order."""
    calls: list[tuple[str, str]] = field(default_factory=list)
    """(verb, name) of every call."""
    faults: list[Fault] = field(default_factory=list)
    before_write: Callable[[Write], None] | None = None
    """Called before a write takes effect: another writer's chance."""
    logs: dict[tuple[str, str, bool], str] = field(default_factory=dict)
    forbidden: set[AccessRule] = field(default_factory=set)
    unread: frozenset[Kind] = frozenset()
    _version: int = 100
    _listeners: list[asyncio.Queue[WatchEvent]] = field(default_factory=list)

    # What a test does

    def put(self, *found: KubeObject) -> None:
        """Objects as somebody else writes them; controllers react."""
        for item in found:
            self._keep(cast("Kind", _kind_of(item)), item)

    def remove(self, kind: Kind, name: str) -> None:
        del self.store[kind][name]
        self._tell(Deleted(kind, name, self._now()))
        self._control()

    def fail(self, verb: str, error: BaseException, *, times: int = 1, name: str = "", after: bool = False) -> None:
        """The next `times` such calls raise `error`; with `after` a write takes effect first."""
        self.faults.append(Fault(verb, error, times, name, after))

    def selects(self, name: str, key: str = "version") -> str:
        """Slot that a Service selects."""
        return self.service(name).selector.get(key, "")

    def service(self, name: str) -> Service:
        return cast("Service", self.store["Service"][name])

    def deployment(self, name: str) -> Deployment:
        return cast("Deployment", self.store["Deployment"][name])

    def settle(self, name: str) -> None:
        """Roll one Deployment out, where `settles` is off."""
        self.put(objects.rolled_out(self.deployment(name)))

    # The port

    async def observe(self, kinds: Iterable[Kind] = KINDS) -> World:
        await self._called("observe")
        found: dict[str, Any] = {FIELDS[kind]: dict(self.store[kind]) for kind in kinds if kind not in self.unread}
        return World(self.namespace, self._now(), **found, unread=self.unread)

    async def get_service(self, name: str) -> Service | None:
        await self._called("get", name)
        return cast("Service | None", self.store["Service"].get(name))

    async def get_deployment(self, name: str) -> Deployment | None:
        await self._called("get", name)
        return cast("Deployment | None", self.store["Deployment"].get(name))

    async def write(self, write: Write, *, dry_run: bool = False) -> Written:
        lost = await self._called("write", write.name)
        if self.before_write:
            self.before_write(write)
        changed = self._changed(write)
        if dry_run:
            return Written(write.kind, write.name, changed.meta.resource_version if changed else "", changed)
        written = self._take_effect(write, changed)
        if lost:
            raise lost
        return written

    async def pod_log(self, pod: str, container: str, *, previous: bool = False, tail: int = 200) -> str:
        await self._called("log", pod)
        found = self.logs.get((pod, container, previous))
        if found is None:
            raise NotFound(f"there is no log of {pod}/{container}")
        return "\n".join(found.splitlines()[-tail:])

    async def identity(self) -> Identity:
        await self._called("identity")
        return Identity(self.user)

    async def may(self, rules: Iterable[AccessRule]) -> tuple[AccessRule, ...]:
        await self._called("may")
        return tuple(r for r in rules if replace(r, name="") in self.forbidden)

    async def fingerprint(self) -> Fingerprint:
        await self._called("fingerprint")
        return Fingerprint(self.server, self.namespace, self.uid)

    async def lease(self, name: str) -> LeaseState | None:
        await self._called("lease", name)
        return self.leases.get(name)

    async def put_lease(self, name: str, state: LeaseState) -> LeaseState:
        lost = await self._called("put_lease", name)
        there = self.leases.get(name)
        if there is None and state.resource_version:
            raise NotFound(f"the lease {name} is gone")
        if there and there.resource_version != state.resource_version:
            raise Conflict(f"the lease {name} was changed")
        self.leases[name] = replace(state, resource_version=self._next())
        if lost:
            raise lost
        return self.leases[name]

    async def watch(self, kinds: Iterable[Kind] = KINDS) -> AsyncIterator[WatchEvent]:
        wanted = tuple(kinds)
        queue: asyncio.Queue[WatchEvent] = asyncio.Queue()
        self._listeners.append(queue)
        try:
            for kind in wanted:
                yield Listed(kind, tuple(self.store[kind].values()), str(self._version), self._now())
            while True:
                event = await queue.get()
                if event.kind in wanted:
                    yield event
        finally:
            self._listeners.remove(queue)

    async def server_time(self) -> datetime:
        await self._called("server_time")
        return self._now()

    # How it works

    async def _called(self, verb: str, name: str = "") -> BaseException | None:
        """Note the call; raise the fault that is due, or return one whose effect comes first."""
        self.calls.append((verb, name))
        await asyncio.sleep(0)
        for fault in self.faults:
            if fault.times and fault.verb in (verb, "*") and fault.name in (name, ""):
                fault.times -= 1
                if fault.after:
                    return fault.error
                raise fault.error
        return None

    def _changed(self, write: Write) -> KubeObject | None:
        """The object after the write; None when it is deleted. Raises what the API server answers."""
        kind = cast("Kind", write.kind)
        present = self.store[kind].get(write.name)
        if isinstance(write, Create):
            if present is not None:
                raise AlreadyExists(f"{write.kind} {write.name} already exists")
            return objects.from_api(kind, write.name, write.manifest, None)
        if isinstance(write, ServerApply):
            raw = applied(objects.as_api(present) if present else {}, write.manifest)
            return objects.from_api(kind, write.name, raw, present)
        if present is None:
            raise NotFound(f"{write.kind} {write.name} not found")
        match write:
            case Delete(uid=uid):
                if present.meta.uid != uid:
                    raise Conflict(f"{write.kind} {write.name} is another one by now")
                return None
            case MergePatch(body=body, resource_version=version):
                if version and version != present.meta.resource_version:
                    raise Conflict(f"{write.kind} {write.name} has been modified")
                return objects.from_api(kind, write.name, merge_patched(objects.as_api(present), body), present)
            case JsonPatch(ops=ops):
                try:
                    return objects.from_api(kind, write.name, json_patched(objects.as_api(present), ops), present)
                except PatchRefused as refused:
                    raise Invalid(f"the server rejected our request: {refused}") from refused

    def _take_effect(self, write: Write, changed: KubeObject | None) -> Written:
        self.writes.append(write)
        kind = cast("Kind", write.kind)
        if changed is None:
            self.remove(kind, write.name)
            return Written(write.kind, write.name, "")
        kept = self._keep(kind, changed)
        return Written(write.kind, write.name, kept.meta.resource_version, kept)

    def _keep(self, kind: Kind, item: KubeObject) -> KubeObject:
        kept = replace(item, meta=replace(item.meta, resource_version=self._next()))
        self.store[kind][item.name] = kept
        self._tell(Upserted(kind, kept, self._now()))
        self._control()
        return kept

    def _control(self) -> None:
        """What the controllers make of it: rollouts, pods, endpoints."""
        for item in list(self.store["Deployment"].values()):
            found = cast("Deployment", item)
            if self.settles and found.observed_generation != found.generation and not found.paused:
                rolled = objects.rolled_out(found)
                self.store["Deployment"][found.name] = replace(rolled, meta=replace(rolled.meta, resource_version=self._next()))
        self.store["ReplicaSet"], self.store["Pod"], self.store["EndpointSlice"] = {}, {}, {}
        for item in self.store["Deployment"].values():
            found = cast("Deployment", item)
            owned = objects.replica_set(found)
            self.store["ReplicaSet"][owned.name] = owned
            for number in range(found.replicas):
                one = objects.pod(found, number, ready=number < found.ready)
                self.store["Pod"][one.name] = one
        for item in self.store["Service"].values():
            route = cast("Service", item)
            chosen = [p for p in self.store["Pod"].values() if route.selector.items() <= p.meta.labels.items()]
            piece = objects.endpoint_slice(route, [cast("Pod", p) for p in chosen])
            self.store["EndpointSlice"][piece.name] = piece

    def _tell(self, event: WatchEvent) -> None:
        for queue in self._listeners:
            queue.put_nowait(event)

    def _next(self) -> str:
        self._version += 1
        return str(self._version)

    def _now(self) -> datetime:
        return self.clock.now() + timedelta(seconds=self.skew)


def _kind_of(item: KubeObject) -> str:
    names = {"Autoscaler": "HorizontalPodAutoscaler", "Quota": "ResourceQuota"}
    return names.get(type(item).__name__, type(item).__name__)
