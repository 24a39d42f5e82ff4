"""Keeps what explains a failure before it is gone: logs of crashed containers, events, pod states (SAFETY 1, rule 14)."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from actions.shared import Doing, SlotParams, slot_of, unknown_slot
from console.domain import facts as noted
from console.domain.change import Blocked, Change, Difference, Plan, Written
from console.domain.environment import Environment
from console.domain.errors import PortError
from console.domain.ids import SlotName
from console.domain.records import deployment_of
from console.domain.redact import redacted
from console.domain.slots import slot_state
from console.domain.workload import pods_of
from console.domain.world import Deployment, Event, Kind, Pod, World
from console.engine.action import Bindings, Done, NotYet, Ports, Task, Verdict

KINDS: tuple[Kind, ...] = ("Deployment", "ReplicaSet", "Pod", "Event", "Service", "HorizontalPodAutoscaler", "ConfigMap")
MOST_PODS = 12
"""Pods whose logs are kept, the ones in trouble first."""
LINES = 400
"""Last lines kept of each log."""
AT_ONCE = 4
INDEX = "index.json"


@dataclass(frozen=True)
class Log:
    """One container's log, of its present or its crashed instance."""

    pod: str
    container: str
    previous: bool

    @property
    def file(self) -> str:
        name = f"{self.pod}.{self.container}{'.previous' if self.previous else ''}.log"
        return re.sub(r"[^A-Za-z0-9._-]", "_", name)


@dataclass(frozen=True)
class Saved:
    """One folder of evidence below the run's."""

    folder: str
    files: int
    missing: int
    """Logs that were gone or could not be read; the index says why."""
    sha256: str
    """Of the index, which holds the hashes of all the files."""

    def journaled(self) -> dict[str, object]:
        return {"folder": self.folder, "files": self.files, "logs missing": self.missing, "sha256": self.sha256}


async def collect(ports: Ports, bindings: Bindings) -> Mapping[str, object]:
    """After a failed run: everything about the Deployments that we ever wrote to. Returns what goes into the journal."""
    world = await ports.cluster.observe(KINDS)
    ours = [d for d in world.deployments.values() if noted.RELEASE in d.meta.annotations]
    return (await save(ports, world, ours, name="failure")).journaled()


async def save_if_failing(ports: Ports, environment: Environment, slot: SlotName) -> None:
    """Before a slot is emptied or filled anew: keep what its pods say, where they do not all serve."""
    world = await ports.cluster.observe(KINDS)
    state = slot_state(environment, world, slot)
    if not state.empty and not all(c.complete for c in state.components if c.deployment):
        kept = await save(ports, world, deployments_of(environment, world, slot), name=slot)
        await ports.report(f"saved logs and states of {slot} in {ports.evidence / kept.folder} before it changes")


async def save(ports: Ports, world: World, deployments: Iterable[Deployment], *, name: str) -> Saved:
    """Write one folder; logs that are gone are named in its index, not raised."""
    deployments = tuple(deployments)
    pods = sorted({p.name: p for d in deployments for p in pods_of(d, world)}.values(), key=lambda p: (p.ready, -p.restarts, p.name))
    room = asyncio.Semaphore(AT_ONCE)
    wanted = [log for pod in pods[:MOST_PODS] for log in _logs_of(pod)]
    texts = await asyncio.gather(*(_fetched(ports, log, room) for log in wanted))
    files = {f"logs/{log.file}": text for log, text in zip(wanted, texts, strict=True) if isinstance(text, str)}
    missing = {log.file: str(text) for log, text in zip(wanted, texts, strict=True) if not isinstance(text, str)}
    subjects = {d.name for d in deployments} | {p.name for p in pods} | {p.meta.owner for p in pods}
    files["events.txt"] = "".join(_event_line(e) + "\n" for e in _events(world, subjects))
    files["pods.json"] = _json([_pod_said(p) for p in pods])
    files["deployments.json"] = _json([_deployment_said(d) for d in deployments])
    folder = ports.evidence / f"{name}-{world.at:%Y%m%dT%H%M%SZ}"
    digest = await asyncio.to_thread(_write, folder, files, missing)
    return Saved(folder.name, len(files), len(missing), digest)


async def kept_of(ports: Ports, slot: SlotName) -> tuple[Path, ...]:
    """Folders of evidence that this run has of a slot, oldest first."""
    return tuple(await asyncio.to_thread(lambda: sorted(i.parent for i in ports.evidence.glob(f"{slot}-*/{INDEX}"))))


