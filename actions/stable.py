"""Marking a release as stable: it passed everything, and until when the slot before it stays warm (SAFETY 1, rules 6 and 13)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from actions.pair import annotation_ops
from actions.records_plan import history_write
from actions.rights import noting, recording, sizing
from actions.shared import Doing, Params, SlotWord, unknown_slot
from console.domain import facts as noted
from console.domain.change import Blocked, Change, Difference, JsonPatch, MergePatch, Noop, PatchOp, Plan, Write, escape_pointer
from console.domain.environment import Environment
from console.domain.hand import command_for
from console.domain.ids import ReleaseName, SlotName
from console.domain.moments import absolute, local_time
from console.domain.position import position
from console.domain.records import deployment_of, records_of, slot_release
from console.domain.release import SlotRecord, proven
from console.domain.slots import slot_state, stable_in_slot
from console.domain.wording import listed
from console.domain.world import World
from console.engine.action import Done, NotYet, Ports, Task, Verdict
from console.engine.ports import AccessRule


class StableParams(Params):
    slot: SlotWord | None = None
    """None: the slot that takes the traffic now."""
    keep_previous_warm_until: str = ""
    """A duration (`15m`) or a clock time of the environment's zone (`09:00+30m`); empty: as the environment's waits say."""


class MarkStable(Doing[StableParams, World]):
    """Says in the cluster that the release in the active slot is one to go back to, and since when the clock of keep-warm runs."""

    name = "slots.mark_stable"
    title = "mark {release} as stable"
    neighbours_together = True
    params = StableParams

    def rights(self, task: Task[StableParams]) -> tuple[AccessRule, ...]:
        return (*noting(task.environment), *sizing(task.environment, task.environment.slots), *recording(task.environment))

    async def observe(self, ports: Ports, task: Task[StableParams]) -> World:
        return await ports.cluster.observe()

    def plan(self, facts: World, task: Task[StableParams]) -> Plan:
        environment = task.environment
        active = position(environment, facts).active
        slot = task.bindings.slot(task.params.slot) if task.params.slot else active
        if slot is None:
            return Blocked(("no slot takes all the live traffic: nothing is proven",))
        release = slot_release(environment, facts, slot)
        if refused := _refusal(facts, task, slot, active, release):
            return Blocked((refused,))
        assert release is not None
        try:
            until = _begun_until(facts, task, release) or _warm_until(facts, task)
        except ValueError as problem:
            return Blocked((f"keep_previous_warm_until: {problem}",))
        if _is_marked(environment, facts, slot, release):
            return Noop(f"{release} is stable in {slot} already")
        return _change(facts, task, slot, release, until)

    def verify(self, facts: World, task: Task[StableParams], carry: object) -> Verdict:
        environment = task.environment
        slot = task.bindings.slot(task.params.slot) if task.params.slot else position(environment, facts).active
        release = slot_release(environment, facts, slot) if slot else None
        if slot is None or release is None or not _is_marked(environment, facts, slot, release):
            return NotYet("not marked yet")
        until = _kept_until(environment, facts)
        kept = f", {environment.other(slot)} stays warm until {local_time(until, environment.cluster.time_zone)}" if until else ""
        return Done(
            f"{release} is stable in {slot}{kept}", {"release": release, "slot": slot, "keep_warm_until": until and until.isoformat()}
        )


def _refusal(world: World, task: Task[StableParams], slot: SlotName, active: SlotName | None, release: ReleaseName | None) -> str:
    if wrong := unknown_slot(task.environment, slot):
        return wrong
    if slot != active:
        return f"{slot} does not take the live traffic: only what serves can prove itself"
    if release is None:
        return f"the components in {slot} carry no one release: there is no name to mark"
    state = slot_state(task.environment, world, slot)
    if state.held:
        return f"{release} is held: lift the hold before it counts as stable"
    return ""


def _warm_until(world: World, task: Task[StableParams]) -> datetime | None:
    """In the API server's time; None where there is no other slot to keep, or nothing in it."""
    environment = task.environment
    active = position(environment, world).active
    if environment.strategy == "rolling" or active is None:
        return None
    text = task.params.keep_previous_warm_until or environment.waits.keep_warm
    return absolute(text, now=world.at, time_zone=environment.cluster.time_zone)


def _begun_until(world: World, task: Task[StableParams], release: ReleaseName) -> datetime | None:
    """The time that this very run has noted before it was interrupted: marking is finished, not begun anew."""
    services = (world.services.get(c.service) for c in task.environment.components)
    ours = [f for s in services if s and (f := noted.switch_facts(s.meta.annotations)).run == task.stamp.run and f.stable == release]
    return max((f.keep_warm_until for f in ours if f.keep_warm_until), default=None)


