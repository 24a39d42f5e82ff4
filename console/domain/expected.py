"""What a slot's pods should answer when they are asked for their release."""

from __future__ import annotations

from console.domain.environment import Environment
from console.domain.ids import ComponentName, SlotName
from console.domain.records import records_of, slot_release
from console.domain.release import Release
from console.domain.world import World


def expected_answer(
    environment: Environment, world: World, *, slot: SlotName, component: ComponentName, release: Release | None = None
) -> str | None:
    """The answer by `release` where the slot carries it, else by the slot's recorded release; None when nothing tells."""
    carried = slot_release(environment, world, slot)
    if release is not None and release.name == carried:
        return release.answer_of(component)
    recorded = records_of(environment, world).release(carried)
    return recorded.answer_of(component) if recorded else None
