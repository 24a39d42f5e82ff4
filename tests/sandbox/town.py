"""A namespace with nodes under it, for tests that look at real pods: what they send, and bounded waits for what comes of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console.cluster.client import KubeClient
from console.cluster.errors import NotFound
from console.sandbox.nodes.images import ImageCatalog
from console.sandbox.plane_views import Plane
from tests.sandbox.waiting import answered

Json = dict[str, Any]
MERGE = "application/merge-patch+json"
OF_CONTAINER = (
    *("command", "args", "env", "envFrom", "ports", "resources", "imagePullPolicy", "terminationMessagePolicy", "volumeMounts"),
    *("readinessProbe", "livenessProbe", "startupProbe", "lifecycle"),
)


@dataclass(frozen=True)
class Town:
    """One namespace, as an administrator."""

    namespace: str
    client: KubeClient
    plane: Plane
    images: ImageCatalog

    def path(self, plural: str, name: str = "", part: str = "") -> str:
        group = {"deployments": "/apis/apps/v1", "jobs": "/apis/batch/v1"}.get(plural, "/api/v1")
        return "/".join(piece for piece in (f"{group}/namespaces/{self.namespace}/{plural}", name, part) if piece)

    async def create(self, plural: str, document: Json) -> Json:
        return _json(await self.client.request("POST", self.path(plural), body=document))

    async def patch(self, plural: str, name: str, change: Json) -> None:
        await self.client.request("PATCH", self.path(plural, name), body=change, content_type=MERGE)

    async def delete(self, plural: str, name: str, **options: object) -> None:
        body = {"kind": "DeleteOptions", "apiVersion": "v1", **options}
        await self.client.request("DELETE", self.path(plural, name), body=body)

    async def get(self, plural: str, name: str) -> Json | None:
        try:
            return _json(await self.client.request("GET", self.path(plural, name)))
        except NotFound:
            return None

    async def every(self, plural: str, **labels: str) -> list[Json]:
        selector = ",".join(f"{key}={value}" for key, value in labels.items())
        params = {"labelSelector": selector} if selector else None
        items: list[Json] = _json(await self.client.request("GET", self.path(plural), params=params))["items"]
        return items

    async def pod_when(self, name: str, condition: Callable[[Json], object], *, within: float = 15.0) -> Json:
        """The pod as soon as the condition is true of it."""
        found = await answered(
            lambda: self.get("pods", name), lambda each: each is not None and condition(each), within=within, what=f"pod {name}"
        )
        assert found is not None
        return found

    async def gone(self, plural: str, name: str, *, within: float = 15.0) -> None:
        """Wait until an object is out of the API."""
        await answered(lambda: self.get(plural, name), lambda each: each is None, within=within, what=f"{plural} {name} gone")

    async def available(self, *names: str, replicas: int, within: float = 20.0) -> None:
        """Wait until these Deployments are rolled out in full."""

        async def ask() -> list[bool]:
            return [_rolled_out(await self.get("deployments", name), replicas) for name in names]

        await answered(ask, all, within=within, what=f"{', '.join(names)} available")

    async def targets(self, service: str, good: Callable[[Sequence[str]], object], *, within: float = 10.0) -> Sequence[str]:
        """The pods that a Service's new connections go to, as soon as they are good."""

        async def ask() -> Sequence[str]:
            return (await self.plane.entry(self.namespace, service)).targets

        return await answered(ask, good, within=within, what=f"targets of {service}")

    async def told(self, name: str) -> list[tuple[str, str]]:
        """Reason and message of each event about an object, oldest first."""
        found = [event for event in await self.every("events") if event["involvedObject"]["name"] == name]
        return [(event["reason"], event["message"]) for event in sorted(found, key=lambda event: int(event["metadata"]["resourceVersion"]))]

    async def told_of(self, name: str, reason: str, *, within: float = 10.0) -> str:
        """The message of an event, once it is there."""
        told = await answered(lambda: self.told(name), lambda each: reason in dict(each), within=within, what=f"event {reason} of {name}")
        return next(message for found, message in told if found == reason)

    async def log(self, name: str, **options: str) -> str:
        return (await self.client.request("GET", self.path("pods", name, "log"), params=options)).decode()

    async def log_with(self, name: str, text: str) -> str:
        """The pod's log, once the text is in it."""
        return await answered(lambda: self.log(name), lambda log: text in log, what=f"{text!r} in the log of {name}")

    async def job_when(self, name: str, condition: Callable[[Json], object]) -> Json:
        """The Job as soon as the condition is true of it."""
        found = await answered(lambda: self.get("jobs", name), lambda each: each is not None and condition(each), what=f"job {name}")
        assert found is not None
        return found

    async def no_process(self, name: str) -> None:
        """Wait until no pod of this name has a process on the nodes."""

        async def pids() -> list[int | None]:
            pods = [pod for pod in await self.plane.pods() if (pod.namespace, pod.name) == (self.namespace, name)]
            return [container.pid for pod in pods for container in pod.containers if container.pid is not None]

        await answered(pids, lambda found: not found, what=f"no process of {name}")

    @contextlib.asynccontextmanager
    async def watching(self, name: str) -> AsyncIterator[Sequence[Json]]:
        """Every version of a pod's status while the block lasts, the one it was deleted with included."""
        seen: list[Json] = []
        version = _json(await self.client.request("GET", self.path("pods")))["metadata"]["resourceVersion"]
        params = {"watch": "1", "resourceVersion": version, "fieldSelector": f"metadata.name={name}"}

        async def watch() -> None:
            async for line in self.client.stream(self.path("pods"), params=params, silence=60):
                seen.append(json.loads(line)["object"]["status"])

        watcher = asyncio.create_task(watch())
        try:
            yield seen
        finally:
            watcher.cancel()
            await asyncio.gather(watcher, return_exceptions=True)


