"""Filling and sizing a slot. It never touches the slot that takes live traffic (except where there is only one)."""

from __future__ import annotations

import asyncio

from pydantic import Field

from actions.apply_plan import ApplyParams, ApplyView, plan_apply
from actions.evidence import kept_of, save_if_failing
from actions.manifests import read_manifests
from actions.rights import filling, sizing
from actions.shared import Doing, SlotParams, other_release, slot_of, unknown_slot
from actions.sizing import scaled
from console.domain import facts as noted
from console.domain.change import Blocked, Change, Difference, Noop, Plan, Written
from console.domain.hand import kubectl
from console.domain.records import deployment_of
from console.domain.slots import wanted_pods
from console.domain.wording import counted, listed
from console.engine.action import Broken, Done, NotYet, Ports, Task, Verdict
from console.engine.ports import AccessRule


class Apply(Doing[ApplyParams, ApplyView]):
    """Puts the run's release into a slot, at the size that live traffic needs."""

    name = "slots.apply"
    title = "apply {release} to {slot}"
    params = ApplyParams
    neighbours_together = True

    def rights(self, task: Task[ApplyParams]) -> tuple[AccessRule, ...]:
        return filling(task.environment, task.bindings, slot_of(task, task.params.slot))

    async def observe(self, ports: Ports, task: Task[ApplyParams]) -> ApplyView:
        slot = slot_of(task, task.params.slot)
        world, manifests, kept = await asyncio.gather(ports.cluster.observe(), read_manifests(task.environment), kept_of(ports, slot))
        return ApplyView(world, manifests, kept)

    def plan(self, facts: ApplyView, task: Task[ApplyParams]) -> Plan:
        return plan_apply(facts, task)

    async def apply(self, ports: Ports, task: Task[ApplyParams], change: Change) -> tuple[Written, ...]:
        await save_if_failing(ports, task.environment, slot_of(task, task.params.slot))
        return await super().apply(ports, task, change)

    def verify(self, facts: ApplyView, task: Task[ApplyParams], carry: object) -> Verdict:
        slot, release = slot_of(task, task.params.slot), task.bindings.release
        assert release is not None
        found = {c.name: deployment_of(c, slot, facts.world) for c in task.environment.components}
        if gone := [name for name, deployment in found.items() if deployment is None]:
            return Broken(f"the Deployment of {listed(gone)} in {slot} does not exist any more: somebody deleted it")
        if changed := other_release(task, facts.world, slot):
            return Broken("; ".join(changed))
        there = ", ".join(f"{name} {counted(d.desired, 'pod')}" for name, d in found.items() if d)
        return Done(f"{release.name} in {slot}: {there}{facts.kept_text}", {"images": dict(release.images)})


class ScaleParams(SlotParams):
    replicas: int | None = Field(default=None, ge=1, le=10_000)
    """Pods of each component; None: what live traffic needs."""


class Scale(Doing[ScaleParams, ApplyView]):
    """Brings a slot that keeps its release to another size."""

    name = "slots.scale"
    title = "scale {slot}"
    params = ScaleParams

    def rights(self, task: Task[ScaleParams]) -> tuple[AccessRule, ...]:
        return sizing(task.environment, (slot_of(task, task.params.slot),))

    async def observe(self, ports: Ports, task: Task[ScaleParams]) -> ApplyView:
        slot = slot_of(task, task.params.slot)
        world, manifests, kept = await asyncio.gather(ports.cluster.observe(), read_manifests(task.environment), kept_of(ports, slot))
        return ApplyView(world, manifests, kept)

    def plan(self, facts: ApplyView, task: Task[ScaleParams]) -> Plan:
        environment, slot = task.environment, slot_of(task, task.params.slot)
        if wrong := unknown_slot(environment, slot):
            return Blocked((wrong,))
        present = {c.name: d for c in environment.components if (d := deployment_of(c, slot, facts.world))}
        if absent := [c.name for c in environment.components if c.name not in present]:
            return Blocked((f"{listed(absent)} {'has' if len(absent) == 1 else 'have'} no Deployment in {slot}: apply a release first",))
        sizes = _sizes(facts, task)
        todo = [c for c in environment.components if present[c.name].desired != sizes[c.name]]
        if not todo:
            return Noop(f"{slot} has that size already")
        return Change(
            title=f"scale {slot}",
            writes=tuple(
                scaled(environment, c, present[c.name], facts.manifests.of(c), slot=slot, replicas=sizes[c.name], notes=_stamp(task))
                for c in todo
            ),
            differences=tuple(Difference(c.name, "replicas", str(present[c.name].desired), str(sizes[c.name])) for c in todo),
            kubectl=tuple(kubectl(environment, "scale", f"deployment/{present[c.name].name}", f"--replicas={sizes[c.name]}") for c in todo),
            undo="scale it back",
        )

    def verify(self, facts: ApplyView, task: Task[ScaleParams], carry: object) -> Verdict:
        slot = slot_of(task, task.params.slot)
        sizes = _sizes(facts, task)
        small = [c.name for c in task.environment.components if _desired(facts, c.name, task) < sizes[c.name]]
        return NotYet(f"{listed(small)} in {slot} not scaled yet") if small else Done(f"{slot} asks for the pods that are needed")


def _sizes(facts: ApplyView, task: Task[ScaleParams]) -> dict[str, int]:
    given = task.params.replicas
    return {c.name: given or wanted_pods(task.environment, facts.world, c) for c in task.environment.components}


def _desired(facts: ApplyView, name: str, task: Task[ScaleParams]) -> int:
    component = next(c for c in task.environment.components if c.name == name)
    deployment = deployment_of(component, slot_of(task, task.params.slot), facts.world)
    return deployment.desired if deployment else 0


def _stamp(task: Task[ScaleParams]) -> dict[str, str | None]:
    return {**task.stamp.annotations(), noted.SERVED_WITH: None}
