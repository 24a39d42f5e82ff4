"""Reading objects as controllers do: owners, pod states, times."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from console.sandbox.apiserver.resources import Key, Object, Resource
from console.sandbox.apiserver.store import Change, Collection, Stored


def controller_of(body: Object) -> Mapping[str, Any] | None:
    """The owner reference of the managing controller."""
    return next((each for each in body["metadata"].get("ownerReferences", ()) if each.get("controller")), None)


def owner_reference(resource: Resource, owner: Stored) -> Object:
    """The reference by which a controller marks what it made."""
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "name": owner.key[1],
        "uid": owner.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }


def being_deleted(body: Object) -> bool:
    """Whether deletion was asked for."""
    return "deletionTimestamp" in body["metadata"]


def parse_time(text: str) -> datetime:
    """A time as the API writes it, with or without fractions."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


def condition(body: Object, kind: str) -> Object | None:
    """A condition of an object's status."""
    return next((each for each in body.get("status", {}).get("conditions") or () if each["type"] == kind), None)


def is_ready(pod: Object) -> bool:
    """Whether the pod's Ready condition is true."""
    ready = condition(pod, "Ready")
    return ready is not None and ready["status"] == "True"


def seconds_until_available(pod: Object, *, min_ready: int, now: datetime) -> float | None:
    """0 for an available pod, the rest of minReadySeconds for a ready one, None for one that is not ready."""
    ready = condition(pod, "Ready")
    if ready is None or ready["status"] != "True":
        return None
    if min_ready == 0:
        return 0.0
    since = ready.get("lastTransitionTime")
    if not since:
        return None
    return max(0.0, min_ready - (now - parse_time(since)).total_seconds())


def is_finished(pod: Object) -> bool:
    """Whether all containers have ended for good."""
    return pod["status"].get("phase") in ("Succeeded", "Failed")


def is_active(pod: Object) -> bool:
    """Whether the pod counts as a replica: neither finished nor on its way out."""
    return not is_finished(pod) and not being_deleted(pod)


class OwnerIndex:
    """Objects of one resource by the uid of their managing controller, kept up to date by listening."""

    def __init__(self, collection: Collection) -> None:
        self._owned: dict[str, dict[Key, Stored]] = {}
        for stored in collection.all():
            self._on_change(Change(stored.revision, stored.key, None, stored))
        collection.listen(self._on_change)

    def of(self, uid: str) -> list[Stored]:
        """What a controller owns."""
        return list(self._owned.get(uid, {}).values())

    def orphans(self, namespace: str) -> list[Stored]:
        """What has no managing controller."""
        return [stored for key, stored in self._owned.get("", {}).items() if key[0] == namespace]

    def _on_change(self, change: Change) -> None:
        before, after = _owner_uid(change.old), _owner_uid(change.new)
        if before is not None and before != after:
            self._owned[before].pop(change.key, None)
            if not self._owned[before]:
                del self._owned[before]
        if after is not None and change.new is not None:
            self._owned.setdefault(after, {})[change.key] = change.new


def _owner_uid(stored: Stored | None) -> str | None:
    """The controller's uid, '' for an orphan, None for nothing."""
    if stored is None:
        return None
    owner = controller_of(stored.body)
    return owner["uid"] if owner else ""


def owner_keys(change: Change, kind: str) -> Iterable[Key]:
    """The keys of the controllers, of one kind, that owned an object before or own it after a change."""
    for stored in (change.old, change.new):
        owner = controller_of(stored.body) if stored else None
        if owner is not None and owner["kind"] == kind:
            yield change.key[0], owner["name"]
