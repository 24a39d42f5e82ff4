"""The writes of a switch: one compare-and-swap per Service, finished or reversed as one, never left half done (SAFETY 1, rules 1 and 2)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from console.domain import facts
from console.domain.change import JsonPatch, PatchOp, Written, escape_pointer
from console.domain.errors import BluegreenError, NeedsOperator, PortError, Refused
from console.domain.facts import Stamp
from console.domain.ids import ComponentName, SlotName
from console.domain.wording import listed
from console.domain.world import Service
from console.domain.writers import holder_of
from console.engine.action import Ports

FORWARD_TRIES = 5
REVERSE_TRIES = 6
BACK_OFF = 0.05
"""Seconds before the second try; doubled each time."""


Fate = Literal["back", "theirs", "stuck", "unknown"]
"""Of a Service that had to be put back: it is, a later driver has taken it over, it could not be, or nobody answered."""


@dataclass(frozen=True)
class Move:
    """One Service on its way from one slot to another; both the same for a fence that only carries the epoch."""

    component: ComponentName
    service: str
    before: SlotName
    after: SlotName
    notes: Mapping[str, str | None] = field(default_factory=dict, hash=False)
    """Annotations that travel with it; None removes one."""

    @property
    def fence(self) -> bool:
        return self.before == self.after

    def __str__(self) -> str:
        return f"{self.component} → {self.after}"


@dataclass(frozen=True)
class Split:
    """How long the Services disagreed, in seconds."""

    answered: float
    """From the first Service's answer to the last one's."""
    whole: float
    """From sending the first patch to the last answer: the time that no split can be longer than."""


class Pair:
    """The moves of one switch under one stamp."""

    def __init__(self, ports: Ports, stamp: Stamp, slot_key: str, moves: Sequence[Move]) -> None:
        self._ports = ports
        self._stamp = stamp
        self._slot_key = slot_key
        self._moves = moves
        self._done: list[tuple[Move, Service]] = []
        """Each with the Service as it was before."""
        self._answers: list[float] = []

    async def run(self) -> tuple[tuple[Written, ...], Split]:
        """Look once more, prove that we still drive, then patch in order.

        Raises PortError while nothing has changed, after everything was put back and may be tried again, and where the API server went
        away or does not know us any more in the middle; BluegreenError after everything was put back for good; NeedsOperator when it
        could not be.
        """
        services = await asyncio.gather(*(self._ports.cluster.get_service(m.service) for m in self._moves))
        seen = [self._as_planned(m, s) for m, s in zip(self._moves, services, strict=True)]
        await self._ports.guard()
        begun = self._ports.clock.monotonic()
        written = []
        for move, service in zip(self._moves, seen, strict=True):
            try:
                written.append(await self._put(move, service))
            except BluegreenError as problem:
                await self._give_up(move, service, problem)
        moved = self._answers or [begun]
        return tuple(written), Split(moved[-1] - moved[0], moved[-1] - begun)

    def _as_planned(self, move: Move, service: Service | None) -> Service:
        if service is None:
            raise PortError(f"Service {move.service} does not exist any more", status=409, reason="Conflict")
        hand = holder_of(service.meta, f"spec.selector.{self._slot_key}")
        epoch = facts.switch_facts(service.meta.annotations).epoch
        if epoch > self._stamp.epoch:
            raise Refused(f"another run switched {move.component} meanwhile (epoch {epoch}, ours is {self._stamp.epoch})")
        if self._slot(service) != move.before:
            now = self._slot(service) or "no slot"
            by = f" ({hand} set it)" if hand else ""
            raise PortError(f"{move.component} is on {now}{by}, not on {move.before} as planned", status=409, reason="Conflict")
        return service

    async def _put(self, move: Move, service: Service) -> Written:
        """Patch one Service; a conflict or a lost answer is looked into and tried again while the Service is where it was."""
        for attempt in range(1, FORWARD_TRIES + 1):
            try:
                written = await self._ports.cluster.write(patch_of(move, service, self._slot_key))
            except PortError as problem:
                found = await self._look(move, problem)
                if self._is_ours(found, move.after, service):
                    written = Written("Service", move.service, found.meta.resource_version, found)
                elif attempt == FORWARD_TRIES or not _worth_another(problem):
                    raise
                else:
                    move, service = self._again(move, found)
                    await self._ports.clock.sleep(BACK_OFF * 2 ** (attempt - 1))
                    continue
            self._done.append((move, service))
            if not move.fence:
                self._answers.append(self._ports.clock.monotonic())
            return written
        raise AssertionError("the last try returns or raises")

    def _again(self, move: Move, found: Service) -> tuple[Move, Service]:
        """What is left to do for a Service that somebody wrote to: where they moved it to its new slot, only our notes."""
        if self._slot(found) == move.after != move.before and not self._is_superseded(found):
            move = replace(move, before=move.after)
        return move, self._as_planned(move, found)

    async def _look(self, move: Move, problem: PortError) -> Service:
        """The Service as it is after a write that did not end well; `problem` itself where that cannot be read either."""
        try:
            found = await self._ports.cluster.get_service(move.service)
        except PortError:
            raise problem from None
        if found is None:
            raise problem
        return found

    def _is_ours(self, service: Service, slot: SlotName, before: Service) -> bool:
        """Our write did happen: it carries our stamp and is newer than what we saw before it."""
        notes = service.meta.annotations
        stamped = notes.get(facts.RUN) == self._stamp.run and notes.get(facts.EPOCH) == str(self._stamp.epoch)
        return stamped and self._slot(service) == slot and service.meta.resource_version != before.meta.resource_version

    async def _give_up(self, failed: Move, service: Service, problem: BluegreenError) -> None:
        """Put back what moved, in opposite order, and say so. Raises always."""
        moved = [(m, s) for m, s in self._done if not m.fence]
        if not moved:
            raise problem
        if isinstance(problem, PortError) and _wants_login(problem):
            there = listed(str(m) for m, _ in moved)
            raise PortError(f"live traffic is SPLIT ({there}): {problem}", status=problem.status, reason=problem.reason) from problem
        fates: dict[Move, Fate] = {}
        if isinstance(problem, PortError) and problem.sent == "maybe":
            fates[failed] = await self._put_back(failed, service, fence=True)
        for move, before in reversed(moved):
            fates[move] = await self._put_back(move, before)
        if stuck := [m for m, fate in fates.items() if fate == "stuck"]:
            raise NeedsOperator(
                f"live traffic is SPLIT: {listed(map(str, stuck))} could not be taken back after {failed.component} failed ({problem})",
                hint="Roll back: `bluegreen rollback`, or use the kubectl commands of `bluegreen rollback --print`",
            ) from problem
        if "theirs" in fates.values():
            raise problem
        if lost := [m for m, fate in fates.items() if fate == "unknown"]:
            raise PortError(f"nobody answers whether {listed(map(str, lost))} holds ({problem})", reason="Unreachable", sent="maybe")
        back = listed(f"{m.component} → {m.before}" for m, _ in reversed(moved))
        said = f"{failed.component} could not be switched ({problem}); put back: {back}"
        if isinstance(problem, PortError) and _worth_another(problem):
            raise PortError(said, reason="PutBack") from problem
        raise BluegreenError(said) from problem

    async def _put_back(self, move: Move, before: Service, *, fence: bool = False) -> Fate:
        """Make the Service select its old slot. With `fence` it is written even if it does: a patch still under way then meets
        another resourceVersion and fails."""
        notes = {key: before.meta.annotations.get(key) for key in move.notes}
        notes |= self._stamp.annotations()
        fate: Fate = "stuck"
        for attempt in range(REVERSE_TRIES):
            try:
                found = await self._ports.cluster.get_service(move.service)
                if found is None:
                    return "stuck"
                if self._is_superseded(found):
                    return "theirs"
                if self._slot(found) != move.before or fence:
                    await self._ports.cluster.write(patch_of(replace(move, after=move.before, notes=notes), found, self._slot_key))
            except PortError as again:
                if _wants_login(again):
                    raise PortError(f"live traffic is SPLIT: {again}", status=again.status, reason=again.reason) from again
                fate = "unknown" if again.away else "stuck"
                await self._ports.clock.sleep(min(2.0, BACK_OFF * 2**attempt))
            else:
                return "back"
        return fate

    def _is_superseded(self, service: Service) -> bool:
        return facts.switch_facts(service.meta.annotations).epoch > self._stamp.epoch

    def _slot(self, service: Service) -> SlotName | None:
        return slot_in(service, self._slot_key)


def slot_in(service: Service, slot_key: str) -> SlotName | None:
    """The slot that a Service selects."""
    value = service.selector.get(slot_key)
    return SlotName(value) if value is not None else None


def patch_of(move: Move, service: Service, slot_key: str) -> JsonPatch:
    """Compare and swap on `service` as it was read: its slot and its resourceVersion, and our notes in the same patch."""
    path = f"/spec/selector/{escape_pointer(slot_key)}"
    now = slot_in(service, slot_key)
    ops = [PatchOp("test", path, now), PatchOp("test", "/metadata/resourceVersion", service.meta.resource_version)]
    if now != move.after:
        ops.append(PatchOp("replace", path, move.after))
    return JsonPatch("Service", move.service, (*ops, *annotation_ops(service.meta.annotations, move.notes)))


def annotation_ops(present: Mapping[str, str], wanted: Mapping[str, str | None]) -> tuple[PatchOp, ...]:
    """Operations that set or remove annotations of an object which has `present` ones now."""
    ops: list[PatchOp] = []
    if not present and any(v is not None for v in wanted.values()):
        ops.append(PatchOp("add", "/metadata/annotations", {}))
    for key, value in wanted.items():
        path = f"/metadata/annotations/{escape_pointer(key)}"
        if value is not None:
            ops.append(PatchOp("add", path, value))
        elif key in present:
            ops.append(PatchOp("remove", path))
    return tuple(ops)


def _wants_login(problem: PortError) -> bool:
    """Nobody knows us now, so that nothing can be put back either: whoever called waits for a login, and plans again."""
    return problem.status == 401 or problem.reason == "Credentials"


def _worth_another(problem: PortError) -> bool:
    """A conflict, an overload, a fault or a lost answer may be different next time; a forbidden or refused patch is not."""
    return problem.status in (None, 409, 422, 429) or (problem.status or 0) >= 500
