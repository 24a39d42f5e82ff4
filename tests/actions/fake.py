"""A namespace in memory behind the `Cluster` port, with faults to order: just enough of Kubernetes' semantics for the effects of actions.

What the real API server does is proved in `test_real.py`; here conflicts, lost answers and races happen exactly where a test wants them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from console.domain import facts
from console.domain.change import Create, Delete, JsonPatch, MergePatch, PatchOp, ServerApply, Write, Written
from console.domain.errors import PortError
from console.domain.health import ProbeResult
from console.domain.ids import ComponentName, SlotName
from console.domain.world import KINDS, ConfigMap, Deployment, Kind, Meta, Service, WatchEvent, World
from console.engine.action import Ports
from console.engine.ports import AccessRule, Fingerprint, Identity, LeaseState

FIELDS: Mapping[str, str] = {
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

Fault = Callable[[Write], Exception | None]
"""Asked before a write; an exception of `sent="maybe"` is raised after it was done."""


class NeverArrived(PortError):
    """A request that was lost on its way, though the client cannot know that."""


class FakeCluster:
    """Writes change the world at once; `log` tells what was sent."""

    namespace = "traider-prod"

    def __init__(self, world: World) -> None:
        self.world = world
        self.log: list[Write] = []
        self.before_write: list[Fault] = []
        self.after_write: list[Callable[[Write], object]] = []
        self.unreachable = False
        self.logs: dict[tuple[str, str, bool], str] = {}
        self.forbidden: tuple[AccessRule, ...] = ()
        self.reads = 0
        self._versions = 100

    async def observe(self, kinds: Iterable[Kind] = KINDS) -> World:
        self._reach()
        wanted = {FIELDS[k] for k in kinds}
        unasked: dict[str, Any] = {f: {} for f in FIELDS.values() if f not in wanted}
        return replace(self.world, **unasked)

    async def get_service(self, name: str) -> Service | None:
        self._reach()
        self.reads += 1
        return self.world.services.get(name)

    async def get_deployment(self, name: str) -> Deployment | None:
        self._reach()
        return self.world.deployments.get(name)

    async def write(self, write: Write, *, dry_run: bool = False) -> Written:
        await asyncio.sleep(0)
        self._reach()
        fault = next((f for ask in self.before_write if (f := ask(write))), None)
        if fault and (isinstance(fault, NeverArrived) or getattr(fault, "sent", "no") == "no"):
            raise fault
        self.log.append(write)
        written = self._do(write)
        for told in self.after_write:
            told(write)
        if fault:
            raise fault
        return written

    def _do(self, write: Write) -> Written:
        kept = f"{write.kind}/{write.name}"
        store = dict(getattr(self.world, FIELDS[write.kind]))
        present = store.get(write.name)
        match write:
            case Delete():
                store.pop(write.name, None)
                self._put(write.kind, store)
                return Written(write.kind, write.name, "")
            case Create(manifest=manifest):
                if present is not None:
                    raise PortError(f"{kept} already exists", status=409, reason="AlreadyExists")
                found = _from_manifest(write.kind, manifest, None)
            case ServerApply(manifest=manifest):
                found = _from_manifest(write.kind, manifest, present)
            case JsonPatch(ops=ops):
                found = _patched(self._present(present, kept), ops)
            case MergePatch(body=body, resource_version=version):
                found = _merged(self._present(present, kept), body, version)
        self._versions += 1
        found = replace(found, meta=replace(found.meta, resource_version=str(self._versions)))
        self._put(write.kind, {**store, write.name: found})
        return Written(write.kind, write.name, found.meta.resource_version, found)

    def _present(self, item: Any, name: str) -> Any:
        if item is None:
            raise PortError(f"{name} not found", status=404, reason="NotFound")
        return item

    def _put(self, kind: str, store: Mapping[str, Any]) -> None:
        changed: dict[str, Any] = {FIELDS[kind]: store}
        self.world = replace(self.world, **changed)

    def _reach(self) -> None:
        if self.unreachable:
            raise PortError("connection refused", reason="Unreachable")

    async def pod_log(self, pod: str, container: str, *, previous: bool = False, tail: int = 200) -> str:
        if (pod, container, previous) not in self.logs:
            raise PortError(f"previous terminated container {container} in pod {pod} not found", status=400)
        return self.logs[pod, container, previous]

    async def identity(self) -> Identity:
        return Identity("alice")

    async def may(self, rules: Iterable[AccessRule]) -> tuple[AccessRule, ...]:
        return tuple(r for r in rules if replace(r, name="") in self.forbidden)

    async def fingerprint(self) -> Fingerprint:
        return Fingerprint("https://api.example", self.namespace, "uid-ns")

    async def lease(self, name: str) -> LeaseState | None:
        return None

    async def put_lease(self, name: str, state: LeaseState) -> LeaseState:
        return state

    def watch(self, kinds: Iterable[Kind] = KINDS) -> AsyncIterator[WatchEvent]:
        raise NotImplementedError("no action watches")

    async def server_time(self) -> datetime:
        return self.world.at


def _as_dict(item: Any) -> dict[str, Any]:
    """The parts of an object that patches touch, as the API has them."""
    metadata: dict[str, Any] = {"resourceVersion": item.meta.resource_version}
    if item.meta.annotations:
        metadata["annotations"] = dict(item.meta.annotations)
    match item:
        case Service():
            return {"metadata": metadata, "spec": {"selector": dict(item.selector)}}
        case Deployment():
            containers = [{"name": n, "image": item.images.get(n, "")} for n in item.containers]
            return {"metadata": metadata, "spec": {"replicas": item.desired, "template": {"spec": {"containers": containers}}}}
        case ConfigMap():
            return {"metadata": metadata, "data": dict(item.data)}
    raise TypeError(type(item).__name__)


def _from_dict(item: Any, raw: Mapping[str, Any]) -> Any:
    meta = replace(item.meta, annotations=raw["metadata"].get("annotations") or {})
    match item:
        case Service():
            return replace(item, meta=meta, selector=raw["spec"]["selector"])
        case Deployment():
            containers = raw["spec"]["template"]["spec"]["containers"]
            return replace(item, meta=meta, desired=raw["spec"]["replicas"], images={c["name"]: c["image"] for c in containers})
        case ConfigMap():
            return replace(item, meta=meta, data={k: v for k, v in (raw.get("data") or {}).items() if v is not None})
    raise TypeError(type(item).__name__)


def _patched(item: Any, ops: Iterable[PatchOp]) -> Any:
    raw = _as_dict(item)
    for op in ops:
        *path, last = [p.replace("~1", "/").replace("~0", "~") for p in op.path.split("/")[1:]]
        at: Any = raw
        for part in path:
            at = at[int(part)] if isinstance(at, list) else at.get(part)
            if at is None:
                raise PortError(f"{op.path} does not exist", status=422, reason="Invalid")
        match op.op:
            case "test":
                if at.get(last) != op.value:
                    raise PortError(f"testing value {op.path} failed", status=422, reason="Invalid")
            case "add" | "replace":
                if op.op == "replace" and last not in at:
                    raise PortError(f"{op.path} does not exist", status=422, reason="Invalid")
                at[last] = op.value
            case "remove":
                if last not in at:
                    raise PortError(f"{op.path} does not exist", status=422, reason="Invalid")
                del at[last]
    return _from_dict(item, raw)


def _merged(item: Any, body: Mapping[str, Any], version: str) -> Any:
    if version and version != item.meta.resource_version:
        raise PortError("the object has been modified", status=409, reason="Conflict")
    return _from_dict(item, _merge(_as_dict(item), body))


def _merge(one: dict[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(one)
    for key, value in other.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping):
            merged[key] = _merge(dict(merged.get(key) or {}), value)
        else:
            merged[key] = value
    return merged


def _from_manifest(kind: str, manifest: Mapping[str, Any], present: Any) -> Any:
    metadata = manifest["metadata"]
    notes = {**(present.meta.annotations if present else {}), **(metadata.get("annotations") or {})}
    meta = Meta(metadata["name"], uid=f"uid-{metadata['name']}", labels=metadata.get("labels") or {}, annotations=notes)
    match kind:
        case "Service":
            return Service(meta, selector=manifest["spec"]["selector"])
        case "ConfigMap":
            return ConfigMap(meta, data=manifest.get("data") or {})
        case "Deployment":
            spec = manifest["spec"]
            containers = spec["template"]["spec"]["containers"]
            base = present or Deployment(meta)
            return replace(
                base,
                meta=meta,
                desired=spec["replicas"],
                images={c["name"]: c["image"] for c in containers},
                containers=tuple(c["name"] for c in containers),
                selector=spec["selector"]["matchLabels"],
                template_labels=spec["template"]["metadata"]["labels"],
            )
    raise TypeError(kind)


class FakeClock:
    """Sleeping moves the time on and lets others run."""

    def __init__(self, at: datetime = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)) -> None:
        self.at = at
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return self.at + timedelta(seconds=self.seconds)

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        await asyncio.sleep(0)


@dataclass
class FakeProbes:
    """Answers what the test put in."""

    results: list[tuple[ProbeResult, ...]] = field(default_factory=list)
    """One per question; the last one repeats."""
    answers: dict[str, Mapping[str, int]] = field(default_factory=dict)

    async def live(self, *, fresh: bool = False) -> tuple[ProbeResult, ...]:
        return self._next()

    async def slot(self, slot: SlotName, world: World) -> tuple[ProbeResult, ...]:
        return self._next()

    async def answered_release(self, component: ComponentName, *, count: int) -> Mapping[str, int]:
        return self.answers.get(component, {})

    def _next(self) -> tuple[ProbeResult, ...]:
        return self.results.pop(0) if len(self.results) > 1 else (self.results or [()])[0]


@dataclass
class FakeRegistry:
    digests: dict[str, str] = field(default_factory=dict)

    async def digest(self, image: str) -> str | None:
        return self.digests.get(image)


@dataclass
class Guard:
    """Counts; raises what it was told to."""

    calls: int = 0
    refuse: Exception | None = None

    async def __call__(self) -> None:
        self.calls += 1
        if self.refuse:
            raise self.refuse


def ports_of(
    cluster: FakeCluster,
    folder: Path,
    *,
    probes: FakeProbes | None = None,
    clock: FakeClock | None = None,
    registry: FakeRegistry | None = None,
    guard: Guard | None = None,
    lines: list[str] | None = None,
) -> Ports:
    async def report(text: str) -> None:
        (lines if lines is not None else []).append(text)

    return Ports(
        cluster, probes or FakeProbes(), clock or FakeClock(), registry or FakeRegistry(), folder, guard=guard or Guard(), report=report
    )


def note(cluster: FakeCluster, service: str, **notes: str) -> None:
    """Somebody else annotates a Service: its resourceVersion changes with it."""
    found = cluster.world.services[service]
    meta = replace(
        found.meta, annotations={**found.meta.annotations, **{facts.PREFIX + k: v for k, v in notes.items()}}, resource_version="900"
    )
    cluster.world = replace(cluster.world, services={**cluster.world.services, service: replace(found, meta=meta)})


def select(cluster: FakeCluster, service: str, slot: str, *, version: str = "901") -> None:
    """Somebody switches a Service by hand."""
    found = cluster.world.services[service]
    moved = replace(found, selector={**found.selector, "version": slot}, meta=replace(found.meta, resource_version=version))
    cluster.world = replace(cluster.world, services={**cluster.world.services, service: moved})
