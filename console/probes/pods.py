"""GET at a pod through the API server, for slots that have no URL of their own."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Protocol

from console.domain.environment import Component
from console.domain.errors import PortError
from console.domain.ids import SlotName
from console.domain.workload import pods_of
from console.domain.world import Pod, World
from console.probes.answer import Failure, Reply


class PodGet(Protocol):
    """`KubeCluster.pod_get`."""

    async def __call__(self, pod: str, port: int, path: str, timeout: float) -> tuple[int, Mapping[str, str], bytes]: ...


SAID: Mapping[str, Failure] = {
    "connection refused": Failure("refused", "connection refused"),
    "timeout": Failure("timeout", "the pod did not answer in time"),
    "deadline exceeded": Failure("timeout", "the pod did not answer in time"),
    "connection reset": Failure("reset", "connection reset"),
    "eof": Failure("reset", "connection closed"),
    "tls": Failure("tls", "TLS failed"),
    "no route": Failure("refused", "no route to the pod"),
}
"""What the API server's proxy says of a pod it could not ask, in parts of sentences."""


def ready_pods(component: Component, slot: SlotName, world: World) -> tuple[Pod, ...]:
    """The component's pods in a slot that are ready and not on their way out, by name."""
    deployment = world.deployments.get(component.deployments.get(slot, ""))
    pods = pods_of(deployment, world) if deployment else ()
    return tuple(sorted((p for p in pods if p.ready and not p.meta.deleting), key=lambda p: p.name))


async def ask(get: PodGet, pod: str, port: int, path: str, *, timeout: float) -> Reply | Failure:
    """The pod's answer. Where the API server itself did not answer or did not let us, the pod was not asked: skipped."""
    began = time.monotonic()
    try:
        status, headers, body = await get(pod, port, path, timeout)
    except PortError as error:
        return failure_of(error)
    return Reply(status, {name.lower(): value for name, value in headers.items()}, body, time.monotonic() - began)


def failure_of(error: PortError) -> Failure:
    """Whose failure it was: the pod's, or the way to it."""
    if error.status is not None and error.status >= 500:
        said = error.message.lower()
        return next((failure for words, failure in SAID.items() if words in said), Failure("refused", error.message))
    if error.status is None and error.reason == "Timeout":
        return Failure("timeout", error.message)
    return Failure("skipped", error.message)
