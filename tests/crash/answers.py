"""An application without processes: it answers as what its Services select and its Deployments carry would answer."""

from __future__ import annotations

from collections.abc import Mapping

from console.domain.environment import Environment
from console.domain.health import ProbeResult
from console.domain.ids import ComponentName, SlotName
from console.domain.position import position
from console.domain.records import deployment_of, image_of
from console.domain.release import ImageRef
from console.domain.world import World
from console.engine.ports import Cluster


class Answers:
    """Implements `Probes`: every check passes where pods are available."""

    def __init__(self, cluster: Cluster, environment: Environment) -> None:
        self._cluster, self._environment = cluster, environment

    async def live(self, *, fresh: bool = False) -> tuple[ProbeResult, ...]:
        world = await self._cluster.observe(("Service", "Deployment"))
        slots = position(self._environment, world).slots
        return tuple(self._asked(c.name, slots[c.name], world) for c in self._environment.components)

    async def slot(self, slot: SlotName, world: World) -> tuple[ProbeResult, ...]:
        return tuple(self._asked(c.name, slot, world) for c in self._environment.components)

    async def answered_release(self, component: ComponentName, *, count: int) -> Mapping[str, int]:
        world = await self._cluster.observe(("Service", "Deployment"))
        result = self._asked(component, position(self._environment, world).slots[component], world)
        return {result.release: count} if result.ok else {"error: refused": count}

    def _asked(self, name: ComponentName, slot: SlotName | None, world: World) -> ProbeResult:
        component = self._environment.component(name)
        deployment = deployment_of(component, slot, world) if slot else None
        if deployment is None or not deployment.available:
            return ProbeResult("health", name, False, "refused", detail="connection refused")
        release = ImageRef.parse(image_of(component, deployment)).tag
        return ProbeResult("health", name, True, "ok", status=200, latency=0.002, release=release)
