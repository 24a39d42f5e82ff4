"""How watch events change a `World`: each kind that they touch is copied once, however many events there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, assert_never

from console.domain.world import KINDS, Deleted, Kind, Listed, Lost, Upserted, WatchEvent, World

EMPTY = World(namespace="", at=datetime.fromtimestamp(0, UTC), unread=frozenset(KINDS))
"""Nothing was read yet."""

FIELD_OF: Mapping[Kind, str] = {
    "Deployment": "deployments",
    "ReplicaSet": "replica_sets",
    "Pod": "pods",
    "Service": "services",
    "EndpointSlice": "slices",
    "Event": "events",
    "HorizontalPodAutoscaler": "autoscalers",
    "ResourceQuota": "quotas",
    "ConfigMap": "records",
}
"""The field of `World` that holds a kind."""


def changed(world: World, events: Iterable[WatchEvent], *, at: datetime) -> World:
    """The world after `events`, in order; events that name no server time count as seen at `at`."""
    touched: dict[Kind, dict[str, Any]] = {}
    unread, latest = set(world.unread), world.at
    for event in events:
        match event:
            case Listed(kind=kind, objects=objects):
                touched[kind] = {each.name: each for each in objects}
                unread.discard(kind)
            case Upserted(kind=kind, object=found):
                _of(touched, world, kind)[found.name] = found
            case Deleted(kind=kind, name=name):
                _of(touched, world, kind).pop(name, None)
            case Lost(kind=kind, forbidden=forbidden):
                if forbidden:
                    touched[kind] = {}
                    unread.add(kind)
                continue
            case _:
                assert_never(event)
        latest = max(latest, event.at or at)
    fields: dict[str, Any] = {FIELD_OF[kind]: objects for kind, objects in touched.items() if kind in FIELD_OF}
    return replace(world, at=latest, unread=frozenset(unread), **fields)


def _of(touched: dict[Kind, dict[str, Any]], world: World, kind: Kind) -> dict[str, Any]:
    """The kind's objects as they are being changed: a copy of the world's, made at the first change."""
    if kind not in touched:
        touched[kind] = dict(getattr(world, FIELD_OF[kind]))
    return touched[kind]
