"""Whether the cluster is ready to deploy to: the right one, with the rights, the room and the peace it needs (SAFETY 1, rules 11, 15)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from actions.manifests import Manifests, read_manifests
from actions.rights import filling, recording, switching
from actions.shared import Looking, Override, Params, taken
from console.domain.capacity import Need, headroom, shrinking_autoscalers
from console.domain.environment import Component, Environment
from console.domain.foreign import foreign_writers, switched_by_hand
from console.domain.hand import kubectl
from console.domain.ids import ComponentName, SlotName
from console.domain.position import Position, position
from console.domain.records import deployment_of, image_of, records_of, same_image
from console.domain.render import ManifestError, deployment_limits, deployment_requests, render_deployment
from console.domain.slots import size_for
from console.domain.wording import listed
from console.domain.world import Deployment, World
from console.engine import rights
from console.engine.action import Broken, Done, Ports, Task, Verdict
from console.engine.ports import AccessRule, Fingerprint

FOREIGN = "foreign-writers"
"""Rule: nobody else changes selectors, images and sizes by itself while we do."""
AUTOSCALER = "autoscaler"
"""Rule: no autoscaler shrinks a slot that waits for traffic."""

_USEFUL = (AccessRule("get", "pods", subresource="log"), AccessRule("list", "events"), AccessRule("delete", "configmaps"))
"""Without these a deployment works, and less is explained or tidied."""


class ReadyParams(Params):
    override: Override = ""


@dataclass(frozen=True)
class Surroundings:
    world: World
    fingerprint: Fingerprint
    missing: tuple[AccessRule, ...] = ()
    manifests: Manifests = field(default_factory=Manifests)


@dataclass
class Findings:
    """What stands against it, by rule; an empty rule cannot be overridden."""

    refusals: dict[str, list[str]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    good: list[str] = field(default_factory=list)

    def refuse(self, reasons: Iterable[str], *, rule: str = "") -> None:
        self.refusals.setdefault(rule, []).extend(reasons)


class Ready(Looking[ReadyParams, Surroundings]):
    """Everything that can be known before the first change."""

    name = "cluster.ready"
    title = "check that the cluster is ready"
    params = ReadyParams

    async def observe(self, ports: Ports, task: Task[ReadyParams]) -> Surroundings:
        world, fingerprint, missing, manifests = await asyncio.gather(
            ports.cluster.observe(),
            ports.cluster.fingerprint(),
            ports.cluster.may((*_needed(task), *_USEFUL)),
            read_manifests(task.environment),
        )
        return Surroundings(world, fingerprint, missing, manifests)

    def verify(self, facts: Surroundings, task: Task[ReadyParams], carry: object) -> Verdict:
        found = Findings()
        _target(facts, task.environment, found)
        _rights(facts, task, found)
        _traffic(facts.world, task.environment, found)
        _room(facts, task, found)
        _writers(facts.world, task.environment, found)
        return _verdict(found, task)


def _verdict(found: Findings, task: Task[ReadyParams]) -> Verdict:
    broken = {rule: reasons for rule, reasons in found.refusals.items() if reasons and not taken(task.params.override, rule)}
    if broken:
        rules = [r for r in broken if r]
        named = f" (a person may override: {', '.join(rules)})" if rules and "" not in broken else ""
        evidence = {"override": ",".join(rules) if "" not in broken else "", "warnings": found.warnings}
        return Broken("; ".join(r for reasons in broken.values() for r in reasons) + named, evidence)
    overridden = [r for reasons in found.refusals.values() for r in reasons]
    told = [*found.good, *(f"careful: {w}" for w in (*overridden, *found.warnings))]
    return Done("; ".join(told) or "nothing stands against it", {"warnings": [*overridden, *found.warnings]})


def _target(facts: Surroundings, environment: Environment, found: Findings) -> None:
    wanted, seen = environment.cluster, facts.fingerprint
    if wanted.server and wanted.server.rstrip("/") != seen.server.rstrip("/"):
        found.refuse([f"this is {seen.server}, but {environment.name} is at {wanted.server}"])
    if wanted.namespace_uid and wanted.namespace_uid != seen.namespace_uid:
        found.refuse([f"the namespace {seen.namespace} is another one than the settings mean (uid {seen.namespace_uid})"])


def _needed(task: Task[ReadyParams]) -> tuple[AccessRule, ...]:
    environment, bindings = task.environment, task.bindings
    writes = (*switching(environment, bindings), *filling(environment, bindings, bindings.preview), *recording(environment))
    return (*writes, *rights.driving(environment, "forward"))


def _rights(facts: Surroundings, task: Task[ReadyParams], found: Findings) -> None:
    needed = set(_needed(task))
    if lacking := rights.sentence(r for r in facts.missing if r in needed):
        found.refuse([lacking])
    if less := [str(r) for r in facts.missing if r in _USEFUL]:
        found.warnings.append(f"you may not {listed(less)}: causes and old records stay where they are")
    if facts.world.unread:
        found.warnings.append(f"{listed(sorted(facts.world.unread))} may not be read: what they would tell is not known")


def _traffic(world: World, environment: Environment, found: Findings) -> None:
    here = position(environment, world)
    found.refuse(here.problems)
    if here.split:
        where = listed(f"{name} → {slot}" for name, slot in here.slots.items())
        found.refuse([f"live traffic is split ({where}): roll back first"])
    if here.absent and not here.empty:
        found.refuse([f"Service {environment.component(n).service} does not exist while others do" for n in here.absent])
    if here.empty and (bare := [c.name for c in environment.components if c.manifest is None]):
        found.refuse([f"nothing is here yet and {listed(bare)} {'has' if len(bare) == 1 else 'have'} no manifest to begin with"])
    for slot in _slots_to_fill(environment, here):
        for component in environment.components:
            deployment = deployment_of(component, slot, world)
            if deployment is not None and deployment.paused:
                resume = kubectl(environment, "rollout", "resume", f"deployment/{deployment.name}")
                found.refuse([f"Deployment {deployment.name} is paused: {resume}"])
    found.warnings += records_of(environment, world).problems


def _slots_to_fill(environment: Environment, here: Position) -> tuple[SlotName, ...]:
    if environment.strategy == "rolling":
        return environment.slots
    return tuple(s for s in environment.slots if s not in here.slots.values())


def _room(facts: Surroundings, task: Task[ReadyParams], found: Findings) -> None:
    """Quota for the second slot, checked before its first pod; and autoscalers that would take its pods away again."""
    environment, world = task.environment, facts.world
    found.refuse(facts.manifests.problems)
    slot = task.bindings.preview
    needs = []
    sizes: dict[ComponentName, int] = {}
    for component in environment.components:
        try:
            sizes[component.name], need = _need(facts, task, component, slot)
        except ManifestError as problem:
            found.refuse([str(problem)])
            continue
        needs.append(need)
    room = headroom(world, needs)
    found.refuse(room.problems)
    found.warnings += room.warnings
    found.good += [room.summary] if room.summary else []
    if environment.strategy == "blue_green":
        active = position(environment, world).active
        before = shrinking_autoscalers(environment, world, slot, sizes, why="while it waits for traffic")
        after = shrinking_autoscalers(environment, world, active, sizes, why="while it is kept warm") if active else ()
        found.refuse((*before, *after), rule=AUTOSCALER)


def _need(facts: Surroundings, task: Task[ReadyParams], component: Component, slot: SlotName) -> tuple[int, Need]:
    environment = task.environment
    documents = facts.manifests.of(component)
    deployment = deployment_of(component, slot, facts.world)
    if documents is not None:
        rendered = render_deployment(environment, component, documents, slot=slot, image=component.image, replicas=1, annotations={})
        manifest = next(d for d in documents if d.get("kind") == "Deployment")
        replicas = (manifest.get("spec") or {}).get("replicas")
        size = size_for(environment, facts.world, component, slot, manifest_replicas=replicas if isinstance(replicas, int) else None)
        requests, limits = deployment_requests(rendered), deployment_limits(rendered)
    else:
        size = size_for(environment, facts.world, component, slot)
        requests, limits = (dict(deployment.requests), dict(deployment.limits)) if deployment else ({}, {})
    present = deployment.replicas if deployment else 0
    extra = deployment.rollout.extra(size) if deployment and present and _is_replaced(task, component, deployment) else 0
    return size, Need(component.name, max(0, size + extra - present), requests, limits, 0 if deployment else 1)


def _is_replaced(task: Task[ReadyParams], component: Component, deployment: Deployment) -> bool:
    """The run's release makes the running pods of this Deployment old ones."""
    release = task.bindings.release
    return release is not None and not same_image(release.images.get(component.name, ""), image_of(component, deployment))


def _writers(world: World, environment: Environment, found: Findings) -> None:
    found.warnings += switched_by_hand(environment, world)
    for writer in foreign_writers(environment, world):
        match writer.habit:
            case "by itself":
                found.refuse([writer.sentence], rule=FOREIGN)
            case "when run again":
                found.warnings.append(writer.sentence)
            case "once":
                continue
