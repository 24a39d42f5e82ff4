"""Retiring a slot: scaled to zero, never deleted, and only when nobody needs it as the way back any more (SAFETY 1, rule 6)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from actions.apply_plan import ApplyView
from actions.evidence import kept_of, save_if_failing
from actions.manifests import read_manifests
from actions.rights import sizing
from actions.shared import Doing, Override, SlotParams, slot_of, taken, unknown_slot
from actions.sizing import scaled
from actions.writing import put
from console.domain import facts as noted
from console.domain.change import Blocked, Change, Difference, Noop, Plan, Written
from console.domain.environment import Component
from console.domain.errors import Refused
from console.domain.hand import kubectl
from console.domain.ids import SlotName
from console.domain.moments import local_time, spoken
from console.domain.position import position
from console.domain.records import deployment_of
from console.domain.rollback import starting_seconds
from console.domain.slots import SlotState, slot_state
from console.domain.wording import counted, listed
from console.domain.workload import pods_of
from console.domain.world import Deployment, World
from console.engine.action import Done, NotYet, Ports, Task, Verdict
from console.engine.ports import AccessRule

KEEP_WARM = "keep-warm"
"""Rule: the slot that users could go back to in a second stays until verification has passed and its time is over."""


LONGEST_END = 90.0
"""Seconds that the pods of a component may take to end before the component that they call is scaled down, too."""


class RetireParams(SlotParams):
    override: Override = ""


class Retire(Doing[RetireParams, ApplyView]):
    """Scales a slot that takes no traffic to zero: consumers first, so that what still serves a kept connection finds what it calls."""

    name = "slots.retire"
    title = "retire {slot}"
    params = RetireParams
    timeout = 300.0

    def rights(self, task: Task[RetireParams]) -> tuple[AccessRule, ...]:
        return sizing(task.environment, (slot_of(task, task.params.slot),))

    async def observe(self, ports: Ports, task: Task[RetireParams]) -> ApplyView:
        slot = slot_of(task, task.params.slot)
        world, manifests, kept = await asyncio.gather(ports.cluster.observe(), read_manifests(task.environment), kept_of(ports, slot))
        return ApplyView(world, manifests, kept)

    def plan(self, facts: ApplyView, task: Task[RetireParams]) -> Plan:
        environment, world, slot = task.environment, facts.world, slot_of(task, task.params.slot)
        if refused := tuple(_refusals(world, task, slot)):
            return Blocked(refused)
        state = slot_state(environment, world, slot)
        running = [(c, d) for c in reversed(environment.components) if (d := deployment_of(c, slot, world)) and d.desired]
        if not running:
            return Noop(f"{slot} is scaled to zero already")
        still_needed = _still_needed(world, task, state)
        if still_needed and not taken(task.params.override, KEEP_WARM):
            return Blocked((still_needed,), override=KEEP_WARM)
        return Change(
            title=f"retire {slot}",
            writes=tuple(
                scaled(environment, c, d, facts.manifests.of(c), slot=slot, replicas=0, notes=_notes(task, d)) for c, d in running
            ),
            differences=tuple(Difference(c.name, "replicas", str(d.desired), "0") for c, d in running),
            kubectl=tuple(kubectl(environment, "scale", f"deployment/{d.name}", "--replicas=0") for _, d in running),
            warnings=tuple(w for w in (still_needed, *_warnings(world, task, state, running)) if w),
            undo=f"scale {slot} up again",
        )

    async def apply(self, ports: Ports, task: Task[RetireParams], change: Change) -> tuple[Written, ...]:
        slot = slot_of(task, task.params.slot)
        await save_if_failing(ports, task.environment, slot)
        services = await asyncio.gather(*(ports.cluster.get_service(c.service) for c in task.environment.components))
        if selecting := [s.name for s in services if s and s.selector.get(task.environment.slot_key) == slot]:
            raise Refused(f"{listed(selecting)} selects {slot} meanwhile: it takes live traffic")
        written = []
        for write in change.writes:
            written.append(await put(ports, write))
            if write is not change.writes[-1]:
                await _until_ended(ports, write.name)
        return tuple(written)

    def verify(self, facts: ApplyView, task: Task[RetireParams], carry: object) -> Verdict:
        slot = slot_of(task, task.params.slot)
        found = [d for c in task.environment.components if (d := deployment_of(c, slot, facts.world))]
        if asked := sum(d.desired for d in found):
            return NotYet(f"{slot} still asks for {counted(asked, 'pod')}")
        left = sum(len(pods_of(d, facts.world)) for d in found)
        if left:
            return NotYet(f"{counted(left, 'pod')} of {slot} still {'ends' if left == 1 else 'end'}")
        return Done(f"{slot} is retired{facts.kept_text}")


async def _until_ended(ports: Ports, deployment: str) -> None:
    """Wait until a Deployment's pods are gone, those that still finish requests included; go on after a while and say so."""
    until = ports.clock.monotonic() + LONGEST_END
    while True:
        world = await ports.cluster.observe(("Deployment", "ReplicaSet", "Pod"))
        found = world.deployments.get(deployment)
        if found is None or not pods_of(found, world):
            return
        if ports.clock.monotonic() >= until:
            await ports.report(
                f"pods of {deployment} have not ended after {spoken(LONGEST_END)}: the next component goes on without waiting"
            )
            return
        await ports.clock.sleep(0.2)


