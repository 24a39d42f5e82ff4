"""managedFields: which manager owns which field after a create, update, patch or server-side apply."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from console.sandbox.apiserver.errors import ApiError
from console.sandbox.apiserver.fieldset import NOTHING, Fields, Path, decode, encode, readable, with_named_parents, without_under
from console.sandbox.apiserver.resources import Object
from console.sandbox.apiserver.schema import Type
from console.sandbox.apiserver.structure import check_unique, compare, fields_of, merge, remove

Operation = Literal["Apply", "Update"]

NOT_TRACKED: Final[Fields] = frozenset(
    {("f:apiVersion",), ("f:kind",), ("f:metadata",)}
    | {
        ("f:metadata", "f:" + name)
        for name in [
            "name",
            "namespace",
            "creationTimestamp",
            "selfLink",
            "uid",
            "clusterName",
            "generation",
            "managedFields",
            "resourceVersion",
        ]
    }
)
MOST_UPDATERS: Final = 10
ANCIENT: Final = "ancient-changes"


@dataclass(frozen=True, slots=True)
class Owner:
    """Who wrote, and by which kind of request."""

    manager: str
    operation: Operation
    api_version: str
    subresource: str = ""

    @property
    def identity(self) -> tuple[str, ...]:
        """What makes two writes the same owner: an applier keeps its entry across versions."""
        version = self.api_version if self.operation == "Update" else ""
        return self.manager, self.operation, version, self.subresource

    def shown(self) -> str:
        """The owner as conflict messages name it."""
        text = f'"{self.manager}"'
        if self.subresource:
            text += f' with subresource "{self.subresource}"'
        return text + (f" using {self.api_version}" if self.operation == "Update" else "")


@dataclass(frozen=True, slots=True)
class Entry:
    """What one owner owns since its last change."""

    owner: Owner
    fields: Fields
    time: str


Managed = Mapping[tuple[str, ...], Entry]


def decode_managed(entries: Iterable[Mapping[str, Any]]) -> dict[tuple[str, ...], Entry]:
    """Read metadata.managedFields."""
    managed: dict[tuple[str, ...], Entry] = {}
    for each in entries:
        owner = Owner(each.get("manager", ""), each["operation"], each["apiVersion"], each.get("subresource", ""))
        managed[owner.identity] = Entry(owner, decode(each.get("fieldsV1") or {}), each.get("time", ""))
    return managed


def encode_managed(managed: Managed) -> list[Object]:
    """Write metadata.managedFields in the server's order."""
    ordered = sorted(managed.values(), key=lambda each: (each.owner.operation, each.time, each.owner.manager, each.owner.subresource))
    return [_encode_entry(each) for each in ordered]


def _encode_entry(entry: Entry) -> Object:
    owner = entry.owner
    written: Object = {"manager": owner.manager, "operation": owner.operation, "apiVersion": owner.api_version}
    if entry.time:
        written["time"] = entry.time
    written |= {"fieldsType": "FieldsV1", "fieldsV1": encode(entry.fields)}
    if owner.subresource:
        written["subresource"] = owner.subresource
    return written


def after_update(old: Object, new: Object, *, managed: Managed, owner: Owner, kind: Type, ignored: Fields, now: str) -> Managed:
    """Who owns what after a write that is no apply: the writer takes what it changed, everybody loses what is gone."""
    comparison = compare(old, new, kind)
    taken = without_under(frozenset(comparison.added | comparison.modified), ignored)
    gone = without_under(frozenset(comparison.removed), ignored)
    left = _released(managed, taken=taken, gone=gone, keep=())
    own = taken - NOT_TRACKED
    if own:
        previous = left.get(owner.identity)
        left[owner.identity] = Entry(owner, own | (previous.fields if previous else NOTHING), now)
    return _capped(left)


