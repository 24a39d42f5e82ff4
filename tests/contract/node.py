"""Plays the kubelet by hand: binds pods, reports their status, finishes their deletion; no process runs behind it."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import itertools
from collections.abc import AsyncIterator

from tests.contract.objects import Object, Paths
from tests.contract.wire import Api

_addresses = itertools.count(2)


class Node:
    """One node, its pods all in one namespace."""

    def __init__(self, api: Api, paths: Paths) -> None:
        self._api, self._paths = api, paths
        self.name = f"node-{paths.namespace}"

    async def register(self, *, address: str = "10.250.0.1", kubelet_port: int = 10250) -> None:
        """Create the node, ready."""
        await self.unregister()
        body = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": self.name, "labels": {"kubernetes.io/hostname": self.name}}}
        (await self._api.post("/api/v1/nodes", body)).ok(201)
        status = {
            "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady", "lastHeartbeatTime": now()}],
            "addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": self.name}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": kubelet_port}},
            "capacity": {"cpu": "8", "memory": "16Gi", "pods": "110"},
            "allocatable": {"cpu": "8", "memory": "16Gi", "pods": "110"},
        }
        (await self._api.strategic_patch(f"/api/v1/nodes/{self.name}/status", {"status": status})).ok()

    async def heartbeat(self) -> None:
        """Say that the node is alive; one that is silent for most of a minute has its pods marked as not ready."""
        condition = {"type": "Ready", "status": "True", "reason": "KubeletReady", "lastHeartbeatTime": now()}
        (await self._api.strategic_patch(f"/api/v1/nodes/{self.name}/status", {"status": {"conditions": [condition]}})).ok()

    async def unregister(self) -> None:
        """Delete the node."""
        assert (await self._api.delete(f"/api/v1/nodes/{self.name}")).status in (200, 404)

    async def bind(self, pod: str) -> None:
        """Give a pending pod to this node."""
        target = {"apiVersion": "v1", "kind": "Node", "name": self.name}
        body = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": pod}, "target": target}
        (await self._api.post(f"{self._paths.pods}/{pod}/binding", body)).ok(201)

    async def report(self, pod: str, **status: object) -> Object:
        """Merge fields into a pod's status."""
        answer = await self._api.strategic_patch(f"{self._paths.pods}/{pod}/status", {"status": status})
        result: Object = answer.ok()
        return result

    async def set_ready(self, pod: str, ready: bool) -> Object:
        """Report the Ready condition alone, as a readiness probe does."""
        state = "True" if ready else "False"
        condition = {"type": "Ready", "status": state, "lastTransitionTime": now()}
        return await self.report(pod, conditions=[condition, {**condition, "type": "ContainersReady"}])

    async def run(self, pod: str, *, address: str | None = None, ready: bool = True) -> Object:
        """Report a bound pod as running."""
        address = address or next_address()
        container = {
            "name": "app",
            "image": "registry.example.test/app:1",
            "imageID": "registry.example.test/app@sha256:" + "0" * 64,
            "containerID": f"rehearsal://{pod}",
            "ready": ready,
            "started": True,
            "restartCount": 0,
            "state": {"running": {"startedAt": now()}},
        }
        state = "True" if ready else "False"
        conditions = [
            {"type": "Initialized", "status": "True", "lastTransitionTime": now()},
            {"type": "ContainersReady", "status": state, "lastTransitionTime": now()},
            {"type": "Ready", "status": state, "lastTransitionTime": now()},
        ]
        return await self.report(
            pod,
            phase="Running",
            conditions=conditions,
            hostIP="10.250.0.1",
            hostIPs=[{"ip": "10.250.0.1"}],
            podIP=address,
            podIPs=[{"ip": address}],
            startTime=now(),
            containerStatuses=[container],
        )

    async def finish(self, pod: str, *, uid: str) -> None:
        """Remove a pod whose deletion was asked for."""
        options = {"gracePeriodSeconds": 0, "preconditions": {"uid": uid}}
        assert (await self._api.delete(f"{self._paths.pods}/{pod}", options)).status in (200, 404, 409)

    async def attend_once(self) -> None:
        """One round over all pods: bind and run the pending ones, remove the deleted ones."""
        for pod in (await self._api.get(self._paths.pods)).ok()["items"]:
            name, uid = pod["metadata"]["name"], pod["metadata"]["uid"]
            if "deletionTimestamp" in pod["metadata"]:
                await self.finish(name, uid=uid)
            elif pod["status"]["phase"] == "Pending":
                if not pod["spec"].get("nodeName"):
                    await self.bind(name)
                await self.run(name)

    @contextlib.asynccontextmanager
    async def attending(self) -> AsyncIterator[None]:
        """Make every pod ready and every deletion finish, for the length of the block."""
        task = asyncio.create_task(self._attend())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _attend(self) -> None:
        while True:
            with contextlib.suppress(AssertionError):  # a pod that went away in between
                await self.attend_once()
            await asyncio.sleep(0.05)


def now() -> str:
    """The time as Kubernetes writes it."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def next_address() -> str:
    """A pod address nobody has yet."""
    number = next(_addresses)
    return f"10.244.{number // 250}.{number % 250 + 1}"
