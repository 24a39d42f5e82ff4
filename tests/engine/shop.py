"""A small shop with two components, the actions and runbooks that the engine's tests drive it with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar, cast

from pydantic import BaseModel, ConfigDict

from console.domain import facts
from console.domain.change import Blocked, Change, Difference, JsonPatch, MergePatch, Noop, PatchOp, Plan, Written
from console.domain.environment import ClusterRef, Component, Environment
from console.domain.ids import ComponentName, SlotName
from console.domain.records import deployment_of
from console.domain.runbook import Effect, Input, Runbook, Step
from console.domain.world import World
from console.engine.action import Action, Broken, Done, NotYet, Ports, Registry_, Task, Verdict
from console.engine.ports import AccessRule
from tests.fakes.cluster import FakeCluster
from tests.fakes.objects import deployment, service

P = TypeVar("P", bound=BaseModel)
BLUE, GREEN = SlotName("blue"), SlotName("green")
NAMES = ("backend", "frontend")


def component(name: str) -> Component:
    deployments = {slot: f"{name}-{slot}" for slot in (BLUE, GREEN)}
    return Component(ComponentName(name), service=name, deployments=deployments, container=name, image=f"shop/{name}")


SHOP = Environment("production", "shop", ClusterRef("shop"), tuple(component(n) for n in NAMES))


def populate(cluster: FakeCluster) -> None:
    """Users on blue v1; green is an older slot, scaled and ready."""
    for name in NAMES:
        for slot, release in ((BLUE, "v1"), (GREEN, "v0")):
            labels = {"app": name, "version": slot}
            noted = {facts.RELEASE: release, facts.STABLE: release}
            cluster.put(deployment(f"{name}-{slot}", labels=labels, image=f"shop/{name}:{release}", container=name, annotations=noted))
        cluster.put(service(name, {"app": name, "version": BLUE}))


class Params(BaseModel):
    model_config = ConfigDict(extra="forbid")
    slot: str = "preview"
    release: str = ""


@dataclass
class Base(Generic[P]):
    """What the shop's actions share: they see the whole world."""

    name: str
    title: str = "do it to {slot}"
    effect: Effect = "check_then_act"
    params: type[Params] = Params
    timeout: float = 30.0
    poll: float = 1.0

    def deadline(self, task: Task[Params]) -> float:
        return self.timeout

    def rights(self, task: Task[Params]) -> tuple[AccessRule, ...]:
        return ()

    async def observe(self, ports: Ports, task: Task[Params]) -> World:
        return await ports.cluster.observe()

    def plan(self, facts: World, task: Task[Params]) -> Plan:
        return Noop("it only looks")

    async def apply(self, ports: Ports, task: Task[Params], change: Change) -> tuple[Written, ...]:
        written = []
        for write in change.writes:
            await ports.guard()
            written.append(await ports.cluster.write(write))
        return tuple(written)

    def verify(self, facts: World, task: Task[Params], carry: object) -> Verdict:
        return Done("well")


@dataclass
class Put(Base[Params]):
    """Puts a release into a slot."""

    name: str = "shop.put"
    title: str = "put {release} into {slot}"

    def plan(self, facts: World, task: Task[Params]) -> Plan:
        slot = task.bindings.slot(task.params.slot)
        writes, differences = [], []
        for part in task.environment.components:
            found = deployment_of(part, slot, facts)
            wanted = f"{part.image}:{task.params.release}"
            if found is None:
                return Blocked((f"{part.name} has no Deployment for {slot}",))
            if found.images[part.container] != wanted:
                containers = [{"name": part.container, "image": wanted}]
                body = {
                    "metadata": {"annotations": {"bluegreen/release": task.params.release, **task.stamp.annotations()}},
                    "spec": {"template": {"spec": {"containers": containers}}},
                }
                writes.append(MergePatch("Deployment", found.name, body, found.meta.resource_version))
                differences.append(Difference(found.name, "image", found.images[part.container], wanted))
        if not writes:
            return Noop(f"{slot} has {task.params.release}")
        return Change(
            f"put {task.params.release} into {slot}", tuple(writes), tuple(differences), ("kubectl set image …",), undo="rollback"
        )

    def verify(self, facts: World, task: Task[Params], carry: object) -> Verdict:
        return Done("images set") if isinstance(self.plan(facts, task), Noop) else Broken("somebody set the images back")


@dataclass
class Ready(Base[Params]):
    """Every pod of the slot is available, twice in a row."""

    name: str = "shop.ready"
    title: str = "wait for {slot}"
    effect: Effect = "observe"

    def verify(self, facts: World, task: Task[Params], carry: object) -> Verdict:
        slot = task.bindings.slot(task.params.slot)
        passed = carry if isinstance(carry, int) else 0
        found = [d for c in task.environment.components if (d := deployment_of(c, slot, facts))]
        missing = [d.name for d in found if d.available < d.desired or d.observed_generation < d.generation]
        if missing:
            return NotYet(f"{missing[0]} is not available", 0)
        return Done("available") if passed else NotYet("1 of 2 in a row", passed + 1)


