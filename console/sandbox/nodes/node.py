"""One node: its object in the API, its addresses, and the pods on it."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import platform
from collections.abc import Iterator
from dataclasses import dataclass

from console.cluster.errors import ClusterError, NotFound
from console.sandbox.nodes.host import Host, now
from console.sandbox.nodes.objects import Pod
from console.sandbox.nodes.pod import PodLife
from console.sandbox.nodes.scheduling import Room
from console.sandbox.nodes.status import stamp

log = logging.getLogger(__name__)
HEARTBEAT_SECONDS = 10.0
RETRY_SECONDS = 0.5
KUBELET_PORT = 10250
VERSION = "v1.37.2"


@dataclass(frozen=True)
class Plan:
    """What a node is to be."""

    number: int
    """From 1; it decides name and addresses."""
    cpu: str = "16"
    memory: str = "64Gi"
    pods: str = "110"

    @property
    def name(self) -> str:
        return f"node-{self.number}"

    @property
    def address(self) -> str:
        """The node's own."""
        return f"10.240.0.{self.number}"

    @property
    def pod_range(self) -> ipaddress.IPv4Network:
        """Its pods' addresses."""
        return ipaddress.IPv4Network(f"10.244.{self.number}.0/24")


class Node:
    """A node that is registered and keeps saying that it is there."""

    def __init__(self, plan: Plan, host: Host) -> None:
        self.plan = plan
        self._host = host
        self._pods: dict[str, PodLife] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._addresses = _in_turn(plan.pod_range)

    @property
    def room(self) -> Room:
        """What a scheduler may count on."""
        plan = self.plan
        return Room(plan.name, {"cpu": plan.cpu, "memory": plan.memory, "pods": plan.pods}, labels=_labels(plan))

    @property
    def pods(self) -> tuple[PodLife, ...]:
        """The pods that live here."""
        return tuple(self._pods.values())

    def find(self, namespace: str, name: str) -> PodLife | None:
        """The pod of this name, newest first."""
        found = [life for life in self._pods.values() if life.pod.key == f"{namespace}/{name}"]
        return found[-1] if found else None

    async def run(self) -> None:
        """Register, then tell every ten seconds that all is well, until cancelled; then end all pods' lives."""
        try:
            await self._register()
            while True:
                await asyncio.sleep(HEARTBEAT_SECONDS)
                try:
                    await self._host.shared.api.patch_node_status(self.plan.name, _status(self.plan))
                except NotFound:
                    await self._register()
                except ClusterError as error:
                    log.info("heartbeat of %s: %s", self.plan.name, error)
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def put(self, pod: Pod) -> None:
        """A pod on this node is new or has changed."""
        life = self._pods.get(pod.uid)
        if life is not None:
            life.update(pod)
        elif not pod.is_over or pod.is_leaving:
            life = self._pods[pod.uid] = PodLife(pod, self._host, self._free_address())
            task = self._tasks[pod.uid] = asyncio.create_task(life.run(), name=f"pod {pod.key}")
            task.add_done_callback(lambda _: self._forget(pod.uid))
            life.update(pod)

    def drop(self, uid: str) -> None:
        """A pod is out of the API."""
        life = self._pods.get(uid)
        if life is not None:
            life.vanish()

    async def _register(self) -> None:
        while True:
            try:
                await self._host.shared.api.create_node(_document(self.plan))
                return await self._host.shared.api.patch_node_status(self.plan.name, _status(self.plan))
            except ClusterError as error:
                log.info("registering %s: %s", self.plan.name, error)
                await asyncio.sleep(RETRY_SECONDS)

    def _free_address(self) -> str:
        taken = {life.ports.address for life in self._pods.values()}
        return next(address for address in self._addresses if address not in taken)

    def _forget(self, uid: str) -> None:
        self._pods.pop(uid, None)
        self._tasks.pop(uid, None)


def _in_turn(network: ipaddress.IPv4Network) -> Iterator[str]:
    """The addresses of a range, round and round, so that one that was given back is not used again soon."""
    while True:
        yield from (str(address) for address in list(network.hosts())[1:])


def _labels(plan: Plan) -> dict[str, str]:
    return {"kubernetes.io/hostname": plan.name, "kubernetes.io/os": "linux", "kubernetes.io/arch": _architecture()}


def _architecture() -> str:
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


def _document(plan: Plan) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": plan.name, "labels": _labels(plan)},
        "spec": {"podCIDR": str(plan.pod_range), "podCIDRs": [str(plan.pod_range)]},
    }


def _status(plan: Plan) -> dict[str, object]:
    resources = {"cpu": plan.cpu, "memory": plan.memory, "pods": plan.pods}
    condition = {"reason": "KubeletReady", "message": "kubelet is posting ready status", "lastHeartbeatTime": stamp(now())}
    return {
        "capacity": resources,
        "allocatable": resources,
        "conditions": [{"type": "Ready", "status": "True", **condition}],
        "addresses": [{"type": "InternalIP", "address": plan.address}, {"type": "Hostname", "address": plan.name}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": KUBELET_PORT}},
        "nodeInfo": {
            "architecture": _architecture(),
            "bootID": "",
            "containerRuntimeVersion": "sandbox://1",
            "kernelVersion": platform.release(),
            "kubeProxyVersion": VERSION,
            "kubeletVersion": VERSION,
            "machineID": plan.name,
            "operatingSystem": "linux",
            "osImage": "bluegreen rehearsal",
            "systemUUID": plan.name,
        },
    }
