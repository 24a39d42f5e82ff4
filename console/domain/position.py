"""Where traffic goes: the role of each slot, read from the Services' selectors and nothing else (SAFETY 1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from console.domain.environment import Component, Environment
from console.domain.ids import ComponentName, SlotName
from console.domain.world import World
from console.domain.writers import holder_of


class Role(Enum):
    """What a slot is to users right now."""

    ACTIVE = "active"
    PREVIEW = "preview"
    SPLIT = "split"
    """Components disagree: some of them send their users here. An alarm."""
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Position:
    """Which slot each component's Service selects."""

    slots: Mapping[ComponentName, SlotName | None]
    """None: the Service is missing or its selector names no slot we know."""
    problems: tuple[str, ...] = ()
    """Drift, as sentences: a Service without its slot key, or with a value that is no slot."""
    absent: tuple[ComponentName, ...] = ()
    """Components whose Service does not exist (a first deployment creates it)."""

    @property
    def active(self) -> SlotName | None:
        """The slot that takes all traffic; None while split, adrift or absent."""
        chosen = set(self.slots.values())
        return next(iter(chosen)) if len(chosen) == 1 else None

    @property
    def split(self) -> bool:
        return len({s for s in self.slots.values() if s is not None}) > 1

    @property
    def empty(self) -> bool:
        """Nothing is there yet: no component has a Service."""
        return bool(self.slots) and len(self.absent) == len(self.slots)

    def role(self, slot: SlotName) -> Role:
        if self.split:
            return Role.SPLIT if slot in self.slots.values() else Role.PREVIEW
        if self.problems:
            return Role.UNKNOWN
        if self.active is None:
            return Role.PREVIEW if self.empty else Role.UNKNOWN
        return Role.ACTIVE if self.active == slot else Role.PREVIEW


def position(environment: Environment, world: World) -> Position:
    """Read the switch from the Services of `world`. A rolling environment's only slot is active once its Services exist."""
    if "Service" in world.unread:
        return Position({c.name: None for c in environment.components}, ("Services may not be listed: where users are is not known",), ())
    slots: dict[ComponentName, SlotName | None] = {}
    problems: list[str] = []
    absent: list[ComponentName] = []
    for component in environment.components:
        slot, problem, missing = _selected(environment, component, world)
        slots[component.name] = slot
        if problem:
            problems.append(problem)
        if missing:
            absent.append(component.name)
    return Position(slots, tuple(problems), tuple(absent))


def _selected(environment: Environment, component: Component, world: World) -> tuple[SlotName | None, str, bool]:
    service = world.services.get(component.service)
    if service is None:
        return None, "", True
    if environment.strategy == "rolling":
        return environment.slots[0], "", False
    value = service.selector.get(environment.slot_key)
    hand = holder_of(service.meta, f"spec.selector.{environment.slot_key}")
    if value is None:
        who = hand or "somebody"
        return None, f"Service {service.name} has no key {environment.slot_key!r} in its selector: {who} removed it", False
    if value not in environment.slots:
        known = " nor ".join(environment.slots) + (f" (set by {hand})" if hand else "")
        return None, f"Service {service.name} selects {environment.slot_key}={value}, which is neither {known}", False
    return SlotName(value), "", False