@dataclass
class Switch(Base[Params]):
    """Points both Services at a slot, one after the other."""

    name: str = "traffic.switch"
    title: str = "switch traffic to {slot}"
    needs_pods: bool = True

    def plan(self, facts: World, task: Task[Params]) -> Plan:
        slot = task.bindings.slot(task.params.slot)
        writes, differences = [], []
        for part in task.environment.components:
            found = facts.services[part.service]
            selected = found.selector.get("version")
            ready = deployment_of(part, slot, facts)
            if ready is None or (self.needs_pods and not ready.available):
                return Blocked((f"{part.name} has no pods in {slot}",))
            if selected != slot:
                ops = [
                    PatchOp("test", "/spec/selector/version", selected),
                    PatchOp("test", "/metadata/resourceVersion", found.meta.resource_version),
                    PatchOp("replace", "/spec/selector/version", slot),
                    PatchOp("add", "/metadata/annotations", dict(found.meta.annotations) | task.stamp.annotations()),
                ]
                writes.append(JsonPatch("Service", part.service, tuple(ops)))
                differences.append(Difference(part.name, "slot", str(selected), slot))
        return Change(f"switch to {slot}", tuple(writes), tuple(differences)) if writes else Noop(f"users are on {slot}")

    def verify(self, facts: World, task: Task[Params], carry: object) -> Verdict:
        slot = task.bindings.slot(task.params.slot)
        reached = all(facts.services[c.service].selector.get("version") == slot for c in task.environment.components)
        return Done(f"users are on {slot}") if reached else Broken("traffic went elsewhere")


@dataclass
class Verify(Base[Params]):
    """Passes unless a test says that it is broken."""

    name: str = "shop.verify"
    title: str = "verify {slot}"
    effect: Effect = "observe"
    verdicts: list[Verdict] = field(default_factory=list)

    def verify(self, facts: World, task: Task[Params], carry: object) -> Verdict:
        if len(self.verdicts) > 1:
            return self.verdicts.pop(0)
        return self.verdicts[0] if self.verdicts else Done("well")


@dataclass
class Once(Base[Params]):
    """Must not happen twice: it leaves a mark on a Service."""

    name: str = "shop.once"
    title: str = "tell the customers"
    effect: Effect = "at_most_once"

    def plan(self, facts: World, task: Task[Params]) -> Plan:
        found = facts.services["frontend"]
        if "told" in found.meta.annotations:
            return Noop("they were told")
        body = {"metadata": {"annotations": {"told": task.stamp.run}}}
        return Change("tell the customers", (MergePatch("Service", "frontend", body),), (Difference("customers", "told", "no", "yes"),))


def registry() -> Registry_:
    found = (Put(), Ready(), Switch(), Verify(), Once())
    return {a.name: cast("Action[BaseModel, object]", a) for a in found}


def step(kind: str, action: str = "", **more: object) -> Step:
    name = str(more.pop("name", action))
    return replace(Step(kind=kind, name=name, action=action), **more)  # type: ignore[arg-type]


GATE = step("gate", name="gate", question="Switch live traffic to {preview}?", key="s")

DEPLOY = Runbook(
    name="deploy",
    title="deploy {release} to {preview}",
    steps=(
        step("do", "shop.put", params={"slot": "preview", "release": "$release"}),
        step("check", "shop.ready", params={"slot": "preview"}, within=60.0),
        GATE,
        step("do", "traffic.switch", params={"slot": "preview"}),
        step("check", "shop.verify", params={"slot": "preview"}),
    ),
    inputs=(Input("release", "release"), Input("bake", "duration", required=False)),
    on_failure="rollback",
    digest="deploy-1",
)

BAKED = replace(DEPLOY, name="baked", digest="baked-1", steps=(*DEPLOY.steps, step("wait", name="wait", duration="15m")))

ROLLBACK = Runbook(
    name="rollback",
    title="go back to {previous}",
    steps=(
        step("do", "traffic.switch", params={"slot": "previous"}),
        step("check", "shop.verify", name="back", params={"slot": "previous"}),
    ),
    inputs=(Input("reason", "text", required=False),),
    direction="back",
    digest="rollback-1",
)

TELL = Runbook("tell", "tell the customers", (step("do", "shop.once"),), digest="tell-1")

RUNBOOKS: Mapping[str, Runbook] = {r.name: r for r in (DEPLOY, BAKED, ROLLBACK, TELL)}
