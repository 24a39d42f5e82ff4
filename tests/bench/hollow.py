"""Applications that are only written down: every object an API server would hold of them, and no process behind it.

Their statuses are ours to write, so controllers must not run meanwhile. `python -m tests.bench.hollow` is the storm: a process of its own
that changes pods at a steady rate until its standard input ends, then prints how many changes were acknowledged.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from console.cluster.connect import connect
from console.cluster.resources import path_of
from tests.support.people import ROOT

Json = dict[str, Any]
SINCE = "2026-01-01T00:00:00Z"
LANES = 24
"""Writes under way at once."""
SLOTS = ("blue", "green")
COMPONENTS = ("backend", "frontend")
MERGE = "application/merge-patch+json"


@dataclass(frozen=True)
class Workload:
    """One Deployment, its ReplicaSet and its pods; every pod has restarted once, so that counting restarts counts pods."""

    component: str
    slot: str
    pods: int

    @property
    def name(self) -> str:
        return f"traider-{self.component}-{self.slot}"

    @property
    def labels(self) -> Json:
        return {"app": f"traider-{self.component}", "version": self.slot}

    def template(self) -> Json:
        container = {"name": self.component, "image": f"traider-{self.component}:v1.4.2", "ports": [{"containerPort": 8080}]}
        return {"metadata": {"labels": self.labels}, "spec": {"containers": [container]}}

    def deployment(self) -> Json:
        meta = {"name": self.name, "labels": self.labels, "annotations": {"deployment.kubernetes.io/revision": "1"}}
        spec = {"replicas": self.pods, "selector": {"matchLabels": self.labels}, "template": self.template()}
        return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": spec}

    def replica_set(self, owner: str) -> Json:
        labels = {**self.labels, "pod-template-hash": "hollow"}
        meta = {
            "name": f"{self.name}-hollow", "labels": labels, "annotations": {"deployment.kubernetes.io/revision": "1"},
            "ownerReferences": [_owner("Deployment", self.name, owner)],
        }  # fmt: skip
        template = {**self.template(), "metadata": {"labels": labels}}
        spec = {"replicas": self.pods, "selector": {"matchLabels": labels}, "template": template}
        return {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": meta, "spec": spec}

    def pod(self, number: int, owner: str) -> Json:
        labels = {**self.labels, "pod-template-hash": "hollow"}
        owners = [_owner("ReplicaSet", f"{self.name}-hollow", owner)]
        meta = {"name": self.pod_name(number), "labels": labels, "ownerReferences": owners}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": self.template()["spec"]}

    def pod_name(self, number: int) -> str:
        return f"{self.name}-hollow-{number:05}"

    def pod_status(self, number: int, *, restarts: int = 1) -> Json:
        ready = {"type": "Ready", "status": "True", "lastTransitionTime": SINCE}
        container = {
            "name": self.component, "image": f"traider-{self.component}:v1.4.2", "imageID": "", "ready": True, "restartCount": restarts,
            "state": {"running": {"startedAt": SINCE}},
        }  # fmt: skip
        address = f"10.{self.pods % 200}.{number // 250}.{number % 250 + 1}"
        return {"status": {"phase": "Running", "podIP": address, "conditions": [ready], "containerStatuses": [container]}}

    def status(self) -> Json:
        counts = dict.fromkeys(("replicas", "readyReplicas", "availableReplicas"), self.pods)
        return {"status": {**counts, "observedGeneration": 1}}


def _owner(kind: str, name: str, uid: str) -> Json:
    return {"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": uid, "controller": True}


def workloads(pods: int) -> tuple[Workload, ...]:
    """So many pods, evenly over both components of both slots."""
    return tuple(Workload(component, slot, pods // 4) for slot in SLOTS for component in COMPONENTS)


@asynccontextmanager
async def writer(kubeconfig: Path, namespace: str) -> AsyncIterator[Writer]:
    """Writes objects of a namespace for the length of the block, many at once."""
    client = await connect(kubeconfig=kubeconfig, context=None)
    try:
        yield Writer(client, namespace)
    finally:
        await client.close()


class Writer:
    """Made by `writer`."""

    def __init__(self, client: Any, namespace: str) -> None:
        self._client, self._namespace = client, namespace

    async def write(self, found: Workload) -> None:
        """The Deployment, its ReplicaSet and its pods, all of them ready."""
        deployment = await self.create(found.deployment())
        replica_set = await self.create(found.replica_set(deployment["metadata"]["uid"]))
        uid = replica_set["metadata"]["uid"]
        numbers = iter(range(found.pods))
        await asyncio.gather(*(self._pods(found, numbers, uid) for _ in range(LANES)))
        await self.patch("ReplicaSet", f"{found.name}-hollow", found.status(), "status")
        status = found.status()
        status["status"]["updatedReplicas"] = found.pods
        await self.patch("Deployment", found.name, status, "status")

    async def service(self, component: str, slot: str) -> None:
        """The Service that users come in by."""
        selector = {"app": f"traider-{component}", "version": slot}
        spec = {"selector": selector, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]}
        await self.create({"apiVersion": "v1", "kind": "Service", "metadata": {"name": f"traider-{component}"}, "spec": spec})

    async def create(self, document: Json) -> Json:
        path = path_of(document["kind"], self._namespace)
        made: Json = json.loads(await self._client.request("POST", path, body=document, timeout=60))
        return made

    async def patch(self, kind: str, name: str, change: Json, subresource: str = "") -> None:
        path = path_of(kind, self._namespace, name, subresource)
        await self._client.request("PATCH", path, body=change, content_type=MERGE, timeout=60)

    async def _pods(self, found: Workload, numbers: Iterable[int], owner: str) -> None:
        for number in numbers:
            await self.create(found.pod(number, owner))
            await self.patch("Pod", found.pod_name(number), found.pod_status(number), "status")


class Storm:
    """Changes of hollow pods at a steady rate; made by `storm`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.rate = 0.0
        """Acknowledged changes a second, once it has ended."""

    async def end(self) -> None:
        out, _ = await self._process.communicate()
        self.rate = float(out)


@asynccontextmanager
async def storm(kubeconfig: Path, namespace: str, *, pods: int, rate: int) -> AsyncIterator[Storm]:
    """So many changes a second for the length of the block, by a process of its own."""
    argv = (sys.executable, "-m", "tests.bench.hollow", str(kubeconfig), namespace, str(pods), str(rate))
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*argv, stdin=pipe, stdout=pipe, cwd=ROOT)
    found = Storm(process)
    assert process.stdout is not None
    await process.stdout.readline()  # it has connected
    try:
        yield found
    finally:
        await found.end()


async def _blow(kubeconfig: Path, namespace: str, pods: int, rate: int) -> float:
    """Change one pod after the other, `rate` a second, until standard input ends; the rate that was acknowledged."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(0, ended.set)
    async with writer(kubeconfig, namespace) as target:
        print("on", flush=True)
        began, numbers, done = time.monotonic(), itertools.count(), itertools.count()
        every = workloads(pods)

        async def lane() -> None:
            while not ended.is_set():
                number = next(numbers)
                await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
                found = every[number % len(every)]
                one = number // len(every) % found.pods
                await target.patch("Pod", found.pod_name(one), found.pod_status(one, restarts=number), "status")
                next(done)

        await asyncio.gather(*(lane() for _ in range(LANES)))
        return next(done) / (time.monotonic() - began)


if __name__ == "__main__":
    print(asyncio.run(_blow(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))))
