"""The plan of a switch: pure, from one observation to the exact patches, or to the reasons against it (SAFETY 1, rules 1 to 5 and 8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from actions.manifests import Manifests
from actions.pair import Move, patch_of
from actions.shared import Override, Params, SlotWord, other_release, slot_of, taken, unknown_slot
from console.domain import facts as noted
from console.domain.change import Blocked, Change, Create, Difference, Noop, Plan
from console.domain.environment import Component, Environment
from console.domain.hand import switch_commands
from console.domain.ids import ComponentName, SlotName
from console.domain.position import Position, position
from console.domain.records import deployment_of, records_of, slot_release
from console.domain.render import ManifestError, render_services
from console.domain.rollback import rollback_targets
from console.domain.slots import slot_state
from console.domain.wording import listed
from console.domain.world import World
from console.engine.action import Task


class SwitchParams(Params):
    to: SlotWord
    order: tuple[ComponentName, ...] = ()
    """Components in the order of a switch forward; those left out follow in the environment's order. Backward it is reversed."""
    direction: Literal["forward", "back"] | None = None
    """None: back when `to` is `previous`."""
    override: Override = ""


@dataclass(frozen=True)
class SwitchView:
    """What a switch is planned from."""

    world: World
    manifests: Manifests = field(default_factory=Manifests)
    """Read for an empty namespace only: the first ready slot gets its Services."""
    measured: Mapping[str, object] = field(default_factory=dict)
    """Of this run's own switch, once it was made."""


@dataclass(frozen=True)
class SwitchChange(Change):
    """A change whose patches are made from its moves once more, on Services read right before."""

    moves: tuple[Move, ...] = ()


def plan_switch(view: SwitchView, task: Task[SwitchParams]) -> Plan:
    """What the switch would do now."""
    environment, target = task.environment, slot_of(task, task.params.to)
    if wrong := unknown_slot(environment, target):
        return Blocked((wrong,))
    if environment.strategy == "rolling":
        return Noop("a rolling environment has one slot: its Services stay as they are")
    here = position(environment, view.world)
    if refused := _unclear(environment, here, target):
        return Blocked(refused)
    if here.active == target:
        return Noop(f"{listed(here.slots)} {'is' if len(here.slots) == 1 else 'are'} on {target} already")
    judged = _judge_back(view.world, task, target) if going_back(task.params) else _judge_forward(view.world, task, target)
    if isinstance(judged, Blocked):
        return judged
    try:
        return _change(view, task, target, here, judged)
    except ManifestError as problem:
        return Blocked((str(problem),))


def going_back(params: SwitchParams) -> bool:
    return params.direction == "back" or (params.direction is None and params.to == "previous")


def ordered(environment: Environment, params: SwitchParams) -> tuple[Component, ...]:
    """Components in the order of their patches: providers first forward, consumers first backward."""
    named = [environment.component(n) for n in params.order if n in {c.name for c in environment.components}]
    order = (*named, *(c for c in environment.components if c not in named))
    return tuple(reversed(order)) if going_back(params) else order


def _unclear(environment: Environment, here: Position, target: SlotName) -> tuple[str, ...]:
    """Drift is refused: a Service without its slot key or one that is gone while others serve is never taken for a first deployment."""
    elsewhere = [n for n, s in here.slots.items() if s not in (None, target)]
    gone = tuple(f"Service {environment.component(n).service} does not exist" for n in here.absent) if elsewhere else ()
    return (*here.problems, *gone)


def _judge_forward(world: World, task: Task[SwitchParams], target: SlotName) -> Blocked | str:
    """Strict: everything that live traffic needs is there, and it is what this run means. A warning, or why not."""
    environment = task.environment
    state = slot_state(environment, world, target)
    records = records_of(environment, world)
    reasons = [*state.shortfalls, *_selector_mismatches(environment, world, target), *other_release(task, world, target)]
    hold = records.releases[state.release].hold if state.release and records.held(state.release) else None
    if hold:
        reasons.append(f"{state.release} is held by {hold.by}: {hold.reason}; lift the hold first")
    return Blocked(tuple(reasons)) if reasons else ""


def _judge_back(world: World, task: Task[SwitchParams], target: SlotName) -> Blocked | str:
    """Comparing: the target needs to serve better than what is live, nothing more."""
    environment = task.environment
    found = next((t for t in rollback_targets(environment, world) if t.slot == target and t.kind == "warm"), None)
    if found is None:
        return Blocked((f"no pod runs in {target}: apply a release to it first",))
    if wrong := _selector_mismatches(environment, world, target):
        return Blocked(wrong)
    if found.problems and not taken(task.params.override, found.override):
        return Blocked(found.problems, override=found.override)
    return "; ".join(w for w in (*found.problems, found.warning) if w)