def deployments_of(environment: Environment, world: World, slot: SlotName) -> list[Deployment]:
    return [d for c in environment.components if (d := deployment_of(c, slot, world))]


def _logs_of(pod: Pod) -> Iterable[Log]:
    for container in pod.containers:
        if container.restarts or container.last_exit_code is not None:
            yield Log(pod.name, container.name, previous=True)
        if container.state in ("running", "terminated"):
            yield Log(pod.name, container.name, previous=False)


async def _fetched(ports: Ports, log: Log, room: asyncio.Semaphore) -> str | PortError:
    async with room:
        try:
            return await ports.cluster.pod_log(log.pod, log.container, previous=log.previous, tail=LINES)
        except PortError as problem:
            return problem


def _events(world: World, subjects: set[str]) -> list[Event]:
    about = [e for e in world.events.values() if e.object_name in subjects]
    return sorted(about, key=lambda e: (e.last_seen or world.at, e.name))


def _event_line(event: Event) -> str:
    when = event.last_seen.isoformat() if event.last_seen else "-"
    return f"{when} {event.type} {event.object_kind}/{event.object_name} {event.reason} x{event.count}: {event.message}"


def _pod_said(pod: Pod) -> dict[str, object]:
    return {
        "name": pod.name,
        "phase": pod.phase,
        "node": pod.node,
        "ready": pod.ready,
        "created": pod.meta.created,
        "containers": [asdict(c) for c in pod.containers],
        "conditions": [asdict(c) for c in pod.conditions],
    }


def _deployment_said(deployment: Deployment) -> dict[str, object]:
    return {
        "name": deployment.name,
        "release": deployment.meta.annotations.get(noted.RELEASE, ""),
        "images": dict(deployment.images),
        "generation": [deployment.generation, deployment.observed_generation],
        "pods": {k: getattr(deployment, k) for k in ("desired", "replicas", "updated", "ready", "available")},
        "conditions": [asdict(c) for c in deployment.conditions],
    }


def _write(folder: Path, files: Mapping[str, str], missing: Mapping[str, str]) -> str:
    """Files that only their owner may read, and an index with their hashes; returns the index's own sha256."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / "logs").mkdir(exist_ok=True, mode=0o700)
    hashes: dict[str, str] = {}
    for name, text in files.items():
        content = redacted(text).encode()
        hashes[name] = hashlib.sha256(content).hexdigest()
        _write_private(folder / name, content)
    index = _json({"sha256": hashes, "missing": {k: redacted(v) for k, v in missing.items()}}).encode()
    _write_private(folder / INDEX, index)
    return hashlib.sha256(index).hexdigest()


def _write_private(file: Path, content: bytes) -> None:
    file.touch(mode=0o600)
    file.write_bytes(content)


def _json(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, default=lambda v: v.isoformat() if isinstance(v, datetime) else str(v)) + "\n"


@dataclass(frozen=True)
class Kept:
    """The evidence folders that the run has of a slot, oldest first."""

    folders: tuple[Path, ...]


class Save(Doing[SlotParams, Kept]):
    """Saves a slot's evidence, whatever its state. Nothing in the cluster changes."""

    name = "evidence.save"
    title = "save logs and states of {slot}"
    params = SlotParams

    async def observe(self, ports: Ports, task: Task[SlotParams]) -> Kept:
        slot = slot_of(task, task.params.slot)
        return Kept(await kept_of(ports, slot))

    def plan(self, facts: Kept, task: Task[SlotParams]) -> Plan:
        slot = slot_of(task, task.params.slot)
        if wrong := unknown_slot(task.environment, slot):
            return Blocked((wrong,))
        kept = Difference(slot, "evidence", "not kept", "kept with the run")
        return Change(f"save logs and states of {slot}", differences=(kept,), bookkeeping=True)

    async def apply(self, ports: Ports, task: Task[SlotParams], change: Change) -> tuple[Written, ...]:
        world = await ports.cluster.observe(KINDS)
        slot = slot_of(task, task.params.slot)
        await save(ports, world, deployments_of(task.environment, world, slot), name=slot)
        return ()

    def verify(self, facts: Kept, task: Task[SlotParams], carry: object) -> Verdict:
        if not facts.folders:
            return NotYet("nothing is saved yet")
        return Done(f"saved in {facts.folders[-1]}", {"folder": facts.folders[-1].name})
