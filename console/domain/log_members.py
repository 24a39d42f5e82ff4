"""Which containers' logs a scope means, from what the cluster says now: those in trouble first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from console.domain.environment import Environment
from console.domain.logs import LogScope
from console.domain.pods import SlotPod, SlotPods
from console.domain.world import ContainerState, Pod, World

MOST = 40
"""Logs that are read at once: each is a connection to the API server."""


@dataclass(frozen=True, slots=True)
class Member:
    """One container whose log belongs to a scope."""

    slot: str
    component: str
    pod: str
    container: str


def members(environment: Environment, pods: SlotPods, scope: LogScope) -> tuple[Member, ...]:
    """All of them, pods in trouble first."""
    own = (each for each in pods.pods if each.pod is not None and _in(each, scope))
    return tuple(member for each in own for member in _of_pod(environment, each, scope))


def container_of(world: World | None, member: Member) -> ContainerState | None:
    """What the cluster says of the container now; None once its pod is gone."""
    pod = world.pods.get(member.pod) if world else None
    return next((each for each in containers(pod) if each.name == member.container), None) if pod else None


def containers(pod: Pod) -> tuple[ContainerState, ...]:
    """All of a pod's, those that run before the others first."""
    return (*pod.init_containers, *pod.containers)


def _in(pod: SlotPod, scope: LogScope) -> bool:
    return scope.slot in ("", pod.slot) and scope.component in ("", pod.component) and scope.pod in ("", pod.name)


def _of_pod(environment: Environment, pod: SlotPod, scope: LogScope) -> Iterable[Member]:
    """Of one pod all containers that have a log; of many the container that carries the release, unless another is named."""
    assert pod.pod is not None
    names = [each.name for each in containers(pod.pod)]
    if scope.container:
        wanted = [scope.container]
    elif scope.pod:
        finished = {each.name for each in pod.pod.init_containers if each.state == "terminated" and each.exit_code == 0}
        wanted = [name for name in names if name not in finished]
    else:
        own = environment.component(pod.component).container
        wanted = [own if own in names else next(iter(names), "")]
    return (Member(pod.slot, pod.component, pod.name, name) for name in wanted if name in names)