def _selector_mismatches(environment: Environment, world: World, target: SlotName) -> tuple[str, ...]:
    """Services whose selector, with the new slot in it, would select none of the target's pods."""
    wrong = []
    for component in environment.components:
        service, deployment = world.services.get(component.service), deployment_of(component, target, world)
        if service is None or deployment is None:
            continue
        wanted = {**service.selector, environment.slot_key: target}
        lacking = sorted(f"{k}={v}" for k, v in wanted.items() if deployment.template_labels.get(k) != v)
        if lacking:
            wrong.append(f"Service {service.name} selects {listed(lacking)}, which the pods of {deployment.name} do not have")
    return tuple(wrong)


def _change(view: SwitchView, task: Task[SwitchParams], target: SlotName, here: Position, warning: str) -> SwitchChange:
    environment, world = task.environment, view.world
    order = ordered(environment, task.params)
    moves = tuple(_move(world, task, c, target, here.slots[c.name]) for c in order if c.service in world.services)
    creates = tuple(w for c in order if c.service not in world.services for w in _creates(view, task, c, target))
    patches = tuple(patch_of(m, world.services[m.service], environment.slot_key) for m in moves)
    moved = [c.name for c in order if here.slots[c.name] != target]
    back = going_back(task.params)
    return SwitchChange(
        title=f"switch {listed(moved)} {'back ' if back else ''}to {target}",
        writes=(*creates, *patches),
        differences=tuple(_difference(environment, world, c, target, here.slots[c.name]) for c in order),
        kubectl=tuple(switch_commands(environment, world, target, order)),
        warnings=(warning,) if warning else (),
        undo="" if back or here.empty else "rollback, about 1 s",
        moves=moves,
    )


def _difference(environment: Environment, world: World, component: Component, target: SlotName, before: SlotName | None) -> Difference:
    return Difference(
        component.name,
        "slot",
        _with_release(environment, world, before) if before else "no Service",
        _with_release(environment, world, target),
        "same" if before == target else "change",
    )


def _with_release(environment: Environment, world: World, slot: SlotName) -> str:
    release = slot_release(environment, world, slot)
    return f"{slot} {release}" if release else slot


def _creates(view: SwitchView, task: Task[SwitchParams], component: Component, target: SlotName) -> tuple[Create, ...]:
    documents = view.manifests.of(component)
    if documents is None:
        problem = next(iter(view.manifests.problems), f"{component.name} has no manifest")
        raise ManifestError(f"Service {component.service} does not exist and cannot be made: {problem}")
    release = slot_release(task.environment, view.world, target)
    notes = {**task.stamp.annotations(), noted.SWITCHED_AT: view.world.at.isoformat()} | ({noted.RELEASE: release} if release else {})
    services = render_services(task.environment, component, documents, slot=target, annotations=notes)
    return tuple(Create("Service", s["metadata"]["name"], s) for s in services if s["metadata"]["name"] not in view.world.services)


def _move(world: World, task: Task[SwitchParams], component: Component, target: SlotName, before: SlotName | None) -> Move:
    if before is None:
        raise ManifestError(f"Service {component.service} selects no slot")
    notes = task.stamp.annotations() if before == target else _switch_notes(world, task, component, target, before)
    return Move(component.name, component.service, before, target, notes)


def _switch_notes(
    world: World, task: Task[SwitchParams], component: Component, target: SlotName, before: SlotName
) -> dict[str, str | None]:
    """What the way back needs to know, written with the switch itself (SAFETY 1, rule 13)."""
    environment = task.environment
    release, previous = (slot_release(environment, world, s) for s in (target, before))
    known = noted.switch_facts(world.services[component.service].meta.annotations)
    recorded = records_of(environment, world).release(release)
    stated = recorded.migration_class if recorded else "unknown"
    stable = known.stable or (None if going_back(task.params) else previous)
    return {
        **task.stamp.annotations(),
        noted.RELEASE: release,
        noted.SWITCHED_AT: world.at.isoformat(),
        noted.PREVIOUS_SLOT: before,
        noted.PREVIOUS_RELEASE: previous,
        noted.STABLE: stable,
        noted.MIGRATION_CLASS: None if stated == "unknown" else stated,
        noted.KEEP_WARM_UNTIL: None,
    }
