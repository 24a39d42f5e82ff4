"""The pods of all slots, those in trouble first: whose they are, what keeps them from serving, and what is missing altogether."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from operator import attrgetter

from console.domain.causes import Cause, Trouble, causes_of, pod_cause
from console.domain.environment import Component, Environment
from console.domain.ids import ComponentName, SlotName
from console.domain.release import short_image
from console.domain.world import Event, Pod, World

_NEVER = datetime.min.replace(tzinfo=UTC)


class Standing(IntEnum):
    """How a pod is doing; the worst first, which is the order of the list."""

    BROKEN = 1
    """It cannot serve, and says why."""
    PARTLY = 2
    """It runs or starts, and does not serve yet."""
    ENDING = 3
    """On its way out: asked to stop, or done."""
    WELL = 4


@dataclass(frozen=True, slots=True)
class SlotPod:
    """One pod of a slot, or what keeps pods from being there at all."""

    name: str
    """The pod's; where there is no pod, that of the ReplicaSet or Deployment that says why."""
    slot: SlotName
    component: ComponentName
    standing: Standing
    word: str
    """Kubernetes' own: `CrashLoopBackOff`, `Running`, `Terminating`."""
    cause: Cause | None = None
    pod: Pod | None = None
    """None: there is no pod, `cause` says why."""
    image: str = ""
    """Short: tag or the digest's first figures."""
    events: tuple[Event, ...] = ()
    """Of this pod, newest first; only read for those that do not serve."""
    rank: tuple[int, int, int, int, str] = (0, 0, 0, 0, "")
    """Where it stands in the list."""


@dataclass(frozen=True)
class SlotPods:
    """All of them, in the order of the list."""

    pods: tuple[SlotPod, ...] = ()
    others: int = 0
    """Pods of the namespace that belong to no slot."""
    world: World | None = None
    """What they were read from."""
    by_name: Mapping[str, SlotPod] = field(default_factory=dict)


Workload = tuple[SlotName, ComponentName]


def slot_pods(environment: Environment, world: World, before: SlotPods = SlotPods()) -> SlotPods:
    """Pods of every slot, the worst first. `before` saves work and changes nothing: pods that are the same are not judged again."""
    if before.world is world:
        return before
    owners = workloads(environment, world)
    events = events_by_pod(world)
    found: dict[str, SlotPod] = {}
    others = 0
    for name, pod in world.pods.items():
        workload = owners.get(pod.meta.owner)
        if workload is None:
            others += 1
            continue
        known = before.by_name.get(name)
        said = events.get(name, ())
        if known is None or known.pod is not pod or (known.slot, known.component) != workload or (known.cause and known.events != said):
            known = _judged(environment, pod, workload, said)
        found[name] = known
    missing = _missing(environment, world, found)
    ranked = sorted((*missing, *found.values()), key=attrgetter("rank"))
    return SlotPods(tuple(ranked), others, world, found)


def workloads(environment: Environment, world: World) -> dict[str, Workload]:
    """Slot and component by the name of a Deployment and of its ReplicaSets: by owners, never by names alike."""
    found: dict[str, Workload] = {
        name: (slot, component.name) for component in environment.components for slot, name in component.deployments.items()
    }
    return found | {name: found[each.meta.owner] for name, each in world.replica_sets.items() if each.meta.owner in found}


def events_by_pod(world: World) -> dict[str, tuple[Event, ...]]:
    """Events about pods, newest first."""
    found: dict[str, list[Event]] = {}
    for event in world.events.values():
        if event.object_kind == "Pod":
            found.setdefault(event.object_name, []).append(event)
    return {name: tuple(sorted(each, key=lambda e: e.last_seen or _NEVER, reverse=True)) for name, each in found.items()}


def _judged(environment: Environment, pod: Pod, workload: Workload, events: tuple[Event, ...]) -> SlotPod:
    slot, component = workload
    cause = pod_cause(pod, events)
    standing, word = _standing(pod, cause)
    said = events if cause else ()
    container = environment.component(component).container
    images = {each.name: each.image for each in pod.containers}
    image = short_image(images.get(container) or next(iter(images.values()), ""))
    return SlotPod(
        pod.name, slot, component, standing, word, cause, pod, image, said, _rank(environment, workload, standing, cause, pod.name)
    )


def _standing(pod: Pod, cause: Cause | None) -> tuple[Standing, str]:
    if pod.meta.deleting:
        return Standing.ENDING, "Terminating"
    if pod.phase == "Succeeded":
        return Standing.ENDING, "Completed"
    if cause is None:
        return Standing.WELL, "Running"
    waits = cause.trouble in (Trouble.STARTING, Trouble.PROGRESS) or (cause.trouble is Trouble.NOT_READY and not pod.restarts)
    return (Standing.PARTLY if waits else Standing.BROKEN), pod.reason or cause.word


def _missing(environment: Environment, world: World, found: Mapping[str, SlotPod]) -> list[SlotPod]:
    """What Deployments and ReplicaSets themselves say is wrong: pods that are not even created have no row of their own."""
    rows: list[SlotPod] = []
    for component in environment.components:
        for slot, name in component.deployments.items():
            deployment = world.deployments.get(name)
            if deployment is None or deployment.available >= deployment.desired or deployment.observed_generation < deployment.generation:
                continue
            rows += (
                _absent(environment, component, slot, cause) for cause in causes_of(deployment, world) if cause.subjects[0] not in found
            )
    return rows


def _absent(environment: Environment, component: Component, slot: SlotName, cause: Cause) -> SlotPod:
    rank = _rank(environment, (slot, component.name), Standing.BROKEN, cause, cause.subjects[0])
    return SlotPod(cause.subjects[0], slot, component.name, Standing.BROKEN, cause.word, cause, rank=rank)


def _rank(
    environment: Environment, workload: Workload, standing: Standing, cause: Cause | None, name: str
) -> tuple[int, int, int, int, str]:
    slot, component = workload
    names = [each.name for each in environment.components]
    trouble = int(cause.trouble) if cause and standing is not Standing.ENDING else 0
    return (int(standing), trouble, environment.slots.index(slot) if slot in environment.slots else 9, names.index(component), name)
