"""Create, update, apply and delete over the store: everything a request does once it is decoded and allowed.

The HTTP handlers and the controllers use the same operations, so a controller's write is defaulted, owned and validated like any other.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from console.sandbox.apiserver import defaults, ownership, strategies
from console.sandbox.apiserver.admission import Admission
from console.sandbox.apiserver.deleting import begun_deletion, is_done, plan_deletion
from console.sandbox.apiserver.errors import already_exists, conflict, not_found
from console.sandbox.apiserver.incoming import check_identity, check_preconditions, read_config, read_document, type_of, untyped
from console.sandbox.apiserver.metadata import generated_name, ordered, rfc3339
from console.sandbox.apiserver.ownership import Managed, Owner
from console.sandbox.apiserver.resources import Key, Object, Resource
from console.sandbox.apiserver.rules.check import check_new, check_update
from console.sandbox.apiserver.store import Store, Stored
from console.sandbox.apiserver.structure import DuplicateElement
from console.sandbox.apiserver.writes import Change, Clock, Deletion, Write, Written

NOT_GIVEN_AT_CREATE = ("deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "resourceVersion")


class Registry:
    """The operations on one store."""

    def __init__(self, store: Store, admission: Admission, *, now: Clock) -> None:
        self.store = store
        self._admission = admission
        self._now = now

    def now(self) -> datetime:
        """The server's time."""
        return self._now()

    def timestamp(self) -> str:
        """Now, as the API writes times."""
        return rfc3339(self._now())

    def find(self, resource: Resource, key: Key) -> Stored:
        """The object, or 404."""
        stored = self.store.of(resource).get(key)
        if stored is None:
            raise not_found(resource, key[1])
        return stored

    def create(self, resource: Resource, namespace: str, document: Object, write: Write) -> Written:
        """Create an object of a decoded document."""
        body, unknown = read_document(resource, document, write)
        metadata = body.setdefault("metadata", {})
        if resource.namespaced:
            metadata["namespace"] = namespace
        defaults.fill(resource.kind, body)
        if "generateName" in metadata and "name" not in metadata:
            metadata["name"] = generated_name(metadata["generateName"])
        self._own(resource, {}, body, write)
        return replace(self._insert(resource, namespace, body, write), unknown=unknown)

    def update(self, resource: Resource, key: Key, change: Change, write: Write) -> Written:
        """Change an object; the change sees the live object, and a resourceVersion in its result is a precondition."""
        live = self.find(resource, key)
        document = change(live.full_copy())
        body, unknown = read_document(resource, document, write)
        check_identity(resource, live, body["metadata"])
        defaults.fill(resource.kind, body)
        old = live.copy()
        asked = (document.get("metadata") or {}).get("managedFields")
        if asked is not None and not write.subresource:
            old["metadata"]["managedFields"] = [] if asked == [{}] else asked
        self._own(resource, old, body, write)
        return Written(self._replace(resource, live, body, write), unknown=unknown)

    def apply(self, resource: Resource, key: Key, config: Object, write: Write) -> Written:
        """Server-side apply: create or merge, with ownership."""
        body = read_config(resource, config, key)
        live = self.store.of(resource).get(key)
        if live is None:
            return self._apply_new(resource, key, body, write)
        check_identity(resource, live, {"resourceVersion": str(live.revision), **body.get("metadata", {})})
        old = live.copy()
        managed = old["metadata"].pop("managedFields", [])
        merged, owners = self._merge(resource, old, body, managed, write)
        new, _ = read_document(resource, merged, write)
        defaults.fill(resource.kind, new)
        _write_owners(new, owners)
        return Written(self._replace(resource, live, new, write))

    def delete(self, resource: Resource, key: Key, deletion: Deletion = Deletion()) -> tuple[Stored, bool]:  # noqa: B008 - frozen
        """Delete or begin to; the last state, and whether the object is gone."""
        live = self.find(resource, key)
        check_preconditions(live, deletion)
        plan = plan_deletion(live, deletion)
        body = begun_deletion(live, plan, now=self._now())
        if plan.at_once:
            if not deletion.dry_run:
                self.finish(live)
            return Stored(resource, key, body, live.revision), True
        if body == live.body:
            return live, False
        return self._put(resource, key, body, Write(manager="", dry_run=deletion.dry_run)), False

    def finish(self, live: Stored) -> None:
        """Remove an object for good."""
        self.store.remove(live.resource, live.key)
        self._admission.removed(live)

    def _apply_new(self, resource: Resource, key: Key, body: Object, write: Write) -> Written:
        metadata = body.get("metadata", {})
        if metadata.get("resourceVersion") or metadata.get("uid"):
            raise conflict(resource, key[1])
        merged, owners = self._merge(resource, {}, body, [], write)
        new, _ = read_document(resource, merged, write)
        new["metadata"]["name"] = key[1]
        if resource.namespaced:
            new["metadata"]["namespace"] = key[0]
        defaults.fill(resource.kind, new)
        _write_owners(new, owners)
        return self._insert(resource, key[0], new, write)

    def _merge(self, resource: Resource, live: Object, config: Object, managed: list[Any], write: Write) -> tuple[Object, Managed]:
        decoded: Managed = ownership.decode_managed(managed)
        if live and not decoded:
            before = Owner("before-first-apply", "Update", resource.api_version)
            ignored = strategies.ignored_fields(resource, "")
            decoded = ownership.after_update(
                {}, live, managed={}, owner=before, kind=type_of(resource), ignored=ignored, now=self.timestamp()
            )
        try:
            return ownership.apply(
                live,
                config,
                managed=decoded,
                owner=Owner(write.manager, "Apply", resource.api_version, write.subresource),
                kind=type_of(resource),
                ignored=strategies.ignored_fields(resource, write.subresource),
                force=write.force,
                now=self.timestamp(),
            )
        except DuplicateElement as error:
            raise untyped(resource, config, str(error)) from error

    def _own(self, resource: Resource, old: Object, new: Object, write: Write) -> None:
        """Write metadata.managedFields of `new` after a write that is no apply.

        A binding is nobody's, and an object that has lost its owners gets new ones only when it is applied.
        """
        before = old.get("metadata", {}).pop("managedFields", [])
        new["metadata"].pop("managedFields", None)
        if old and (write.subresource == "binding" or not before):
            if before:
                new["metadata"]["managedFields"] = before
            return
        owners = ownership.after_update(
            old,
            new,
            managed=ownership.decode_managed(before),
            owner=Owner(write.manager, "Update", resource.api_version, write.subresource),
            kind=type_of(resource),
            ignored=strategies.ignored_fields(resource, write.subresource),
            now="" if write.subresource == "scale" else self.timestamp(),
        )
        _write_owners(new, owners)

    def _insert(self, resource: Resource, namespace: str, body: Object, write: Write) -> Written:
        metadata = body["metadata"]
        for field in NOT_GIVEN_AT_CREATE:
            metadata.pop(field, None)
        metadata |= {"uid": str(uuid.uuid4()), "creationTimestamp": self.timestamp()}
        name = metadata.get("name", "")
        self._admission.namespace_open(resource, namespace, name)
        self._admission.complete(resource, body)
        strategies.prepare_create(resource, body)
        check_new(resource, body)
        key = (namespace, name)
        if self.store.of(resource).get(key) is not None:
            raise already_exists(resource, name)
        self._admission.admit_create(resource, body)
        return Written(self._put(resource, key, body, write), created=True)

    def _replace(self, resource: Resource, live: Stored, body: Object, write: Write) -> Stored:
        self._admission.complete(resource, body, old=live.body)
        strategies.prepare_update(resource, live.body, body, write.subresource)
        check_update(resource, live.body, body, write.subresource)
        body["metadata"]["resourceVersion"] = str(live.revision)
        body = ordered(body)
        if _same_but_times(live.body, body):
            return live
        self._admission.admit_update(resource, live.body, body)
        if is_done(resource, body):
            if not write.dry_run:
                self.finish(live)
            return Stored(resource, live.key, body, live.revision)
        return self._put(resource, live.key, body, write)

    def _put(self, resource: Resource, key: Key, body: Object, write: Write) -> Stored:
        body = ordered(body)
        if write.dry_run:
            return Stored(resource, key, body, self.store.revision)
        return self.store.put(resource, key, body)


def _write_owners(body: Object, managed: Managed) -> None:
    if managed:
        body.setdefault("metadata", {})["managedFields"] = ownership.encode_managed(managed)


def _same_but_times(old: Object, new: Object) -> bool:
    """Whether a write changes nothing but the times of its managers."""
    if any(old.get(part) != new.get(part) for part in old.keys() | new.keys() if part != "metadata"):
        return False
    before, after = old["metadata"], new["metadata"]
    if any(before.get(part) != after.get(part) for part in before.keys() | after.keys() if part != "managedFields"):
        return False
    return _timeless(before) == _timeless(after)


def _timeless(metadata: Object) -> list[bytes]:
    entries = ({key: value for key, value in each.items() if key != "time"} for each in metadata.get("managedFields", ()))
    return sorted(msgspec.json.encode(each, order="sorted") for each in entries)
