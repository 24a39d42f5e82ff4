"""The garbage collector: what is left of owners that are gone, and the two policies that make a deletion wait (Orphan, Foreground)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from console.sandbox.apiserver.deleting import FOREGROUND, ORPHAN
from console.sandbox.apiserver.registry import Registry
from console.sandbox.apiserver.resources import STORED, Key, Object, Resource
from console.sandbox.apiserver.store import Change, Stored
from console.sandbox.apiserver.writes import Deletion, Write
from console.sandbox.controllers.controller import Controller
from console.sandbox.controllers.objects import being_deleted

MANAGER: Final = Write(manager="kube-controller-manager")

_Place = tuple[Resource, Key]


class GarbageCollector(Controller[str]):
    """Works on uids: of an owner that went or is to go, or of a dependent that may have no owner left."""

    watched = STORED

    def __init__(self, registry: Registry) -> None:
        super().__init__()
        self._registry = registry
        self._places: dict[str, _Place] = {}
        self._dependents: dict[str, dict[str, None]] = {}
        """Owner's uid to the uids of what names it as owner, in the order they came."""

    def keys_of(self, resource: Resource, change: Change) -> Iterable[str]:
        """Note who owns what, then look at whom the change may concern."""
        before, after = _owners(change.old), _owners(change.new)
        uid = (change.new or change.old or _nothing()).uid
        self._note(uid, (resource, change.key) if change.new else None, before, after)
        if change.new is None:
            return [uid, *(owner["uid"] for owner in before)]
        if before != after or (being_deleted(change.new.body) and change.new.body["metadata"].get("finalizers")):
            return [uid]
        return ()

    def _note(self, uid: str, place: _Place | None, before: list[Any], after: list[Any]) -> None:
        if place is None:
            self._places.pop(uid, None)
        else:
            self._places[uid] = place
        for owner in before:
            if owner not in after and (owned := self._dependents.get(owner["uid"])) is not None:
                owned.pop(uid, None)
                if not owned:
                    del self._dependents[owner["uid"]]
        for owner in after:
            self._dependents.setdefault(owner["uid"], {})[uid] = None

    def reconcile(self, key: str) -> float | None:
        """Collect the dependents of an owner that is gone; let one go that waits for its dependents; check an owner that is there."""
        stored = self._find(key)
        if stored is None:
            for dependent in self._dependents_of(key):
                self._collect(dependent)
            return None
        finalizers = stored.body["metadata"].get("finalizers", ())
        if being_deleted(stored.body) and ORPHAN in finalizers:
            for dependent in self._dependents_of(key):
                self._update(dependent, _without_owner(key))
            self._update(stored, _without_finalizer(ORPHAN))
        elif being_deleted(stored.body) and FOREGROUND in finalizers:
            self._delete_foreground(stored)
        else:
            self._collect(stored)
        return None

    def _find(self, uid: str) -> Stored | None:
        place = self._places.get(uid)
        stored = self._registry.store.of(place[0]).get(place[1]) if place else None
        return stored if stored is not None and stored.uid == uid else None

    def _dependents_of(self, uid: str) -> list[Stored]:
        found = (self._find(dependent) for dependent in list(self._dependents.get(uid, ())))
        return [stored for stored in found if stored is not None]

    def _delete_foreground(self, owner: Stored) -> None:
        dependents = self._dependents_of(owner.uid)
        for dependent in dependents:
            if not being_deleted(dependent.body):
                has_own = bool(self._dependents.get(dependent.uid))
                self._registry.delete(dependent.resource, dependent.key, Deletion(policy="Foreground" if has_own else "Background"))
        if not any(_blocks(dependent, owner.uid) for dependent in self._dependents_of(owner.uid)):
            self._update(owner, _without_finalizer(FOREGROUND))

    def _collect(self, dependent: Stored) -> None:
        """Delete an object none of whose owners is left; else drop its references to those that are gone."""
        owners = _owners(dependent)
        gone = [owner["uid"] for owner in owners if self._find(owner["uid"]) is None]
        if not gone:
            return
        if len(gone) < len(owners):
            for uid in gone:
                self._update(dependent, _without_owner(uid))
        elif not being_deleted(dependent.body):
            self._registry.delete(dependent.resource, dependent.key, Deletion(policy="Background"))

    def _update(self, stored: Stored, change: Callable[[Object], Object]) -> None:
        if self._find(stored.uid) is not None:
            self._registry.update(stored.resource, stored.key, change, MANAGER)


def _nothing() -> Stored:
    raise AssertionError("a change has an old or a new state")


def _owners(stored: Stored | None) -> list[Any]:
    return list(stored.body["metadata"].get("ownerReferences", ())) if stored else []


def _blocks(dependent: Stored, owner: str) -> bool:
    return any(each["uid"] == owner and each.get("blockOwnerDeletion") for each in _owners(dependent))


def _without_owner(uid: str) -> Callable[[Object], Object]:
    def change(live: Object) -> Object:
        metadata = live["metadata"]
        metadata["ownerReferences"] = [each for each in metadata.get("ownerReferences", ()) if each["uid"] != uid]
        return live

    return change


def _without_finalizer(name: str) -> Callable[[Object], Object]:
    def change(live: Object) -> Object:
        metadata = live["metadata"]
        metadata["finalizers"] = [each for each in metadata.get("finalizers", ()) if each != name]
        return live

    return change