def _is_marked(environment: Environment, world: World, slot: SlotName, release: ReleaseName) -> bool:
    deployments = [d for c in environment.components if (d := deployment_of(c, slot, world))]
    services = [s for c in environment.components if (s := world.services.get(c.service))]
    marked = [noted.switch_facts(s.meta.annotations).stable == release for s in services]
    history = records_of(environment, world).history
    newest = next((r for r in reversed(history) if r.slot == slot), None)
    kept = environment.strategy == "rolling" or _kept_until(environment, world) is not None
    return (
        all(marked)
        and kept
        and all(d.meta.annotations.get(noted.STABLE) == release for d in deployments)
        and (newest is None or newest.release != release or newest.stable_at is not None)
    )


def _kept_until(environment: Environment, world: World) -> datetime | None:
    services = (world.services.get(c.service) for c in environment.components)
    return max((t for s in services if s and (t := noted.switch_facts(s.meta.annotations).keep_warm_until)), default=None)


def _change(world: World, task: Task[StableParams], slot: SlotName, release: ReleaseName, until: datetime | None) -> Change:
    environment = task.environment
    history = _proven_history(environment, world, slot, release)
    writes: list[Write | None] = [*_deployment_writes(world, task, slot, release), *_service_writes(world, task, slot, release, until)]
    writes.append(history_write(environment, world, history) if history else None)
    differences = [Difference(environment.application, "stable release", _stable_before(environment, world), release)]
    if until:
        text = task.params.keep_previous_warm_until or environment.waits.keep_warm
        differences.append(Difference(environment.other(slot), "kept warm", "until verification", f"{text} from verification"))
    needed = tuple(w for w in writes if w)
    commands = tuple(c for w in needed for c in command_for(environment, w))
    return Change(f"mark {release} in {slot} as stable", needed, tuple(differences), commands)


def _proven_history(environment: Environment, world: World, slot: SlotName, release: ReleaseName) -> tuple[SlotRecord, ...]:
    """A slot that was filled by other means since its last recorded revision proves nothing about that one."""
    history = records_of(environment, world).history
    newest = next((r for r in reversed(history) if r.slot == slot), None)
    return proven(history, slot=slot, at=world.at) if newest and newest.release == release else history


def _stable_before(environment: Environment, world: World) -> str:
    services = (world.services.get(c.service) for c in environment.components)
    names = {facts.stable for s in services if s and (facts := noted.switch_facts(s.meta.annotations)).stable}
    return listed(sorted(names)) or "none"


def _deployment_writes(world: World, task: Task[StableParams], slot: SlotName, release: ReleaseName) -> list[Write]:
    """Both slots note the size they served with: what is warm now may have to come back at that size."""
    environment = task.environment
    writes: list[Write] = []
    for component in environment.components:
        for each in dict.fromkeys((slot, environment.other(slot))):
            deployment = deployment_of(component, each, world)
            if deployment is None or not deployment.desired:
                continue
            proof = release if each == slot else _proof(environment, world, each)
            notes = {noted.SERVED_WITH: str(deployment.desired)} | ({noted.STABLE: proof} if proof else {})
            if _has(deployment.meta.annotations, notes):
                continue
            writes.append(MergePatch("Deployment", deployment.name, _annotations({**task.stamp.annotations(), **notes})))
    return writes


def _proof(environment: Environment, world: World, slot: SlotName) -> ReleaseName | None:
    """The stable release of the slot beside: noted there, since the Services will name the newer one from now on."""
    return slot_release(environment, world, slot) if stable_in_slot(environment, world, slot) else None


def _service_writes(world: World, task: Task[StableParams], slot: SlotName, release: ReleaseName, until: datetime | None) -> list[Write]:
    environment = task.environment
    writes: list[Write] = []
    facts = {noted.STABLE: release, noted.KEEP_WARM_UNTIL: until.isoformat() if until else None}
    notes = {**task.stamp.annotations(), **facts}
    for component in environment.components:
        service = world.services.get(component.service)
        if service is None or _has(service.meta.annotations, facts):
            continue
        path = f"/spec/selector/{escape_pointer(environment.slot_key)}"
        test = (PatchOp("test", path, slot),) if environment.strategy == "blue_green" else ()
        writes.append(JsonPatch("Service", service.name, (*test, *annotation_ops(service.meta.annotations, notes))))
    return writes


def _has(present: Mapping[str, str], wanted: Mapping[str, str | None]) -> bool:
    """Every one of the wanted annotations is there already; None is one that is absent."""
    return all(present.get(key) == value for key, value in wanted.items())


def _annotations(notes: Mapping[str, str]) -> dict[str, object]:
    return {"metadata": {"annotations": dict(notes)}}