def _refusals(world: World, task: Task[RetireParams], slot: SlotName) -> Iterable[str]:
    environment = task.environment
    if wrong := unknown_slot(environment, slot):
        yield wrong
        return
    if environment.strategy == "rolling":
        yield "a rolling environment has one slot: it takes live traffic"
        return
    here = position(environment, world)
    yield from here.problems
    if taking := [n for n, s in here.slots.items() if s == slot]:
        yield f"{slot} takes the live traffic of {listed(taking)}"
    elif here.active is None:
        yield "no slot takes all the live traffic: nothing is retired while that is unclear"


def _still_needed(world: World, task: Task[RetireParams], state: SlotState) -> str:
    """Why the slot is still the way back; empty when it is not. Times are the API server's."""
    environment = task.environment
    active = position(environment, world).active
    if active is None or not state.stable or state.held:
        return ""
    live = slot_state(environment, world, active)
    if not live.stable:
        return f"{state.slot} is the way back to {state.release}: {live.release or 'what runs'} in {active} has not passed verification yet"
    services = (world.services.get(c.service) for c in environment.components)
    until = max((t for s in services if s and (t := noted.switch_facts(s.meta.annotations).keep_warm_until)), default=None)
    if until and world.at < until:
        left = spoken((until - world.at).total_seconds())
        return f"{state.slot} is kept warm until {local_time(until, environment.cluster.time_zone)} ({left} from now)"
    return ""


def _warnings(world: World, task: Task[RetireParams], state: SlotState, running: list[tuple[Component, Deployment]]) -> Iterable[str]:
    if state.stable and not state.held:
        seconds = starting_seconds(task.environment, world)
        longer = f"about {spoken(seconds)}" if seconds is not None else "as long as its pods take to start"
        yield f"going back to {state.release} will take {longer} instead of about 1 s"
    yield f"connections that are still open to {state.slot} end with its pods: how many there are is not known here"
    names = {d.name for _, d in running}
    for scaler in world.autoscalers.values():
        if scaler.target_kind == "Deployment" and scaler.target_name in names:
            yield f"autoscaler {scaler.name} leaves {scaler.target_name} at zero until somebody scales it up"


def _notes(task: Task[RetireParams], deployment: Deployment) -> dict[str, str | None]:
    return {**task.stamp.annotations(), noted.SERVED_WITH: str(deployment.desired)}
