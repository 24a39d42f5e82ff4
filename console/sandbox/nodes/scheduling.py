"""Which node a pod goes to, and the sentence people know when there is none: a pure function of nodes and pods."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from console.sandbox.nodes.amounts import amount
from console.sandbox.nodes.objects import Container, Pod

RESOURCES = ("cpu", "memory")


@dataclass(frozen=True)
class Room:
    """What a node has to give."""

    name: str
    allocatable: Mapping[str, str]
    """Quantities of cpu and memory, and the number of pods."""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Unschedulable:
    """No node takes the pod."""

    message: str
    """As kube-scheduler writes it."""


def requests(pod: Pod) -> dict[str, Fraction]:
    """What the pod asks for: the sum of its containers, or its largest init container where that is more."""
    asked = {}
    for resource in RESOURCES:
        running = sum((_asked(container, resource) for container in pod.spec.containers), Fraction(0))
        starting = max((_asked(container, resource) for container in pod.spec.init_containers), default=Fraction(0))
        asked[resource] = max(running, starting)
    return asked


def place(pod: Pod, rooms: Sequence[Room], pods: Iterable[Pod]) -> str | Unschedulable:
    """The name of the node for the pod, given all pods with their node names: spread by controller first, then by number of pods."""
    by_node: dict[str, list[Pod]] = {room.name: [] for room in rooms}
    for other in pods:
        if other.spec.node_name in by_node and not other.is_over:
            by_node[other.spec.node_name].append(other)
    obstacles: Counter[str] = Counter()
    open_rooms = []
    for room in rooms:
        against = _obstacles(pod, room, by_node[room.name])
        obstacles.update(against)
        if not against:
            open_rooms.append(room.name)
    if not open_rooms:
        return _nowhere(len(rooms), obstacles)
    siblings = {name: sum(bool(pod.controller) and other.controller == pod.controller for other in by_node[name]) for name in open_rooms}
    return min(open_rooms, key=lambda name: (siblings[name], len(by_node[name]), name))


def _obstacles(pod: Pod, room: Room, pods: Sequence[Pod]) -> list[str]:
    if any(room.labels.get(key) != value for key, value in pod.spec.node_selector.items()):
        return ["node(s) didn't match Pod's node affinity/selector"]
    found = []
    if len(pods) >= int(room.allocatable["pods"]):
        found.append("Too many pods")
    asked = requests(pod)
    for resource in RESOURCES:
        taken = sum((requests(other)[resource] for other in pods), Fraction(0))
        if asked[resource] and taken + asked[resource] > amount(room.allocatable[resource]):
            found.append(f"Insufficient {resource}")
    return found


def _nowhere(nodes: int, obstacles: Counter[str]) -> Unschedulable:
    reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(obstacles.items()))
    lasting = sum(count for reason, count in obstacles.items() if reason.startswith("node(s)"))
    no_help = [f"{lasting} Preemption is not helpful for scheduling"] if lasting else []
    no_victims = [f"{nodes - lasting} No preemption victims found for incoming pod"] if nodes > lasting else []
    preemption = ", ".join([*no_victims, *no_help])
    return Unschedulable(f"0/{nodes} nodes are available: {reasons}. preemption: 0/{nodes} nodes are available: {preemption}.")


def _asked(container: Container, resource: str) -> Fraction:
    return amount(container.resources.requests.get(resource, "0"))
