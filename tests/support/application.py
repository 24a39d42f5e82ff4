"""What is true of an application in its cluster, read past everything of ours: selectors, EndpointSlices, Deployments, answers."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from console.cluster.client import KubeClient
from console.cluster.errors import NotFound
from console.sandbox.loadgen.http1 import Connection, Target
from tests.sandbox.waiting import answered
from tests.support.layout import Layout, Part

Json = dict[str, Any]
GROUPS: Mapping[str, str] = {
    "deployments": "/apis/apps/v1",
    "endpointslices": "/apis/discovery.k8s.io/v1",
    "leases": "/apis/coordination.k8s.io/v1",
}


class Application:
    """One application, as an administrator and as its users see it."""

    def __init__(self, layout: Layout, client: KubeClient, *, namespace: str, urls: Mapping[str, str]) -> None:
        self.layout, self.client, self.namespace = layout, client, namespace
        self.urls = urls
        """Entry point of each component's Service."""

    @property
    def url(self) -> str:
        """Where users come in."""
        return self.urls[self.layout.part("frontend").name]

    async def get(self, plural: str, name: str) -> Json | None:
        """One object; None when it is not there."""
        try:
            found: Json = json.loads(await self.client.request("GET", self._path(plural, name)))
        except NotFound:
            return None
        return found

    async def list(self, plural: str) -> list[Json]:
        found: list[Json] = json.loads(await self.client.request("GET", self._path(plural)))["items"]
        return found

    async def objects(self) -> dict[str, Json]:
        """Deployments and Services as they are stored, by kind and name."""
        found: dict[str, Json] = {}
        for plural in ("deployments", "services"):
            found |= {f"{plural} {each['metadata']['name']}": each for each in await self.list(plural)}
        return found

    async def create(self, document: Json) -> None:
        """Create an object of the kinds that an owner creates by hand."""
        await self.client.request("POST", self._path(f"{document['kind'].lower()}s"), body=document)

    async def patch(self, plural: str, name: str, change: Json) -> None:
        """A merge patch by somebody who is not us."""
        await self.client.request("PATCH", self._path(plural, name), body=change, content_type="application/merge-patch+json")

    async def selected(self) -> dict[str, str]:
        """The slot that each component's Service selects; empty where it names none."""
        found = await asyncio.gather(*(self.get("services", part.service) for part in self.layout.parts))
        selectors = [(service or {}).get("spec", {}).get("selector", {}) for service in found]
        return {part.name: s.get(self.layout.slot_key, "") for part, s in zip(self.layout.parts, selectors, strict=True)}

    async def active(self) -> str:
        """The slot that all Services select."""
        slots = set((await self.selected()).values())
        assert len(slots) == 1, f"the Services disagree: {slots}"
        return slots.pop()

    async def routed(self, part: Part) -> set[str]:
        """Pods that the EndpointSlices of a component's Service send new connections to."""
        slices = [s for s in await self.list("endpointslices") if s["metadata"]["labels"].get("kubernetes.io/service-name") == part.service]
        endpoints = [e for piece in slices for e in piece.get("endpoints") or [] if e["conditions"].get("ready")]
        return {e["targetRef"]["name"] for e in endpoints}

    async def deployment(self, part: Part, slot: str) -> Json:
        """The Deployment of a component in a slot."""
        found = await self.get("deployments", part.deployments[slot])
        assert found is not None, f"there is no Deployment {part.deployments[slot]}"
        return found

    async def images(self, slot: str) -> dict[str, str]:
        """Image of each component's container in a slot."""
        found = {}
        for part in self.layout.parts:
            containers = (await self.deployment(part, slot))["spec"]["template"]["spec"]["containers"]
            found[part.name] = next(c["image"] for c in containers if c["name"] == part.container)
        return found

    async def tags(self, slot: str) -> dict[str, str]:
        """Tag of each component's image in a slot."""
        return {name: image.partition("@")[0].rpartition(":")[2] for name, image in (await self.images(slot)).items()}

    async def sizes(self, slot: str) -> dict[str, int]:
        """Pods that each Deployment of a slot asks for."""
        return {part.name: (await self.deployment(part, slot))["spec"]["replicas"] for part in self.layout.parts}

    async def answers(self, part: Part, count: int = 10) -> Counter[tuple[str, int]]:
        """(release, status) of what answers fresh connections through the entry point of a component's Service."""
        target = Target.of(self.urls[part.name] + "/api/quotes")
        found: Counter[tuple[str, int]] = Counter()
        for _ in range(count):
            connection = await Connection.open(target)
            try:
                answer = await connection.exchange(target, close=True)
            finally:
                await connection.close()
            found[answer.headers.get("x-release", ""), answer.status] += 1
        return found

    async def expect_live(self, slot: str, release: str, *, connections: int = 10, **releases: str) -> None:
        """Users are on this release of this slot: Services, EndpointSlices and what answers say so.

        `releases` are those of components that have another one.
        """
        if self.layout.strategy == "blue_green":
            assert await self.selected() == dict.fromkeys((part.name for part in self.layout.parts), slot)
        for part in self.layout.parts:
            await self._expect_routed(part, await self.deployment(part, slot))
            assert await self.answers(part, connections) == {(releases.get(part.name, release), 200): connections}

    async def _expect_routed(self, part: Part, own: Json) -> None:
        """Nobody else's pods at once; all of its own soon, should one have missed a probe on a busy machine."""
        prefix, wanted = f"{own['metadata']['name']}-", own["spec"]["replicas"]

        async def ask() -> set[str]:
            pods = await self.routed(part)
            assert all(pod.startswith(prefix) for pod in pods), f"{part.service} reaches {pods}, not only those of {prefix}"
            return pods

        await answered(ask, lambda pods: len(pods) == wanted, what=f"{wanted} pods of {part.service}")

    def _path(self, plural: str, name: str = "") -> str:
        path = f"{GROUPS.get(plural, '/api/v1')}/namespaces/{self.namespace}/{plural}"
        return f"{path}/{name}" if name else path
