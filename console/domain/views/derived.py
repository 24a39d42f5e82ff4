"""What follows from one world: worked out once when it changes, not whenever something is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from console.domain.environment import Environment
from console.domain.facts import SwitchFacts, switch_facts
from console.domain.foreign import Writer, foreign_writers, switched_by_hand
from console.domain.ids import ReleaseName, SlotName
from console.domain.position import Position, position
from console.domain.records import Records, records_of
from console.domain.rollback import Target, rollback_targets
from console.domain.slots import SlotState, slot_state
from console.domain.world import World


@dataclass(frozen=True)
class Derived:
    """Only made of a world whose Services and Deployments were read."""

    position: Position
    slots: Mapping[SlotName, SlotState]
    targets: tuple[Target, ...]
    """Ways back, best first."""
    releases: tuple[ReleaseName, ...]
    """Recorded releases that may be deployed, the newest first."""
    record_problems: tuple[str, ...]
    writers: tuple[Writer, ...]
    """Others who write what a switch and a rollback depend on, the most dangerous first."""
    by_hand: tuple[str, ...]
    """Switches that were not ours, as sentences."""
    switch: SwitchFacts
    """What the last switch left on the last Service of the switch order (users' entry)."""

    @property
    def active(self) -> SlotState | None:
        """The slot that takes all traffic."""
        return self.slots.get(self.position.active) if self.position.active else None


def derive(environment: Environment, world: World | None) -> Derived | None:
    """None while Services or Deployments are not known: then nothing may be concluded."""
    if world is None or world.unread & {"Service", "Deployment"}:
        return None
    records = records_of(environment, world)
    entry = world.services.get(environment.components[-1].service) if environment.components else None
    return Derived(
        position=position(environment, world),
        slots={slot: slot_state(environment, world, slot) for slot in environment.slots},
        targets=rollback_targets(environment, world),
        releases=_deployable(records),
        record_problems=records.problems,
        writers=foreign_writers(environment, world),
        by_hand=switched_by_hand(environment, world),
        switch=switch_facts(entry.meta.annotations if entry else {}),
    )


def _deployable(records: Records) -> tuple[ReleaseName, ...]:
    """As they were deployed last; what was recorded and never deployed comes first."""
    place = {entry.release: number for number, entry in enumerate(records.history)}
    names = [name for name in records.releases if not records.held(name)]
    return tuple(sorted(names, key=lambda name: (-place.get(name, len(place)), name)))
