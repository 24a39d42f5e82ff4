"""Server-side apply by our field manager, and the take-over of objects that `kubectl apply` made before.

Client-side apply is remembered as updates by `kubectl-client-side-apply`. A server-side apply beside it would leave every
field that the new manifest drops, since two managers hold it. So before our first apply those fields become ours.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, cast

import msgspec

from console.cluster.client import KubeClient
from console.cluster.errors import ApplyConflict, Conflict, NotFound
from console.cluster.resources import path_of
from console.cluster.wire import read_answer
from console.domain.change import ServerApply
from console.domain.facts import MANAGER

APPLY = "application/apply-patch+yaml"
JSON_PATCH = "application/json-patch+json"
CLIENT_SIDE = frozenset({"kubectl-client-side-apply", "before-first-apply"})
LAST_APPLIED = "f:kubectl.kubernetes.io/last-applied-configuration"
TRIES = 5

Entry = dict[str, Any]
"""One entry of `managedFields`, as JSON."""
OBJECT = msgspec.json.Decoder(dict[str, Any])


async def apply(client: KubeClient, namespace: str, write: ServerApply, *, dry_run: bool) -> bytes:
    """The object as it is afterwards, or would be; raises `ApplyConflict` with the managers that hold fields of it."""
    path = path_of(write.kind, namespace, write.name)
    params = {"fieldManager": MANAGER, "fieldValidation": "Strict"} | ({"dryRun": "All"} if dry_run else {})
    forced = {"force": "true"} if write.force else {}
    if not dry_run:
        return await _applied(client, path, write, params | forced)
    try:
        return await client.request("PATCH", path, params=params | forced, body=dict(write.manifest), content_type=APPLY)
    except ApplyConflict as conflict:
        if not conflict.details.owners.keys() <= CLIENT_SIDE:
            raise
        # the apply itself would have taken these over first
        return await client.request("PATCH", path, params=params | {"force": "true"}, body=dict(write.manifest), content_type=APPLY)


async def _applied(client: KubeClient, path: str, write: ServerApply, params: Mapping[str, str]) -> bytes:
    """Apply onto the specification that was planned on, whatever becomes of the object's status meanwhile. Raises Conflict."""
    for attempt in range(1, TRIES + 1):
        await take_over(client, path)
        version = await _version(client, path, write)
        metadata = {**dict(cast("Mapping[str, object]", write.manifest["metadata"])), **({"resourceVersion": version} if version else {})}
        try:
            return await client.request("PATCH", path, params=params, body={**write.manifest, "metadata": metadata}, content_type=APPLY)
        except ApplyConflict:
            raise
        except Conflict:
            if not version or attempt == TRIES:
                raise
    raise AssertionError("the last try returns or raises")


async def _version(client: KubeClient, path: str, write: ServerApply) -> str:
    """The object's version while its specification is the one of the plan; empty where there is no object, or any will do."""
    if write.generation is None:
        return ""
    try:
        found = read_answer(OBJECT, await client.request("GET", path), doing=f"read {path}")["metadata"]
    except NotFound:
        if write.generation:
            raise Conflict(f"{write.kind} {write.name} does not exist any more", reason="Conflict") from None
        return ""
    if found.get("generation", 0) != write.generation:
        was = "changed" if write.generation else "created by somebody else"
        raise Conflict(f"{write.kind} {write.name} was {was} meanwhile", reason="Conflict")
    return str(found["resourceVersion"])


async def take_over(client: KubeClient, path: str) -> bool:
    """Makes the fields of client-side apply ours, unless we applied before; says whether anything was taken over.

    Conditional on the object being unchanged since it was read; read again where it was not.
    """
    for attempt in range(1, TRIES + 1):
        try:
            found = read_answer(OBJECT, await client.request("GET", path), doing=f"read {path}")
        except NotFound:
            return False
        entries = taken_over(found["metadata"].get("managedFields") or [])
        if entries is None:
            return False
        patch = [
            {"op": "replace", "path": "/metadata/managedFields", "value": entries},
            {"op": "replace", "path": "/metadata/resourceVersion", "value": found["metadata"]["resourceVersion"]},
        ]
        try:
            await client.request("PATCH", path, params={"fieldManager": MANAGER}, body=patch, content_type=JSON_PATCH)
            return True
        except Conflict:
            if attempt == TRIES:
                raise
    return False


def taken_over(entries: list[Entry]) -> list[Entry] | None:
    """`managedFields` with client-side apply's fields held by us; None where there is nothing to take over."""
    if any(entry.get("manager") == MANAGER and entry.get("operation") == "Apply" for entry in entries):
        return None
    theirs = [entry for entry in entries if _client_side(entry)]
    if not theirs:
        return None
    ours = copy.deepcopy(theirs[0]) | {"manager": MANAGER, "operation": "Apply"}
    for entry in theirs[1:]:
        if entry.get("apiVersion") == ours.get("apiVersion"):
            ours["fieldsV1"] = _union(ours.get("fieldsV1") or {}, entry.get("fieldsV1") or {})
    return [ours, *(entry for entry in entries if entry not in theirs)]


def _client_side(entry: Entry) -> bool:
    """An update by `kubectl apply`: named so, or holding the note that it leaves."""
    if entry.get("operation") != "Update" or entry.get("subresource"):
        return False
    annotations = (entry.get("fieldsV1") or {}).get("f:metadata", {}).get("f:annotations", {})
    return entry.get("manager") in CLIENT_SIDE or LAST_APPLIED in annotations


def _union(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Both trees of fields together."""
    both = {key: dict(value) for key, value in one.items()}
    for key, value in other.items():
        both[key] = _union(both.get(key, {}), value)
    return both
