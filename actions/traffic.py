"""Moving live traffic between slots, and proving that it arrived (SAFETY 1, rules 1 to 4)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import Field

from actions.manifests import Manifests, read_manifests
from actions.pair import Move, Pair, Split
from actions.rights import switching
from actions.shared import SWITCH_KINDS, Doing, Looking, SlotParams, slot_of, uninterrupted, unknown_slot
from actions.switch_plan import SwitchChange, SwitchParams, SwitchView, plan_switch
from console.domain import facts as noted
from console.domain.change import Change, Plan, Written
from console.domain.environment import Environment
from console.domain.expected import expected_answer
from console.domain.foreign import moved_from
from console.domain.ids import ComponentName, SlotName
from console.domain.position import position
from console.domain.routing import answered_by, routed_by_slices
from console.domain.wording import listed
from console.domain.world import Kind, World
from console.engine.action import Broken, Done, NotYet, Ports, Task, Verdict
from console.engine.ports import AccessRule

MEASURED = "switch.json"
"""File in the run's evidence folder: how long the Services disagreed."""
ROUTING_KINDS: tuple[Kind, ...] = ("Service", "Deployment", "ReplicaSet", "Pod", "EndpointSlice", "ConfigMap")


class Switch(Doing[SwitchParams, SwitchView]):
    """Points every Service at one slot."""

    name = "traffic.switch"
    title = "switch traffic to {to}"
    params = SwitchParams
    timeout = 30.0
    poll = 0.2

    def rights(self, task: Task[SwitchParams]) -> tuple[AccessRule, ...]:
        return switching(task.environment, task.bindings)

    async def observe(self, ports: Ports, task: Task[SwitchParams]) -> SwitchView:
        world, measured = await asyncio.gather(ports.cluster.observe(SWITCH_KINDS), asyncio.to_thread(_measured, ports.evidence, task))
        missing = position(task.environment, world).absent
        return SwitchView(world, await read_manifests(task.environment) if missing else Manifests(), measured)

    def plan(self, facts: SwitchView, task: Task[SwitchParams]) -> Plan:
        return plan_switch(facts, task)

    async def apply(self, ports: Ports, task: Task[SwitchParams], change: Change) -> tuple[Written, ...]:
        if not isinstance(change, SwitchChange) or len(change.moves) < len(change.writes):
            return await super().apply(ports, task, change)
        written, split = await uninterrupted(Pair(ports, task.stamp, task.environment.slot_key, change.moves).run())
        await asyncio.to_thread(_keep_measure, ports.evidence, task, change.moves, split)
        return written

    def verify(self, facts: SwitchView, task: Task[SwitchParams], carry: object) -> Verdict:
        target = slot_of(task, task.params.to)
        here = position(task.environment, facts.world)
        where = listed(f"{name} → {slot or 'no slot'}" for name, slot in here.slots.items())
        if here.active == target:
            split = facts.measured.get("split_ms")
            return Done(where + (f", split for {split} ms" if split is not None else ""), dict(facts.measured))
        services = (facts.world.services.get(c.service) for c in task.environment.components)
        others = sorted({noted.switch_facts(s.meta.annotations).run for s in services if s} - {task.stamp.run, ""})
        if others:
            return Broken(f"run {listed(others)} moved traffic elsewhere: {where}")
        return Broken(moved_away(task.environment, facts.world, target))


def moved_away(environment: Environment, world: World, target: SlotName) -> str:
    """That users were sent somewhere else than to `target`, and by whom; empty while they are not."""
    if environment.strategy == "rolling":
        return ""
    moved = moved_from(environment, world, dict.fromkeys((c.name for c in environment.components), target))
    return f"users were moved after the switch: {listed(moved)}" if moved else ""


def _keep_measure(folder: Path, task: Task[SwitchParams], moves: tuple[Move, ...], split: Split) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    measured = {
        "run": task.stamp.run,
        "to": slot_of(task, task.params.to),
        "order": [m.component for m in moves],
        "split_ms": round(split.answered * 1000, 1),
        "patched_ms": round(split.whole * 1000, 1),
    }
    (folder / MEASURED).write_text(json.dumps(measured) + "\n")


def _measured(folder: Path, task: Task[SwitchParams]) -> dict[str, object]:
    """What this run measured when it switched to the same slot; empty before."""
    try:
        found = json.loads((folder / MEASURED).read_text())
    except (OSError, ValueError):
        return {}
    ours = isinstance(found, dict) and (found.get("run"), found.get("to")) == (task.stamp.run, slot_of(task, task.params.to))
    return {k: v for k, v in found.items() if k != "run"} if ours else {}


class RoutedParams(SlotParams):
    connections: int = Field(default=10, ge=1, le=1000)
    """Fresh connections through the real entry point, for each component that has one."""


@dataclass(frozen=True)
class RoutedView:
    world: World
    answers: Mapping[ComponentName, Mapping[str, int]] = field(default_factory=dict)
    """How many connections each release answered; components that cannot be asked are left out."""


class VerifyRouted(Looking[RoutedParams, RoutedView]):
    """New connections reach the slot: its pods are the only endpoints, and its release answers."""

    name = "traffic.verify"
    title = "verify that users reach {slot}"
    params = RoutedParams
    poll = 0.1

    def deadline(self, task: Task[RoutedParams]) -> float:
        return task.environment.waits.routed

    async def observe(self, ports: Ports, task: Task[RoutedParams]) -> RoutedView:
        return await look_routed(ports, task.environment, connections=task.params.connections)

    def verify(self, facts: RoutedView, task: Task[RoutedParams], carry: object) -> Verdict:
        slot = slot_of(task, task.params.slot)
        if wrong := unknown_slot(task.environment, slot):
            return Broken(wrong)
        if moved := moved_away(task.environment, facts.world, slot):
            return Broken(moved)
        return routed(facts, task, slot)


async def look_routed(ports: Ports, environment: Environment, *, connections: int) -> RoutedView:
    """EndpointSlices, and the releases that answer `connections` fresh connections per component through the real entry point."""
    asked = [c.name for c in environment.components if environment.health.release_path and c.name in environment.urls.live]
    asking = asyncio.gather(*(ports.probes.answered_release(name, count=connections) for name in asked))
    world, answers = await asyncio.gather(ports.cluster.observe(ROUTING_KINDS), asking)
    return RoutedView(world, dict(zip(asked, answers, strict=True)))


def routed(facts: RoutedView, task: Task[Any], slot: SlotName) -> Verdict:
    """Done when only pods of `slot` are endpoints, and every answer names the release it should."""
    environment, world = task.environment, facts.world
    slices = [routed_by_slices(environment, world, c, slot) for c in environment.components]
    answers = []
    for component in environment.components:
        if component.name in facts.answers:
            expected = expected_answer(environment, world, slot=slot, component=component.name, release=task.bindings.release)
            answers.append(answered_by(component, facts.answers[component.name], expected))
    missing = [r.sentence for r in (*slices, *answers) if not r.reached]
    if missing:
        return NotYet("; ".join(missing))
    spoke = [r.sentence for r in answers if r.sentence]
    told = spoke or ["verified by EndpointSlices alone: the application does not say its release"]
    evidence = {"slot": slot, "pods": {c.name: r.pods for c, r in zip(environment.components, slices, strict=True)}}
    answered = {name: dict(found) for name, found in facts.answers.items()}
    return Done("; ".join((*(r.sentence for r in slices), *told)), {**evidence, "answers": answered})
