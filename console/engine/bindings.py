"""Resolves the slot words of a runbook once, when the run starts, and keeps them for every process that drives it later."""

from __future__ import annotations

from collections.abc import Mapping

from console.domain.environment import Environment
from console.domain.errors import Refused
from console.domain.ids import SlotName
from console.domain.position import Position, position
from console.domain.records import slot_release
from console.domain.release import Release, ReleaseRecord, decode_release, encode_release
from console.domain.rollback import rollback_targets
from console.domain.runbook import Runbook
from console.domain.world import World
from console.engine.action import Bindings

SLOT_WORDS = ("preview", "previous", "active")


def bind(environment: Environment, world: World, runbook: Runbook, release: Release | None) -> Bindings:
    """What `preview`, `previous` and `active` mean for this run.

    Raises Refused while the Services disagree or one is adrift, unless the runbook goes back or names no slot.
    """
    here = position(environment, world)
    if runbook.direction != "back" and _names_slots(runbook):
        _refuse_unclear(here)
    preview = _preview(environment, here)
    previous = here.active or preview if runbook.direction == "forward" else _previous(environment, world, release)
    active = here.active or (environment.other(previous) if here.split else None)
    return Bindings(
        active=active,
        preview=preview,
        previous=previous,
        previous_release=slot_release(environment, world, previous) or "",
        release=release,
    )


def goes_to_warm_slot(bindings: Bindings) -> bool:
    """The way back needs no deployment: the release wanted is the one that the slot carries, or none was named."""
    return bindings.release is None or bindings.release.name == bindings.previous_release


def encode(bindings: Bindings) -> dict[str, str]:
    """For the journal: words, and the whole release as text."""
    words = {"active": bindings.active or "", "preview": bindings.preview, "previous": bindings.previous}
    words |= {"previous_release": bindings.previous_release, "release": bindings.release.name if bindings.release else ""}
    if bindings.release:
        words["release_record"] = encode_release(ReleaseRecord(bindings.release))["release"]
    return {k: str(v) for k, v in words.items()}


def decode(words: Mapping[str, str]) -> Bindings:
    """Reverse of `encode`; raises ValueError when the release cannot be read."""
    record = words.get("release_record")
    return Bindings(
        active=SlotName(words["active"]) if words.get("active") else None,
        preview=SlotName(words.get("preview", "")),
        previous=SlotName(words.get("previous", "")),
        previous_release=words.get("previous_release", ""),
        release=decode_release({"release": record}).release if record else None,
    )


def _names_slots(runbook: Runbook) -> bool:
    return any(value in SLOT_WORDS for step in runbook.steps for value in step.params.values())


def _refuse_unclear(here: Position) -> None:
    if here.problems:
        raise Refused("; ".join(here.problems), hint="Put the selector right by hand, or roll back")
    if here.split:
        where = ", ".join(f"{name} → {slot}" for name, slot in here.slots.items())
        raise Refused(f"live traffic is split: {where}", hint="Roll back first: `bluegreen rollback`")


def _preview(environment: Environment, here: Position) -> SlotName:
    """The slot beside the active one; the first on an empty namespace; the only one where there is one."""
    return environment.other(here.active) if here.active else environment.slots[0]


def _previous(environment: Environment, world: World, release: Release | None) -> SlotName:
    """The slot to go back to: the one of the best target, of the release where one was named."""
    here = position(environment, world)
    targets = [t for t in rollback_targets(environment, world) if release is None or t.release == release.name]
    if targets:
        return targets[0].slot
    return environment.other(here.active) if here.active else environment.slots[0]
