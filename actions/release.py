"""Whether a release may be deployed here, and remembering that it was."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from actions.records_plan import adopted_release, better_known, history_write, outdated, release_write
from actions.rights import recording
from actions.shared import Doing, Looking, Override, Params, SlotParams, slot_of, taken, unknown_slot
from console.domain.change import Blocked, Change, Difference, Noop, Plan
from console.domain.errors import BluegreenError
from console.domain.hand import command_for
from console.domain.ids import ReleaseName
from console.domain.records import Records, records_of, same_image
from console.domain.release import Release, recorded
from console.domain.wording import listed
from console.domain.world import World
from console.engine.action import Broken, Done, NotYet, Ports, Task, Verdict
from console.engine.ports import AccessRule

EVIDENCE = "promotion"
"""Rule: a release comes from the environment before this one, where it passed everything."""

StableElsewhere = Callable[[str, ReleaseName], Awaitable[Release | None]]
"""Asks another environment for a release that it recorded as stable: None when it has not, BluegreenError when it does not answer."""


class NotHeld(Looking[Params, World]):
    """A release that was rolled back stays away until a named person lifts its hold."""

    name = "release.not_held"
    title = "check that {release} is not held"
    params = Params

    async def observe(self, ports: Ports, task: Task[Params]) -> World:
        return await ports.cluster.observe(("ConfigMap",))

    def verify(self, facts: World, task: Task[Params], carry: object) -> Verdict:
        release = task.bindings.release
        if release is None:
            return Broken("this run was started without a release: name one")
        records = records_of(task.environment, facts)
        record = records.releases.get(release.name)
        if record and record.hold:
            hold = record.hold
            return Broken(f"{release.name} is held since {hold.at:%Y-%m-%d %H:%M} by {hold.by}: {hold.reason}; lift the hold first")
        if record and (other := _differing(record.release, release)):
            return Broken(f"{release.name} is recorded with another image of {listed(other)}: give the release another name")
        unread = "; ".join(records.problems)
        return Done(f"{release.name} is not held" + (f" ({unread})" if unread else ""))


class PromotableParams(Params):
    override: Override = ""


@dataclass(frozen=True)
class Promotion:
    """What the environment before this one says of the release."""

    there: Release | None = None
    problem: str = ""
    """Why it cannot be asked."""


class Promotable(Looking[PromotableParams, Promotion]):
    """The release passed everything in the environment it comes from, with the very images that are to be deployed here."""

    name = "release.promotable"
    title = "check that {release} may be deployed here"
    params = PromotableParams

    def __init__(self, elsewhere: StableElsewhere | None = None) -> None:
        self._elsewhere = elsewhere

    async def observe(self, ports: Ports, task: Task[PromotableParams]) -> Promotion:
        source, release = task.environment.promoted_from, task.bindings.release
        if not source or release is None:
            return Promotion()
        if self._elsewhere is None:
            return Promotion(problem=f"{source} cannot be asked from here")
        try:
            return Promotion(there=await self._elsewhere(source, release.name))
        except BluegreenError as problem:
            return Promotion(problem=f"{source} does not answer: {problem}")

    def verify(self, facts: Promotion, task: Task[PromotableParams], carry: object) -> Verdict:
        source, release = task.environment.promoted_from, task.bindings.release
        if release is None:
            return Broken("this run was started without a release: name one")
        if not source:
            return Done("no environment is configured to promote from: nothing to prove")
        missing = _missing_proof(facts, release, source)
        if not missing:
            return Done(f"{release.name} is stable in {source}", {"from": source, "images": dict(release.images)})
        if taken(task.params.override, EVIDENCE):
            return Done(f"{missing}; taken on by {task.stamp.by}", {"override": EVIDENCE})
        return Broken(f"{missing} (a person may override the rule `{EVIDENCE}`)", {"override": EVIDENCE})


def _missing_proof(facts: Promotion, release: Release, source: str) -> str:
    if facts.problem:
        return f"no proof that {release.name} passed: {facts.problem}"
    if facts.there is None:
        return f"{release.name} is not recorded as stable in {source}"
    other = _differing(facts.there, release)
    return f"{release.name} in {source} has another image of {listed(other)}" if other else ""


def _differing(known: Release, release: Release) -> list[str]:
    return [n for n, image in release.images.items() if n in known.images and not same_image(known.images[n], image)]


class Record(Doing[SlotParams, World]):
    """Keeps the release and its place in the cluster, so that going back to it needs nothing of ours."""

    name = "release.record"
    title = "record {release} in {slot}"
    params = SlotParams

    def rights(self, task: Task[SlotParams]) -> tuple[AccessRule, ...]:
        return recording(task.environment)

    async def observe(self, ports: Ports, task: Task[SlotParams]) -> World:
        return await ports.cluster.observe()

    def plan(self, facts: World, task: Task[SlotParams]) -> Plan:
        environment, slot, release = task.environment, slot_of(task, task.params.slot), task.bindings.release
        if release is None:
            return Blocked(("this run was started without a release: name one",))
        if wrong := unknown_slot(environment, slot):
            return Blocked((wrong,))
        records = records_of(environment, facts)
        known = records.release(release.name)
        if known and (other := _differing(known, release)):
            return Blocked((f"{release.name} is recorded with another image of {listed(other)}: give the release another name",))
        return _record_plan(facts, task, records, better_known(known, release))

    def verify(self, facts: World, task: Task[SlotParams], carry: object) -> Verdict:
        slot, release = slot_of(task, task.params.slot), task.bindings.release
        assert release is not None
        records = records_of(task.environment, facts)
        revision = next((r for r in reversed(records.history) if (r.slot, r.release) == (slot, release.name)), None)
        if revision is None or release.name not in records.releases:
            return NotYet(f"{release.name} is not recorded yet")
        return Done(f"{release.name} is revision {revision.number} of {slot}", {"slot": slot, "revision": revision.number})


def _record_plan(facts: World, task: Task[SlotParams], records: Records, release: Release) -> Plan:
    environment, slot = task.environment, slot_of(task, task.params.slot)
    history = records.history
    earlier = adopted_release(environment, facts, records)
    if earlier and earlier[0].name != release.name:
        history = (*history, earlier[1])
    history = recorded(history, slot=slot, release=release.name, run=task.stamp.run, at=facts.at)
    hold = records.releases[release.name].hold if release.name in records.releases else None
    writes = [
        release_write(environment, facts, earlier[0], None) if earlier and earlier[0].name != release.name else None,
        release_write(environment, facts, release, hold),
        history_write(environment, facts, history) if history != records.history else None,
    ]
    needed = [w for w in writes if w]
    if not needed:
        return Noop(f"{release.name} in {slot} is recorded already")
    differences = [Difference(release.name, "record", "recorded" if release.name in records.releases else "nothing", f"in {slot}")]
    if earlier and earlier[0].name != release.name:
        differences.append(Difference(earlier[0].name, "record", "nothing", f"in {earlier[1].slot}, as it served before"))
    all_writes = (*needed, *outdated(environment, facts, records, history))
    return Change(
        title=f"record {release.name} in {slot}",
        writes=all_writes,
        differences=tuple(differences),
        kubectl=tuple(c for w in all_writes for c in command_for(environment, w)),
        warnings=records.problems,
        bookkeeping=True,
    )
