"""What the cluster remembers about releases and slots: reading our ConfigMaps and annotations out of a `World` (SAFETY 1, rule 13).

Damaged records are set aside and named, never guessed at.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from console.domain import facts
from console.domain.environment import Component, Environment
from console.domain.ids import ComponentName, ReleaseName, SlotName
from console.domain.release import ImageRef, Release, ReleaseRecord, SlotRecord, decode_history, decode_release
from console.domain.world import ConfigMap, Deployment, World

_NOT_A_NAME = re.compile(r"[^a-z0-9.]+")


@dataclass(frozen=True)
class Records:
    """Releases by name and the slot history, oldest first."""

    releases: Mapping[ReleaseName, ReleaseRecord] = field(default_factory=dict)
    history: tuple[SlotRecord, ...] = ()
    problems: tuple[str, ...] = ()
    """ConfigMaps that cannot be read, as sentences."""

    def release(self, name: ReleaseName | None) -> Release | None:
        record = self.releases.get(name) if name else None
        return record.release if record else None

    def held(self, name: ReleaseName | None) -> bool:
        record = self.releases.get(name) if name else None
        return bool(record and record.hold)

    def stable(self, name: ReleaseName | None) -> bool:
        """The release passed everything in some slot, some time."""
        return any(r.release == name and r.stable_at for r in self.history)


def records_of(environment: Environment, world: World) -> Records:
    """Everything that is recorded for the environment's application."""
    releases: dict[ReleaseName, ReleaseRecord] = {}
    history: tuple[SlotRecord, ...] = ()
    problems: list[str] = []
    for config_map in _ours(environment, world.records.values()):
        try:
            if config_map.meta.labels[facts.RECORD_LABEL] == "release":
                record = decode_release(config_map.data)
                releases[record.release.name] = record
            else:
                history = decode_history(config_map.data)
        except ValueError as problem:
            problems.append(f"ConfigMap {config_map.name}: {problem}")
    return Records(releases, history, tuple(problems))


def _ours(environment: Environment, config_maps: Iterable[ConfigMap]) -> Iterable[ConfigMap]:
    for config_map in config_maps:
        labels = config_map.meta.labels
        if labels.get(facts.APPLICATION_LABEL) == environment.application and labels.get(facts.RECORD_LABEL) in ("release", "slots"):
            yield config_map


def release_record_name(application: str, release: ReleaseName) -> str:
    """Name of the ConfigMap of a release: readable, a valid object name, and different for different releases."""
    return f"bluegreen-{_plain(application)}-release-{_plain(release)}"


def history_record_name(application: str) -> str:
    return f"bluegreen-{_plain(application)}-slots"


def _plain(name: str) -> str:
    plain = _NOT_A_NAME.sub("-", name.lower()).strip("-.")[:80]
    return plain if plain == name else f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def deployment_of(component: Component, slot: SlotName, world: World) -> Deployment | None:
    name = component.deployments.get(slot)
    return world.deployments.get(name) if name else None


def image_of(component: Component, deployment: Deployment) -> str:
    """Image of the container that carries the release; empty when the Deployment has no such container."""
    return deployment.images.get(component.container, "")


def slot_release(environment: Environment, world: World, slot: SlotName) -> ReleaseName | None:
    """The release a slot's Deployments say they carry; where we never wrote one, the tag that all their images share.

    None when nothing is there or the components disagree.
    """
    found = [(c, d) for c in environment.components if (d := deployment_of(c, slot, world))]
    noted = {d.meta.annotations.get(facts.RELEASE, "") for _, d in found}
    if noted == {""}:
        noted = {_tag(c, d) for c, d in found}
    name = noted.pop() if len(noted) == 1 else ""
    return ReleaseName(name) if name else None


def _tag(component: Component, deployment: Deployment) -> str:
    try:
        return ImageRef.parse(image_of(component, deployment)).tag
    except ValueError:
        return ""


def running_images(environment: Environment, world: World, slot: SlotName) -> dict[ComponentName, str]:
    """What a slot's Deployments ask for, by component; components without a Deployment are left out."""
    return {c.name: image_of(c, d) for c in environment.components if (d := deployment_of(c, slot, world))}


def same_image(one: str, other: str) -> bool:
    """Both name the same content: digests decide where both have one, tags else."""
    try:
        first, second = ImageRef.parse(one), ImageRef.parse(other)
    except ValueError:
        return one == other
    if first.repository != second.repository:
        return False
    return first.digest == second.digest if first.digest and second.digest else (first.tag or "latest") == (second.tag or "latest")