def pod(name: str, *, image: str = "tools:1", **spec: object) -> Json:
    """A pod with one container `main`; the container's own fields are recognised by name."""
    container = {"name": "main", "image": image, **{key: spec.pop(key) for key in OF_CONTAINER if key in spec}}
    labels = spec.pop("labels", {})
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 5, **spec},
    }


def deployment(name: str, template: Json, *, replicas: int) -> Json:
    """A Deployment of pods like this one, selected by the label `app`."""
    labels = {"app": name, **template["metadata"]["labels"]}
    spec = {
        "replicas": replicas,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": template["spec"]},
    }
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def service(name: str, *, port: int = 80, target: int = 8080, **selector: str) -> Json:
    """A Service with one port."""
    ports = [{"name": "http", "port": port, "targetPort": target}]
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"selector": selector, "ports": ports}}


def python(code: str) -> list[str]:
    """A command that runs this code."""
    return ["python", "-c", code]


def main_state(found: Json) -> Json:
    """The state of the pod's only container; empty while there is none."""
    states: list[Json] = found.get("status", {}).get("containerStatuses") or [{"state": {}}]
    state: Json = states[0]["state"]
    return state


def main_status(found: Json) -> Json:
    """The status of the pod's only container."""
    status: Json = found["status"]["containerStatuses"][0]
    return status


def waits(reason: str) -> Callable[[Json], bool]:
    """Whether the container waits with this reason."""
    return lambda found: bool(main_state(found).get("waiting", {}).get("reason") == reason)


def is_ready(found: Json) -> bool:
    return condition(found, "Ready").get("status") == "True"


def condition(found: Json, kind: str) -> Mapping[str, Any]:
    """A condition of the pod; empty while there is none."""
    conditions = found.get("status", {}).get("conditions") or []
    return next((each for each in conditions if each["type"] == kind), {})


def _rolled_out(found: Json | None, replicas: int) -> bool:
    if found is None:
        return False
    status = found.get("status", {})
    current = status.get("observedGeneration") == found["metadata"]["generation"]
    counts = [status.get(key, 0) for key in ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")]
    return current and counts == [replicas] * 4


def _json(raw: bytes) -> Json:
    document: Json = json.loads(raw)
    return document
