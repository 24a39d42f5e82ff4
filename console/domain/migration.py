"""Whether the database lets an earlier release come back (SAFETY 1, rule 9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from console.domain import facts
from console.domain.environment import Environment
from console.domain.ids import ReleaseName
from console.domain.position import position
from console.domain.records import Records, deployment_of, slot_release
from console.domain.release import MigrationClass
from console.domain.world import World

OVERRIDE = "migration"
"""Name of the rule that a person overrides who takes the responsibility for data."""

_ORDER: tuple[MigrationClass, ...] = ("none", "expand", "unknown", "contract", "breaking")
"""From harmless to harmful."""


@dataclass(frozen=True)
class WayBack:
    """What the migrations since a release mean for going back to it."""

    problem: str = ""
    """A contract or breaking migration was applied or is under way: instant rollback is locked."""
    warning: str = ""


def way_back(environment: Environment, world: World, records: Records, *, to: ReleaseName | None) -> WayBack:
    """Judge going back to `to` by every migration that came after it, the intents noted in the cluster included."""
    since = _classes_since(environment, world, records, to)
    if not since:
        return WayBack()
    name = max(since, key=lambda n: _ORDER.index(since[n]))
    match since[name]:
        case "contract" | "breaking" as harmful:
            revision = _revision(records, name)
            return WayBack(
                f"{name} came with a {harmful} migration{revision}: {to or 'the earlier release'} may not work with the database of now, "
                "go back by the restore point"
            )
        case "unknown" if environment.database:
            return WayBack(
                warning=f"{name} states no migration class: whether the database still suits {to or 'what ran before'} is unknown"
            )
        case _:
            return WayBack()


def _classes_since(environment: Environment, world: World, records: Records, to: ReleaseName | None) -> dict[ReleaseName, MigrationClass]:
    """The worst class that each later release states anywhere; unknown where it states none."""
    stated: dict[ReleaseName, list[MigrationClass]] = {name: [] for name in _later(records, to)}
    for serving, noted in _notes_of_what_serves(environment, world):
        name = ReleaseName(noted.get(facts.RELEASE) or serving or "the active release")
        stated.setdefault(name, []).extend(c for c in _ORDER if c == noted.get(facts.MIGRATION_CLASS))
    for name, classes in stated.items():
        if recorded := records.release(name):
            classes.append(recorded.migration_class)
    return {n: max(c, key=_ORDER.index, default="unknown") for n, c in stated.items() if n != to}


def _later(records: Records, to: ReleaseName | None) -> list[ReleaseName]:
    """Releases deployed after the last time that `to` was."""
    last = max((i for i, r in enumerate(records.history) if r.release == to), default=len(records.history))
    return [r.release for r in records.history[last + 1 :]]


def _notes_of_what_serves(environment: Environment, world: World) -> Iterator[tuple[ReleaseName | None, Mapping[str, str]]]:
    """Annotations of the Services and of the Deployments they select, each with the release that serves there."""
    selected = position(environment, world).slots
    for component in environment.components:
        slot = selected.get(component.name)
        serving = slot_release(environment, world, slot) if slot else None
        if service := world.services.get(component.service):
            yield serving, service.meta.annotations
        if slot and (deployment := deployment_of(component, slot, world)):
            yield serving, deployment.meta.annotations


def _revision(records: Records, name: ReleaseName) -> str:
    release = records.release(name)
    return f" ({release.migration_revision})" if release and release.migration_revision else ""
