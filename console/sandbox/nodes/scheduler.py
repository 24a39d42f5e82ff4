"""Gives pods without a node one, one after the other, and says why where there is none."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import msgspec

from console.cluster.errors import ClusterError
from console.sandbox.nodes.api import NodeApi, PodGone
from console.sandbox.nodes.events import Recorder
from console.sandbox.nodes.host import now
from console.sandbox.nodes.objects import Pod
from console.sandbox.nodes.scheduling import Room, Unschedulable, place
from console.sandbox.nodes.status import stamp

log = logging.getLogger(__name__)
RETRY_SECONDS = 0.5
NAME = "default-scheduler"


class Scheduler:
    """Knows all pods and all nodes' room; told of every change of a pod."""

    def __init__(self, api: NodeApi, events: Recorder, rooms: Sequence[Room]) -> None:
        self._api, self._events, self._rooms = api, events, rooms
        self._pods: dict[str, Pod] = {}
        """By uid; with the bindings that were made since it was last heard of."""
        self._told: dict[str, str] = {}
        """What was said of each pod that found no node."""
        self._due = asyncio.Event()

    def put(self, pod: Pod) -> None:
        """A pod is new or has changed."""
        assigned = self._pods.get(pod.uid)
        if assigned is not None and assigned.spec.node_name and not pod.spec.node_name:
            return  # news from before the binding
        self._pods[pod.uid] = pod
        self._due.set()

    def drop(self, uid: str) -> None:
        """A pod is gone, and its room free."""
        self._pods.pop(uid, None)
        self._told.pop(uid, None)
        self._due.set()

    async def run(self) -> None:
        """Place what is to be placed after every change, until cancelled."""
        while True:
            await self._due.wait()
            self._due.clear()
            for pod in [pod for pod in self._pods.values() if _wants_node(pod)]:
                try:
                    await self._place(pod)
                except PodGone:
                    log.debug("%s is gone or has a node already", pod.key)
                except ClusterError as error:
                    log.info("scheduling %s: %s", pod.key, error)
                    await asyncio.sleep(RETRY_SECONDS)
                    self._due.set()

    async def _place(self, pod: Pod) -> None:
        match place(pod, self._rooms, self._pods.values()):
            case Unschedulable(message):
                await self._refuse(pod, message)
            case str(node):
                await self._api.bind(pod, node)
                self._told.pop(pod.uid, None)
                if pod.uid in self._pods:
                    self._pods[pod.uid] = msgspec.structs.replace(pod, spec=msgspec.structs.replace(pod.spec, node_name=node))
                self._events.normal(pod, "Scheduled", f"Successfully assigned {pod.key} to {node}")

    async def _refuse(self, pod: Pod, message: str) -> None:
        if self._told.get(pod.uid) == message:
            return
        condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
        await self._api.patch_status(pod, {"conditions": [condition | {"lastTransitionTime": stamp(now())}]})
        self._told[pod.uid] = message
        self._events.warning(pod, "FailedScheduling", message)


def _wants_node(pod: Pod) -> bool:
    return not (pod.spec.node_name or pod.is_leaving or pod.is_over or pod.spec.scheduling_gates) and pod.spec.scheduler_name == NAME
