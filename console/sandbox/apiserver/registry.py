"""Create, update, apply and delete over the store: everything a request does once it is decoded and allowed.

The HTTP handlers and the controllers use the same operations, so a controller's write is defaulted, owned and validated like any other.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from console.sandbox.apiserver import defaults, ownership, strategies, validation
from console.sandbox.apiserver.admission import Admission
from console.sandbox.apiserver.decode import Decoder, strict_error
from console.sandbox.apiserver.errors import ApiError, already_exists, bad_request, conflict, internal, not_found
from console.sandbox.apiserver.ownership import Owner
from console.sandbox.apiserver.resources import NAMESPACES, PODS, Key, Object, Resource
from console.sandbox.apiserver.schema import Type, of
from console.sandbox.apiserver.store import Store, Stored
from console.sandbox.apiserver.structure import DuplicateElement

Clock = Callable[[], datetime]
Change = Callable[[Object], Object]
"""From a private copy of the live object, with apiVersion and kind, to the wanted one."""

NAME_ALPHABET: Final = "bcdfghjklmnpqrstvwxz2456789"
METADATA_ORDER: Final = ["name", "generateName", "namespace", "selfLink", "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "labels", "annotations", "ownerReferences", "finalizers", "managedFields"]
ORPHAN: Final = "orphan"
FOREGROUND: Final = "foregroundDeletion"


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """How a write is to be made."""

    manager: str
    subresource: str = ""
    dry_run: bool = False
    strict: bool = False
    """Refuse unknown fields instead of warning."""
    force: bool = False
    """An apply takes fields from other managers."""


@dataclass(frozen=True, slots=True)
class Written:
    """The outcome of a write."""

    object: Stored
    created: bool = False
    unknown: tuple[str, ...] = ()
    """Fields that were left out because the kind does not have them."""


class Registry:
    """The operations on one store."""

    def __init__(self, store: Store, admission: Admission, *, now: Clock) -> None:
        self.store = store
        self._admission = admission
        self._now = now

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
        kind = of(resource.group, resource.version, resource.kind)
        body, unknown = self._decode(resource, document, kind, write)
        metadata = body.setdefault("metadata", {})
        if resource.namespaced:
            metadata["namespace"] = namespace
        defaults.fill(resource.kind, body)
        if "generateName" in metadata and "name" not in metadata:
            metadata["name"] = generated_name(metadata["generateName"])
        self._own(resource, {}, body, write, kind)
        return replace(self._insert(resource, namespace, body, write), unknown=unknown)

    def _insert(self, resource: Resource, namespace: str, body: Object, write: Write) -> Written:
        metadata = body["metadata"]
        for field in ("deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "resourceVersion"):
            metadata.pop(field, None)
        metadata |= {"uid": str(uuid.uuid4()), "creationTimestamp": self.timestamp()}
        name = metadata.get("name", "")
        self._admission.namespace_open(resource, namespace, name)
        self._admission.complete(resource, body)
        strategies.prepare_create(resource, body)
        validation.check_new(resource, body)
        key = (namespace, name)
        if self.store.of(resource).get(key) is not None:
            raise already_exists(resource, name)
        self._admission.admit_create(resource, body, dry_run=write.dry_run)
        return Written(self._put(resource, key, body, write), created=True)

    def update(self, resource: Resource, key: Key, change: Change, write: Write) -> Written:
        """Change an object; the change sees the live object and its resourceVersion, if it keeps one, is a precondition."""
        live = self.find(resource, key)
        kind = of(resource.group, resource.version, resource.kind)
        body, unknown = self._decode(resource, change(live.full_copy()), kind, write)
        self._check_identity(resource, live, body)
        defaults.fill(resource.kind, body)
        old = live.copy()
        requested = body["metadata"].pop("managedFields", None)
        if not write.subresource and requested is not None and requested != old["metadata"].get("managedFields"):
            old["metadata"]["managedFields"] = requested
        self._own(resource, old, body, write, kind)
        return Written(self._replace(resource, live, body, write), unknown=unknown)

    def apply(self, resource: Resource, key: Key, config: Object, write: Write) -> Written:
        """Server-side apply: create or merge, with ownership."""
        kind = of(resource.group, resource.version, resource.kind)
        decoder = Decoder(resource.version, resource.kind, complete=False)
        body = decoder.read(config, kind)
        if decoder.unknown:
            raise ApiError(500, "", _not_in_schema(resource, key, decoder.unknown[0]))
        if body.get("metadata", {}).get("managedFields"):
            raise bad_request("metadata.managedFields must be nil")
        for field in ("apiVersion", "kind"):
            body.pop(field, None)
        live = self.store.of(resource).get(key)
        if live is None:
            return self._apply_new(resource, key, body, write, kind)
        self._check_identity(resource, live, {"metadata": {**body.get("metadata", {}), "name": key[1]}})
        old = live.copy()
        managed = old["metadata"].pop("managedFields", [])
        merged, owners = self._merge(resource, old, body, managed, write, kind)
        new, _ = self._decode(resource, merged, kind, write)
        defaults.fill(resource.kind, new)
        _write_owners(new, owners)
        return Written(self._replace(resource, live, new, write))

    def _apply_new(self, resource: Resource, key: Key, body: Object, write: Write, kind: Type) -> Written:
        if body.get("metadata", {}).get("resourceVersion"):
            raise conflict(resource, key[1])
        merged, owners = self._merge(resource, {}, body, [], write, kind)
        new, _ = self._decode(resource, merged, kind, write)
        new["metadata"]["name"] = key[1]
        if resource.namespaced:
            new["metadata"]["namespace"] = key[0]
        defaults.fill(resource.kind, new)
        _write_owners(new, owners)
        return self._insert(resource, key[0], new, write)

    def _merge(
        self, resource: Resource, live: Object, config: Object, managed: list[Any], write: Write, kind: Type
    ) -> tuple[Object, ownership.Managed]:
        owner = Owner(write.manager, "Apply", resource.api_version, write.subresource)
        ignored = strategies.ignored_fields(resource, write.subresource)
        decoded = ownership.decode_managed(managed)
        try:
            return ownership.apply(
                live, config, managed=decoded, owner=owner, kind=kind, ignored=ignored, force=write.force, now=self.timestamp()
            )
        except DuplicateElement as error:
            raise internal(str(error)) from error

    def delete(
        self,
        resource: Resource,
        key: Key,
        *,
        grace: int | None = None,
        policy: str = "",
        preconditions: Object | None = None,
        dry_run: bool = False,
    ) -> tuple[Stored, bool]:
        """Delete or begin to; the last state, and whether the object is gone."""
        live = self.find(resource, key)
        _check_preconditions(resource, live, preconditions or {})
        body = live.copy()
        metadata = body["metadata"]
        finalizers = [each for each in metadata.get("finalizers", ()) if each not in (ORPHAN, FOREGROUND) or not policy]
        finalizers += [{"Orphan": ORPHAN, "Foreground": FOREGROUND}[policy]] if policy in ("Orphan", "Foreground") else []
        seconds = self._grace(resource, body, grace)
        waits = bool(finalizers) or seconds > 0 or (resource is NAMESPACES and bool(body["spec"].get("finalizers")))
        if not waits:
            if not dry_run:
                self._remove(live)
            return live, True
        return self._begin_deletion(live, body, finalizers=finalizers, seconds=seconds, dry_run=dry_run), False

    def _grace(self, resource: Resource, body: Object, asked: int | None) -> int:
        """Seconds that a pod on a node gets; everything else goes at once."""
        if resource is not PODS:
            return 0
        if not body["spec"].get("nodeName") or body["status"].get("phase") in ("Succeeded", "Failed"):
            return 0
        seconds: int = body["spec"].get("terminationGracePeriodSeconds", 30) if asked is None else asked
        already = body["metadata"].get("deletionGracePeriodSeconds")
        return seconds if already is None or seconds == 0 else min(seconds, already)

    def _begin_deletion(self, live: Stored, body: Object, *, finalizers: list[str], seconds: int, dry_run: bool) -> Stored:
        metadata = body["metadata"]
        if finalizers:
            metadata["finalizers"] = finalizers
        shortened = metadata.get("deletionGracePeriodSeconds", seconds) > seconds
        if "deletionTimestamp" not in metadata or shortened:
            metadata["deletionTimestamp"] = rfc3339(self._now() + timedelta(seconds=seconds))
            if live.resource is not NAMESPACES:
                metadata["deletionGracePeriodSeconds"] = seconds
            if live.resource in (PODS,) or live.resource.kind in strategies.WITH_GENERATION:
                metadata["generation"] = metadata.get("generation", 0) + 1
        if live.resource is NAMESPACES:
            body["status"]["phase"] = "Terminating"
        if body == live.body:
            return live
        return self._put(live.resource, live.key, body, Write(manager="", dry_run=dry_run))

    def finish(self, live: Stored) -> None:
        """Remove an object whose finalizers are done."""
        self._remove(live)

    def _remove(self, live: Stored) -> None:
        self.store.remove(live.resource, live.key)
        self._admission.removed(live)

    def _replace(self, resource: Resource, live: Stored, body: Object, write: Write) -> Stored:
        self._admission.complete(resource, body, old=live.body)
        strategies.prepare_update(resource, live.body, body, write.subresource)
        validation.check_update(resource, live.body, body, write.subresource)
        body = ordered(body)
        body["metadata"]["resourceVersion"] = str(live.revision)
        if _same_but_times(live.body, body):
            return live
        self._admission.admit_update(resource, live.body, body)
        metadata = body["metadata"]
        done = "deletionTimestamp" in metadata and not metadata.get("finalizers") and not metadata.get("deletionGracePeriodSeconds")
        if done and not (resource is NAMESPACES and body["spec"].get("finalizers")):
            return self._remove_finalized(live, body, write)
        return self._put(resource, live.key, body, write)

    def _remove_finalized(self, live: Stored, body: Object, write: Write) -> Stored:
        last = Stored(live.resource, live.key, body, live.revision)
        if not write.dry_run:
            self._remove(live)
        return last

    def _put(self, resource: Resource, key: Key, body: Object, write: Write) -> Stored:
        body = ordered(body)
        if write.dry_run:
            return Stored(resource, key, body, self.store.revision)
        return self.store.put(resource, key, body)

    def _own(self, resource: Resource, old: Object, new: Object, write: Write, kind: Type) -> None:
        """Write metadata.managedFields of `new`; an object whose fields were never tracked stays so."""
        before = old.get("metadata", {}).pop("managedFields", [])
        new.get("metadata", {}).pop("managedFields", None)
        owner = Owner(write.manager, "Update", resource.api_version, write.subresource)
        ignored = strategies.ignored_fields(resource, write.subresource)
        managed = ownership.after_update(
            old, new, managed=ownership.decode_managed(before), owner=owner, kind=kind, ignored=ignored, now=self.timestamp()
        )
        _write_owners(new, managed)

    def _decode(self, resource: Resource, document: Object, kind: Type, write: Write) -> tuple[Object, tuple[str, ...]]:
        decoder = Decoder(resource.version, resource.kind)
        body = decoder.read(document, kind)
        for field in ("apiVersion", "kind"):
            body.pop(field, None)
        if decoder.unknown and write.strict:
            raise strict_error(resource, decoder.unknown)
        return body, tuple(decoder.unknown)

    def _check_identity(self, resource: Resource, live: Stored, body: Object) -> None:
        metadata = body["metadata"]
        name, namespace = live.key[1], live.key[0]
        if metadata.get("name", name) != name:
            raise bad_request(f"the name of the object ({metadata['name']}) does not match the name on the URL ({name})")
        if metadata.get("namespace", namespace) != namespace:
            raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
        if metadata.get("uid", live.uid) != live.uid:
            why = f"Precondition failed: UID in precondition: {metadata['uid']}, UID in object meta: {live.uid}"
            raise conflict(resource, name, why)
        if metadata.get("resourceVersion", str(live.revision)) != str(live.revision):
            raise conflict(resource, name)


def _write_owners(body: Object, managed: ownership.Managed) -> None:
    if managed:
        body.setdefault("metadata", {})["managedFields"] = ownership.encode_managed(managed)


def _check_preconditions(resource: Resource, live: Stored, preconditions: Object) -> None:
    uid, version = preconditions.get("uid"), preconditions.get("resourceVersion")
    name = live.key[1]
    if uid and uid != live.uid:
        raise conflict(resource, name, f"Precondition failed: UID in precondition: {uid}, UID in object meta: {live.uid}")
    if version and version != str(live.revision):
        why = f"Precondition failed: ResourceVersion in precondition: {version}, ResourceVersion in object meta: {live.revision}"
        raise conflict(resource, name, why)


def _same_but_times(old: Object, new: Object) -> bool:
    """Whether a write changes nothing but the times of its managers."""
    if any(old.get(part) != new.get(part) for part in old.keys() | new.keys() if part != "metadata"):
        return False
    before, after = old["metadata"], new["metadata"]
    if any(before.get(part) != after.get(part) for part in before.keys() | after.keys() if part != "managedFields"):
        return False
    return _timeless(before) == _timeless(after)


def _timeless(metadata: Object) -> list[tuple[Any, ...]]:
    entries = metadata.get("managedFields", ())
    written = [
        (each.get("manager"), each["operation"], each["apiVersion"], each.get("subresource"), msgspec.json.encode(each.get("fieldsV1")))
        for each in entries
    ]
    return sorted(written, key=repr)


def ordered(body: Object) -> Object:
    """Metadata, spec, then the rest, with the fields of metadata as the API prints them."""
    metadata = body["metadata"]
    first = {"metadata": {field: metadata[field] for field in METADATA_ORDER if field in metadata}}
    if "spec" in body:
        first["spec"] = body["spec"]
    return first | {part: value for part, value in body.items() if part not in first}


def generated_name(prefix: str) -> str:
    """A name nobody has: the prefix and five random characters."""
    return prefix[:58] + "".join(secrets.choice(NAME_ALPHABET) for _ in range(5))


def rfc3339(moment: datetime) -> str:
    """A time in UTC with whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _not_in_schema(resource: Resource, key: Key, field: str) -> str:
    group = f"{resource.group}/{resource.version}" if resource.group else f"/{resource.version}"
    where = f"{key[0]}/{key[1]}; {group}, Kind={resource.kind}"
    return f"failed to create typed patch object ({where}): .{field}: field not declared in schema"
