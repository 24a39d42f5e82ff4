"""Holding a release that was rolled back, and lifting the hold (SAFETY 1, rule 8)."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from actions.records_plan import known_release, release_write
from actions.rights import recording
from actions.shared import Doing, Params
from console.domain import facts as noted
from console.domain.change import Blocked, Change, Difference, Noop, Plan
from console.domain.hand import command_for
from console.domain.ids import ReleaseName
from console.domain.records import deployment_of, records_of, slot_release
from console.domain.release import Hold
from console.domain.world import World
from console.engine.action import Done, NotYet, Ports, Task, Verdict
from console.engine.ports import AccessRule


class PlaceParams(Params):
    release: str = ""
    """Empty: what users are taken away from by this run."""
    reason: str = ""
    """Empty: the run's own reason."""


class LiftParams(Params):
    release: str = Field(min_length=1)


@dataclass(frozen=True)
class HoldView:
    world: World


class Place(Doing[PlaceParams, HoldView]):
    """No run deploys the release again until a named person lifts the hold."""

    name = "hold.place"
    title = "hold the release that was rolled back"
    params = PlaceParams

    def rights(self, task: Task[PlaceParams]) -> tuple[AccessRule, ...]:
        return recording(task.environment)

    async def observe(self, ports: Ports, task: Task[PlaceParams]) -> HoldView:
        return HoldView(await ports.cluster.observe(("ConfigMap", "Deployment", "Service")))

    def plan(self, facts: HoldView, task: Task[PlaceParams]) -> Plan:
        environment, world = task.environment, facts.world
        name = release_to_hold(world, task)
        if name is None:
            return Noop("what users leave carries no release's name: there is nothing to hold")
        if records_of(environment, world).held(name):
            return Noop(f"{name} is held already")
        reason = task.params.reason or task.reason or "rolled back"
        hold = Hold(reason, task.stamp.by, world.at)
        write = release_write(environment, world, known_release(environment, world, name, environment.slots), hold)
        if write is None:
            return Noop(f"{name} is held already")
        return Change(
            title=f"hold {name}",
            writes=(write,),
            differences=(Difference(name, "hold", "none", "held"),),
            kubectl=command_for(environment, write),
            undo=f"lift the hold: bluegreen hold {name} --lift --reason …",
        )

    def verify(self, facts: HoldView, task: Task[PlaceParams], carry: object) -> Verdict:
        name = release_to_hold(facts.world, task)
        if name is None or records_of(task.environment, facts.world).held(name):
            return Done(f"{name} is held: no run deploys it before the hold is lifted", {"release": name})
        return NotYet(f"{name} is not held yet")


def release_to_hold(world: World, task: Task[PlaceParams]) -> ReleaseName | None:
    """The release named, else the one that served when the run began; never the one that the run goes back to."""
    if task.params.release:
        return ReleaseName(task.params.release)
    environment, left = task.environment, task.bindings.active
    if left is None:
        return None
    wanted = task.bindings.release.name if task.bindings.release else task.bindings.previous_release
    found = slot_release(environment, world, left)
    if found is None or found != wanted:
        return found
    before = {d.meta.annotations.get(noted.PREVIOUS_RELEASE) for c in environment.components if (d := deployment_of(c, left, world))}
    name = before.pop() if len(before) == 1 else None
    return ReleaseName(name) if name and name != wanted else None


class Lift(Doing[LiftParams, HoldView]):
    """Lets a release be deployed again."""

    name = "hold.lift"
    title = "lift the hold of {release}"
    params = LiftParams

    def rights(self, task: Task[LiftParams]) -> tuple[AccessRule, ...]:
        return recording(task.environment)

    async def observe(self, ports: Ports, task: Task[LiftParams]) -> HoldView:
        return HoldView(await ports.cluster.observe(("ConfigMap",)))

    def plan(self, facts: HoldView, task: Task[LiftParams]) -> Plan:
        name = ReleaseName(task.params.release)
        records = records_of(task.environment, facts.world)
        record = records.releases.get(name)
        if record is None:
            known = ", ".join(sorted(records.releases)) or "none"
            return Blocked((f"{name} is not recorded here (recorded: {known})",))
        if record.hold is None:
            return Noop(f"{name} is not held")
        write = release_write(task.environment, facts.world, record.release, None)
        assert write is not None
        return Change(
            title=f"lift the hold of {name}",
            writes=(write,),
            differences=(Difference(name, "hold", f"{record.hold.reason} (by {record.hold.by})", "none"),),
            kubectl=command_for(task.environment, write),
            undo=f"hold it again: bluegreen hold {name} --reason …",
        )

    def verify(self, facts: HoldView, task: Task[LiftParams], carry: object) -> Verdict:
        name = ReleaseName(task.params.release)
        held = records_of(task.environment, facts.world).held(name)
        return NotYet(f"{name} is still held") if held else Done(f"{name} may be deployed again")