def _released(managed: Managed, *, taken: Fields, gone: Fields, keep: tuple[str, ...]) -> dict[tuple[str, ...], Entry]:
    left: dict[tuple[str, ...], Entry] = {}
    for identity, entry in managed.items():
        fields = entry.fields if identity == keep else entry.fields - taken - gone
        if fields:
            left[identity] = replace(entry, fields=fields)
    return left


def _capped(managed: dict[tuple[str, ...], Entry]) -> Managed:
    """At most ten updaters: the oldest are merged into one entry."""
    updaters = sorted((entry for entry in managed.values() if entry.owner.operation == "Update"), key=lambda entry: entry.time)
    surplus = len(updaters) - MOST_UPDATERS
    if surplus <= 0:
        return managed
    merged = updaters[: surplus + 1]
    for entry in merged:
        del managed[entry.owner.identity]
    bucket = Owner(ANCIENT, "Update", merged[0].owner.api_version)
    fields = frozenset().union(*(entry.fields for entry in merged))
    managed[bucket.identity] = Entry(bucket, fields, merged[-1].time)
    return managed


def apply(
    live: Object, config: Object, *, managed: Managed, owner: Owner, kind: Type, ignored: Fields, force: bool, now: str
) -> tuple[Object, Managed]:
    """Server-side apply: the merged object and its owners; another owner's differing field is a 409 unless forced."""
    check_unique(config, kind)
    before = managed.get(owner.identity)
    applied = without_under(fields_of(config, kind), ignored)
    everyone = {**managed, owner.identity: Entry(owner, applied, before.time if before else now)}
    merged = merge(live, config, kind)
    if before and before.fields:
        merged = _prune(merged, before.fields, everyone, kind)
    comparison = compare(live, merged, kind)
    taken = without_under(frozenset(comparison.added | comparison.modified), ignored)
    if not force:
        _refuse_conflicts(managed, taken, owner)
    result = _released(everyone, taken=taken, gone=without_under(frozenset(comparison.removed), ignored), keep=owner.identity)
    own = applied - NOT_TRACKED
    if not own:
        result.pop(owner.identity, None)
    else:
        result[owner.identity] = Entry(owner, own, now if merged != live else before.time if before else "")
    return merged, result


def _prune(merged: Object, last: Fields, everyone: Managed, kind: Type) -> Object:
    """Take away what this manager applied before and no longer does, unless somebody else owns it."""
    last_full = with_named_parents(last, kind)
    pruned = remove(merged, last_full, kind) or {}
    merged_fields = with_named_parents(fields_of(merged, kind), kind)
    owned = with_named_parents(frozenset().union(*(entry.fields for entry in everyone.values())), kind)
    kept = with_named_parents(fields_of(pruned, kind), kind) | owned
    pruned = remove(merged, merged_fields - kept, kind) or {}
    pruned_fields = with_named_parents(fields_of(pruned, kind), kind)
    left: Object = remove(merged, (merged_fields - pruned_fields) & last_full, kind) or {}
    return left


def _refuse_conflicts(managed: Managed, taken: Fields, owner: Owner) -> None:
    conflicts = [
        (entry.owner.shown(), path)
        for identity, entry in managed.items()
        if identity != owner.identity
        for path in sorted(entry.fields & taken)
    ]
    if conflicts:
        raise _conflict_error(conflicts)


def _conflict_error(conflicts: list[tuple[str, Path]]) -> ApiError:
    if len(conflicts) == 1:
        owner, path = conflicts[0]
        message = f"Apply failed with 1 conflict: conflict with {owner}: {readable(path)}"
    else:
        lines: list[str] = []
        for owner in sorted({owner for owner, _ in conflicts}):
            lines.append(f"conflicts with {owner}:")
            lines += [f"- {readable(path)}" for whose, path in conflicts if whose == owner]
        message = f"Apply failed with {len(conflicts)} conflicts: " + "\n".join(lines)
    causes = [{"reason": "FieldManagerConflict", "message": f"conflict with {owner}", "field": readable(path)} for owner, path in conflicts]
    return ApiError(409, "Conflict", message, details={"causes": causes})
