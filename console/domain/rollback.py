"""Where users could go back to, and what each way would cost: from the cluster alone, without any journal (SAFETY 1, rules 7 to 9, 13).

Forward is strict, backward compares: a target that serves better than the live slot is taken with a warning, one that serves no better only
by a named override.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from console.domain import migration
from console.domain.environment import Environment
from console.domain.hand import kubectl_back
from console.domain.ids import ReleaseName, SlotName
from console.domain.position import Position, position
from console.domain.records import Records, records_of, slot_release
from console.domain.release import SlotRecord
from console.domain.slots import SlotState, slot_state
from console.domain.wording import listed
from console.domain.workload import pods_of
from console.domain.world import Deployment, World

NO_BETTER = "no-better"
"""Rule: a target that serves no better than the live slot is not gone back to."""
UNPROVEN = "unproven"
"""Rule: only a release that passed everything is gone back to."""
SWITCH_SECONDS = 1.0


@dataclass(frozen=True)
class Target:
    """One way back."""

    release: ReleaseName | None
    """None: a warm slot whose components carry no one release."""
    slot: SlotName
    kind: Literal["warm", "recorded"]
    """Warm: its pods run, only traffic moves. Recorded: it is applied to the idle slot first."""
    revision: int | None
    """Number of its newest deployment in `slot`; None when it was not recorded."""
    stable: bool
    ready: int
    wanted: int
    seconds: float | None
    """Estimate until users are back; None when nothing was observed to estimate from."""
    problems: tuple[str, ...] = ()
    """Why it may not be taken as it is."""
    warning: str = ""
    """What to know before taking it."""
    override: str = ""
    """Rule that a person may override with a reason, where all `problems` come from it; empty when nobody may."""
    kubectl: tuple[str, ...] = ()
    """Commands that go back by hand now."""

    @property
    def usable(self) -> bool:
        return not self.problems


def rollback_targets(environment: Environment, world: World) -> tuple[Target, ...]:
    """All ways back, best first; the first usable one is what one key takes."""
    here = position(environment, world)
    if here.problems or here.absent:
        return ()
    records = records_of(environment, world)
    found = [*_warm(environment, world, here, records), *_recorded(environment, world, here, records)]
    return tuple(sorted((_with_commands(environment, world, t) for t in found), key=_rank))


def _rank(target: Target) -> tuple[bool, bool, bool]:
    """Within one rank the order of making stays: the newest recorded release first."""
    return bool(target.problems), bool(target.problems) and not target.override, target.kind != "warm"


def _with_commands(environment: Environment, world: World, target: Target) -> Target:
    return replace(
        target, kubectl=kubectl_back(environment, world, slot=target.slot, release=target.release, apply=target.kind == "recorded")
    )


def _warm(environment: Environment, world: World, here: Position, records: Records) -> list[Target]:
    """Slots whose pods run and that do not take all the traffic; while the components are split that is each of them."""
    if environment.strategy == "rolling":
        return []
    slots = [slot_state(environment, world, s) for s in environment.slots if s != here.active]
    live = slot_state(environment, world, here.active) if here.active else None
    return [_warm_target(environment, world, records, state, live) for state in slots if not state.empty]


def _warm_target(environment: Environment, world: World, records: Records, state: SlotState, live: SlotState | None) -> Target:
    schema = migration.way_back(environment, world, records, to=state.release)
    refusals = [*_held(records, state.release)]
    stable = state.stable or records.stable(state.release)
    overridable = [
        (UNPROVEN, "" if stable else f"{state.release or 'what runs there'} never passed verification in {state.slot}"),
        (migration.OVERRIDE, schema.problem),
        (NO_BETTER, "" if live is None or state.saturated or serves_better(state, live) else _no_better(state, live)),
    ]
    problems, override = _judged(refusals, overridable)
    warnings = [_unsaturated(state), _changed_by_hand(state), schema.warning]
    return Target(
        release=state.release,
        slot=state.slot,
        kind="warm",
        revision=_revision(records.history, state.slot, state.release),
        stable=stable,
        ready=state.ready,
        wanted=state.wanted,
        seconds=SWITCH_SECONDS,
        problems=problems,
        warning="; ".join(w for w in warnings if w),
        override=override,
    )


def _recorded(environment: Environment, world: World, here: Position, records: Records) -> list[Target]:
    """Stable releases of the history that run nowhere, newest first, to be applied to the slot that takes no traffic."""
    if here.active is None:
        return []
    slot = environment.other(here.active)
    running = {slot_release(environment, world, s) for s in environment.slots if not slot_state(environment, world, s).empty}
    newest: dict[ReleaseName, SlotRecord] = {r.release: r for r in records.history if r.stable_at}
    seconds = starting_seconds(environment, world)
    targets = (_recorded_target(environment, world, records, r, slot, seconds) for r in newest.values() if r.release not in running)
    return sorted(targets, key=lambda t: -_place(records.history, t.release))


def _recorded_target(
    environment: Environment, world: World, records: Records, record: SlotRecord, slot: SlotName, seconds: float | None
) -> Target:
    schema = migration.way_back(environment, world, records, to=record.release)
    release = records.release(record.release)
    refusals = [*_held(records, record.release)]
    if release is None:
        refusals.append(f"the images of {record.release} are not recorded any more: deploy it from its release file")
    elif missing := [c.name for c in environment.components if c.name not in release.images]:
        refusals.append(f"the record of {record.release} has no image for {listed(missing)}")
    problems, override = _judged(refusals, [(migration.OVERRIDE, schema.problem)])
    moved = release and any("@sha256:" not in image for image in release.images.values())
    warnings = [f"{record.release} is recorded by tag, not by digest: the tag may have moved" if moved else "", schema.warning]
    wanted = sum(c.wanted for c in slot_state(environment, world, slot).components)
    return Target(
        release=record.release,
        slot=slot,
        kind="recorded",
        revision=record.number,
        stable=True,
        ready=0,
        wanted=wanted,
        seconds=seconds,
        problems=problems,
        warning="; ".join(w for w in warnings if w),
        override=override,
    )


def serves_better(target: SlotState, live: SlotState) -> bool:
    """`target` serves a larger share than `live`: the weakest component decides, then all pods together."""
    return _served(target) > _served(live)


def _served(state: SlotState) -> tuple[float, float]:
    shares = [min(1.0, min(c.ready, c.available) / c.wanted) if c.wanted else 1.0 for c in state.components]
    return min(shares, default=0.0), sum(shares)


def starting_seconds(environment: Environment, world: World) -> float | None:
    """How long pods of this application took from creation to ready, the slowest of those that run; None when none does."""
    deployments = (world.deployments.get(name) for c in environment.components for name in c.deployments.values())
    taken = [s for d in deployments if d for s in _starts(d, world)]
    return max(taken) + SWITCH_SECONDS if taken else None


def _starts(deployment: Deployment, world: World) -> list[float]:
    ready = [
        (p.meta.created, c.since)
        for p in pods_of(deployment, world)
        if not p.restarts
        for c in p.conditions
        if c.type == "Ready" and p.ready
    ]
    return [(since - created).total_seconds() + deployment.min_ready_seconds for created, since in ready if created and since]


def _judged(refusals: list[str], overridable: list[tuple[str, str]]) -> tuple[tuple[str, ...], str]:
    """All problems, and the rules that overriding would take (joined by commas); none when a refusal is among them."""
    broken = [(rule, problem) for rule, problem in overridable if problem]
    override = "" if refusals else ",".join(rule for rule, _ in broken)
    return (*refusals, *(problem for _, problem in broken)), override


def _held(records: Records, release: ReleaseName | None) -> list[str]:
    hold = records.releases[release].hold if release and records.held(release) else None
    return [f"{release} is held since {hold.at:%Y-%m-%d %H:%M} by {hold.by}: {hold.reason}; lift the hold first"] if hold else []


def _no_better(state: SlotState, live: SlotState) -> str:
    ours, theirs = f"{state.ready} of {state.wanted}", f"{live.ready} of {live.wanted}"
    return f"{state.slot} has {ours} pods available, live {live.slot} has {theirs}: it serves no better"


def _unsaturated(state: SlotState) -> str:
    return "" if state.saturated else f"{state.slot} has {state.ready} of {state.wanted} pods available ({'; '.join(state.shortfalls)})"


def _changed_by_hand(state: SlotState) -> str:
    changed = [c for c in state.components if c.foreign_image]
    hands = listed(dict.fromkeys(c.imaged_by for c in changed if c.imaged_by))
    by = f" ({hands})" if hands else ""
    return f"the image of {listed(c.name for c in changed)} in {state.slot} was changed by hand{by}" if changed else ""


def _revision(history: tuple[SlotRecord, ...], slot: SlotName, release: ReleaseName | None) -> int | None:
    return max((r.number for r in history if r.slot == slot and r.release == release), default=None)


def _place(history: tuple[SlotRecord, ...], release: ReleaseName | None) -> int:
    return max((i for i, r in enumerate(history) if r.release == release), default=-1)
