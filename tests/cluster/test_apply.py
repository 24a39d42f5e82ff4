"""Taking fields over from client-side apply: on the entries alone, and request by request."""

from __future__ import annotations

import json
from typing import Any

import pytest

from console.cluster.apply import apply, taken_over
from console.cluster.errors import ApplyConflict, Conflict
from console.domain.change import ServerApply
from tests.cluster.support import client_of, status
from tests.scripted import Reply, Request, scripted

PATH = "/apis/apps/v1/namespaces/shop/deployments/web"
MANIFEST = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}


def entry(manager: str, operation: str = "Update", fields: dict[str, Any] | None = None, **more: str) -> dict[str, Any]:
    return {
        "manager": manager,
        "operation": operation,
        "apiVersion": "apps/v1",
        "fieldsType": "FieldsV1",
        "fieldsV1": fields or {"f:spec": {"f:replicas": {}}},
        **more,
    }


NOTE: dict[str, Any] = {"f:metadata": {"f:annotations": {"f:kubectl.kubernetes.io/last-applied-configuration": {}}}}


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [entry("kube-controller-manager", subresource="status")],
        [entry("kubectl-edit")],
        [entry("kubectl-client-side-apply"), entry("bluegreen", "Apply")],
        [entry("kubectl", "Apply", NOTE)],
    ],
    ids=["nobody", "the controller", "kubectl edit", "we applied before", "another server-side apply"],
)
def test_nothing_is_taken_over_from(entries: list[dict[str, Any]]) -> None:
    assert taken_over(entries) is None


def test_the_fields_of_client_side_apply_become_ours_and_others_keep_theirs() -> None:
    theirs: dict[str, Any] = {"f:spec": {"f:template": {"f:spec": {"f:containers": {'k:{"name":"web"}': {".": {}, "f:env": {}}}}}}}
    controller = entry("kube-controller-manager", subresource="status")
    found = taken_over([entry("kubectl-client-side-apply", fields=theirs, time="2036-03-01T02:00:00Z"), controller])
    assert found == [entry("bluegreen", "Apply", theirs, time="2036-03-01T02:00:00Z"), controller]


def test_a_renamed_kubectl_is_known_by_its_note_and_several_become_one() -> None:
    named = entry("ci-deployer", fields=NOTE)
    found = taken_over([named, entry("before-first-apply", fields={"f:spec": {"f:paused": {}}})])
    assert found == [entry("bluegreen", "Apply", NOTE | {"f:spec": {"f:paused": {}}})]


def live(version: str, *entries: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"name": "web", "resourceVersion": version, "managedFields": list(entries)}}


async def test_the_take_over_is_bound_to_the_version_it_saw_and_tried_again() -> None:
    async def answer(request: Request, reply: Reply) -> None:
        kind = request.header("content-type")
        if request.method == "GET":
            version = "7" if sum(r.method == "GET" for r in server.requests) == 1 else "8"
            await reply.json(200, live(version, entry("kubectl-client-side-apply")))
        elif kind == "application/json-patch+json" and json.loads(request.body)[1]["value"] == "7":
            await reply.json(409, status(409, "Conflict"))
        else:
            await reply.json(200, live("9"))

    async with scripted(answer) as server, client_of(server.url) as client:
        await apply(client, "shop", ServerApply("Deployment", "web", MANIFEST), dry_run=False)
    sent = [(r.method, r.header("content-type")) for r in server.requests if r.method == "PATCH"]
    assert sent == [("PATCH", "application/json-patch+json")] * 2 + [("PATCH", "application/apply-patch+yaml")]
    patch = json.loads(server.requests[3].body)
    assert patch[0]["path"] == "/metadata/managedFields"
    assert patch[0]["value"][0]["manager"] == "bluegreen"
    assert patch[1] == {"op": "replace", "path": "/metadata/resourceVersion", "value": "8"}
    assert server.requests[-1].query == {"fieldManager": "bluegreen", "fieldValidation": "Strict"}


async def test_a_take_over_that_never_succeeds_ends_as_a_conflict_before_anything_is_applied() -> None:
    async def answer(request: Request, reply: Reply) -> None:
        if request.method == "GET":
            await reply.json(200, live("7", entry("kubectl-client-side-apply")))
        else:
            await reply.json(409, status(409, "Conflict"))

    async with scripted(answer) as server, client_of(server.url) as client:
        with pytest.raises(Conflict):
            await apply(client, "shop", ServerApply("Deployment", "web", MANIFEST), dry_run=False)
    assert {r.header("content-type") for r in server.requests if r.method == "PATCH"} == {"application/json-patch+json"}


def refusing(manager: str) -> dict[str, object]:
    cause = {"reason": "FieldManagerConflict", "message": f'conflict with "{manager}" using apps/v1', "field": ".spec.replicas"}
    return status(409, "Conflict", "Apply failed", causes=[cause])


async def test_a_rehearsal_writes_nothing_and_looks_past_client_side_apply() -> None:
    async def answer(request: Request, reply: Reply) -> None:
        forced = request.query.get("force") == "true"
        await reply.json(200 if forced else 409, live("1") if forced else refusing("kubectl-client-side-apply"))

    async with scripted(answer) as server, client_of(server.url) as client:
        await apply(client, "shop", ServerApply("Deployment", "web", MANIFEST), dry_run=True)
    assert [(r.method, r.path, r.query["dryRun"]) for r in server.requests] == [("PATCH", PATH, "All")] * 2


@pytest.mark.parametrize("dry_run", [False, True])
async def test_another_manager_is_never_forced_unasked(dry_run: bool) -> None:
    async def answer(request: Request, reply: Reply) -> None:
        if request.method == "GET":
            await reply.json(200, live("7"))
        else:
            await reply.json(409, refusing("argocd-controller"))

    async with scripted(answer) as server, client_of(server.url) as client:
        with pytest.raises(ApplyConflict, match=r"argocd-controller holds spec\.replicas"):
            await apply(client, "shop", ServerApply("Deployment", "web", MANIFEST), dry_run=dry_run)
    assert all("force" not in r.query for r in server.requests)
