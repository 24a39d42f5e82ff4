"""A registry with its controllers running, a clock that stands still, and a node that is played by hand."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import AsyncIterator, Callable
from typing import Any

from console.sandbox.apiserver.registry import Registry
from console.sandbox.apiserver.resources import DEPLOYMENTS, EVENTS, PODS, REPLICA_SETS, Object, Resource
from console.sandbox.apiserver.store import Stored
from console.sandbox.apiserver.writes import Deletion, Write
from console.sandbox.controllers.manager import Controllers
from tests.sandbox.apiserver.parts import NAMESPACE, WRITE, StoppedClock, fresh_registry
from tests.sandbox.waiting import until

KUBELET = Write(manager="kubelet", subresource="status")
BINDING = Write(manager="scheduler", subresource="binding")


class Cluster:
    """What tests do to a cluster and read from it."""

    def __init__(self, registry: Registry, clock: StoppedClock) -> None:
        self.registry = registry
        self.clock = clock
        self._addresses = itertools.count(1)

    def _next_address(self) -> str:
        number = next(self._addresses)
        return f"10.244.{number // 256}.{number % 256}"

    @classmethod
    @contextlib.asynccontextmanager
    async def running(cls) -> AsyncIterator[Cluster]:
        """With controllers, for the length of the block."""
        clock = StoppedClock()
        registry = fresh_registry(window=5000, clock=clock)
        async with Controllers(registry, now=clock).running():
            yield cls(registry, clock)

    def create(self, resource: Resource, body: Object) -> Stored:
        """A new object in the default namespace."""
        return self.registry.create(resource, NAMESPACE if resource.namespaced else "", body, WRITE).object

    def change(self, resource: Resource, name: str, change: Callable[[Object], Any]) -> Stored:
        """Change an object in place."""

        def changed(live: Object) -> Object:
            change(live)
            return live

        return self.registry.update(resource, (NAMESPACE, name), changed, WRITE).object

    def all(self, resource: Resource, namespace: str = NAMESPACE) -> list[Object]:
        """Everything of a kind, oldest first."""
        return [each.body for each in sorted(self.registry.store.of(resource).all(namespace), key=lambda each: each.uid)]

    def get(self, resource: Resource, name: str) -> Object:
        """One object."""
        return self.registry.find(resource, (NAMESPACE, name)).body

    def there(self, resource: Resource, name: str) -> bool:
        """Whether an object is there."""
        return self.registry.store.of(resource).get((NAMESPACE, name)) is not None

    def deploy(self, *, replicas: int = 2, image: str = "x:1", **spec: Any) -> Stored:
        """A new Deployment `web`."""
        template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": image}]}}
        body = {"selector": {"matchLabels": {"app": "web"}}, "replicas": replicas, "template": template, **spec}
        return self.create(DEPLOYMENTS, {"metadata": {"name": "web"}, "spec": body})

    def set_image(self, image: str) -> None:
        """Begin a rollout of `web`."""
        self.change(DEPLOYMENTS, "web", lambda live: live["spec"]["template"]["spec"]["containers"][0].update(image=image))

    def run_pods(self, *, ready: bool = True) -> None:
        """Bind every pod that is not, give it an address, and let those go that were asked to."""
        for pod in list(self.registry.store.of(PODS).all(NAMESPACE)):
            if "deletionTimestamp" in pod.body["metadata"]:
                self.registry.delete(PODS, pod.key, Deletion(grace=0))
                continue
            if "nodeName" not in pod.body["spec"]:
                self.registry.update(PODS, pod.key, _bound, BINDING)
                self.registry.update(PODS, pod.key, _started(self._next_address(), self.registry.timestamp(), ready=ready), KUBELET)

    def end_pod(self, pod: Object, phase: str) -> None:
        """A pod's only container ends now, a second after whatever was before."""
        self.clock.forward(1)
        ended = {"exitCode": 0 if phase == "Succeeded" else 1, "finishedAt": self.registry.timestamp()}
        container = {"name": "c", "ready": False, "restartCount": 0, "image": "x", "imageID": "", "state": {"terminated": ended}}

        def change(live: Object) -> Object:
            live["status"] |= {"phase": phase, "containerStatuses": [container]}
            return live

        self.registry.update(PODS, (NAMESPACE, pod["metadata"]["name"]), change, KUBELET)

    def images(self) -> list[str]:
        """The images of the pods that stay."""
        return sorted(pod["spec"]["containers"][0]["image"] for pod in self.all(PODS) if "deletionTimestamp" not in pod["metadata"])

    def condition(self, kind: str, *, resource: Resource = DEPLOYMENTS, name: str = "web") -> tuple[str, str]:
        """Status and reason of a condition."""
        for each in self.get(resource, name)["status"].get("conditions", ()):
            if each["type"] == kind:
                return each["status"], each.get("reason", "")
        return "", ""

    def reasons(self) -> set[str]:
        """The reasons of all events."""
        return {event["reason"] for event in self.all(EVENTS)}

    def sizes(self) -> dict[str, int]:
        """Revision to size of every ReplicaSet of `web`."""
        return {
            each["metadata"]["annotations"]["deployment.kubernetes.io/revision"]: each["spec"]["replicas"]
            for each in self.all(REPLICA_SETS)
        }

    async def complete(self) -> None:
        """Play the node until `web` is fully available in its present template."""

        def is_done() -> bool:
            self.run_pods()
            body = self.get(DEPLOYMENTS, "web")
            status, replicas = body["status"], body["spec"]["replicas"]
            counts = [status.get(name, 0) for name in ("replicas", "updatedReplicas", "availableReplicas")]
            return counts == [replicas] * 3 and status.get("observedGeneration") == body["metadata"]["generation"]

        await until(is_done, what="the rollout is complete")


def _bound(live: Object) -> Object:
    live["spec"]["nodeName"] = "n1"
    return live


def _started(address: str, now: str, *, ready: bool) -> Callable[[Object], Object]:
    def started(live: Object) -> Object:
        live["status"] |= {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]}
        live["status"]["conditions"] = [{"type": "Ready", "status": str(ready), "lastTransitionTime": now}]
        return live

    return started
