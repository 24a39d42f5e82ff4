"""Sends the writes of a plan, each under the condition that the plan gave it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any, assert_never, cast

from console.cluster.apply import JSON_PATCH, apply
from console.cluster.client import KubeClient
from console.cluster.decode import DECODERS
from console.cluster.errors import Unreadable
from console.cluster.resources import path_of
from console.cluster.wire import HEAD, read_answer
from console.domain.change import Create, Delete, JsonPatch, MergePatch, PatchOp, ServerApply, Write, Written
from console.domain.facts import MANAGER
from console.domain.world import Kind, KubeObject

MERGE_PATCH = "application/merge-patch+json"


async def send(client: KubeClient, namespace: str, write: Write, *, dry_run: bool = False) -> Written:
    """One write, or its rehearsal by the server; raises a `ClusterError` whose `sent` says whether it may have happened."""
    return _written(write, await answer_to(client, namespace, write, dry_run=dry_run))


async def answer_to(client: KubeClient, namespace: str, write: Write, *, dry_run: bool) -> bytes:
    """The same with the server's answer as it came."""
    params = {"fieldManager": MANAGER} | ({"dryRun": "All"} if dry_run else {})
    path = path_of(write.kind, namespace, write.name)
    match write:
        case JsonPatch(ops=ops):
            return await client.request("PATCH", path, params=params, body=[_operation(op) for op in ops], content_type=JSON_PATCH)
        case MergePatch(body=body, resource_version=version):
            return await client.request("PATCH", path, params=params, body=_conditional(body, version), content_type=MERGE_PATCH)
        case ServerApply():
            return await apply(client, namespace, write, dry_run=dry_run)
        case Create(manifest=manifest):
            params["fieldValidation"] = "Strict"
            return await client.request("POST", path_of(write.kind, namespace), params=params, body=dict(manifest))
        case Delete(uid=uid):
            return await _delete(client, path, uid, dry_run=dry_run)
        case _:
            assert_never(write)


async def _delete(client: KubeClient, path: str, uid: str, *, dry_run: bool) -> bytes:
    """Deletes this very object, and in the background what it owns."""
    body: dict[str, Any] = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": uid}, "propagationPolicy": "Background"}
    if dry_run:
        body["dryRun"] = ["All"]
    return await client.request("DELETE", path, body=body)


def _operation(op: PatchOp) -> dict[str, object]:
    if op.op == "remove":
        return {"op": op.op, "path": op.path}
    return {"op": op.op, "path": op.path, "value": op.value}


def _conditional(body: Mapping[str, object], version: str) -> dict[str, object]:
    """The body with the version it is meant for; without one it is unconditional."""
    if not version:
        return dict(body)
    metadata = body.get("metadata")
    return {**body, "metadata": {**(metadata if isinstance(metadata, Mapping) else {}), "resourceVersion": version}}


def _written(write: Write, answer: bytes) -> Written:
    """The answer, decoded where it is one of the kinds we read and an object at all (a deletion answers with a Status)."""
    head = read_answer(HEAD, answer, doing=f"write {write.kind} {write.name}", sent="maybe")
    found: KubeObject | None = None
    if not isinstance(write, Delete) and (decode := DECODERS.get(cast(Kind, write.kind))) is not None:
        with contextlib.suppress(Unreadable):  # the write is done, whatever the answer looks like
            found = decode(answer)
    return Written(kind=write.kind, name=write.name, resource_version=head.metadata.resource_version, object=found)
