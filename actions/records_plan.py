"""The writes that keep releases and slot history in the cluster: created where they are missing, conditional where they are not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from console.domain import facts as noted
from console.domain.change import Create, Delete, MergePatch, Write
from console.domain.environment import Environment
from console.domain.ids import ReleaseName, SlotName
from console.domain.position import position
from console.domain.records import Records, history_record_name, records_of, release_record_name, running_images, slot_release
from console.domain.release import (
    KEPT_RECORDS,
    Hold,
    Release,
    ReleaseRecord,
    SlotRecord,
    encode_history,
    encode_release,
)
from console.domain.world import World


def release_write(environment: Environment, world: World, release: Release, hold: Hold | None) -> Write | None:
    """Records `release` with `hold`; None when exactly that is recorded."""
    name = release_record_name(environment.application, release.name)
    data = encode_release(ReleaseRecord(release, hold))
    present = world.records.get(name)
    if present is None:
        return Create("ConfigMap", name, _config_map(environment, name, "release", data))
    if dict(present.data) == data:
        return None
    gone: dict[str, str | None] = dict.fromkeys(present.data.keys() - data.keys())
    return MergePatch("ConfigMap", name, {"data": {**data, **gone}}, resource_version=present.meta.resource_version)


def history_write(environment: Environment, world: World, history: tuple[SlotRecord, ...]) -> Write | None:
    """Records the slot history; None when exactly that is recorded."""
    name = history_record_name(environment.application)
    data = encode_history(history)
    present = world.records.get(name)
    if present is None:
        return Create("ConfigMap", name, _config_map(environment, name, "slots", data))
    if dict(present.data) == data:
        return None
    return MergePatch("ConfigMap", name, {"data": data}, resource_version=present.meta.resource_version)


def outdated(environment: Environment, world: World, records: Records, history: tuple[SlotRecord, ...]) -> list[Delete]:
    """Deletions of release records that nothing needs any more: not in the history, not held, not in a slot."""
    needed = {r.release for r in history} | {slot_release(environment, world, s) for s in environment.slots}
    loose = [n for n, record in records.releases.items() if n not in needed and not record.hold]
    spare = max(0, len(records.releases) - KEPT_RECORDS)
    names = [release_record_name(environment.application, n) for n in sorted(loose)[:spare]]
    return [Delete("ConfigMap", name, world.records[name].meta.uid) for name in names if name in world.records]


def adopted_release(environment: Environment, world: World, records: Records) -> tuple[Release, SlotRecord] | None:
    """What serves and was never recorded, so that users can be brought back to it after its slot was filled anew.

    It served before we came: that is its proof. None where it carries no name, or is known.
    """
    active = position(environment, world).active
    name: ReleaseName | None = slot_release(environment, world, active) if active else None
    if active is None or name is None or name in records.releases:
        return None
    images = running_images(environment, world, active)
    number = max((r.number for r in records.history if r.slot == active), default=0) + 1
    return Release(name, images), SlotRecord(active, number, name, world.at, "before bluegreen", world.at)


def known_release(environment: Environment, world: World, name: ReleaseName, slots: tuple[SlotName, ...]) -> Release:
    """The recorded release of that name, else what a slot that carries it runs."""
    recorded = records_of(environment, world).release(name)
    if recorded is not None:
        return recorded
    carrying = next((s for s in slots if slot_release(environment, world, s) == name), None)
    return Release(name, running_images(environment, world, carrying) if carrying else {})


def better_known(known: Release | None, release: Release) -> Release:
    """`release`, with what an earlier record knows and this one does not: a digest for a tag, a migration's class."""
    if known is None:
        return release
    images = {n: known.images.get(n, i) if "@" not in i and "@" in known.images.get(n, "") else i for n, i in release.images.items()}
    if release.migration_class != "unknown":
        return replace(release, images=images)
    return replace(
        release,
        images=images,
        migration_class=known.migration_class,
        migration_revision=release.migration_revision or known.migration_revision,
    )


def _config_map(environment: Environment, name: str, kind: str, data: Mapping[str, str]) -> dict[str, object]:
    labels = {noted.RECORD_LABEL: kind, noted.APPLICATION_LABEL: environment.application, "app.kubernetes.io/managed-by": noted.MANAGER}
    metadata = {"name": name, "namespace": environment.cluster.namespace, "labels": labels}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": dict(data)}
