"""Others' hands on Deployments that we apply from manifests: an apply by force overwrites nothing that its plan has not seen."""

from __future__ import annotations

import pytest

from tests.contract.node import Node
from tests.contract.objects import Paths
from tests.contract.wire import Api
from tests.hands.conftest import Opens
from tests.hands.operator import outcome
from tests.support.faults import fault

pytestmark = pytest.mark.real
NAME = "traider-backend-blue"


@fault(
    "somebody edits a Deployment of ours between plan and server-side apply",
    group="others' hands",
    sees="the run: Deployment traider-backend-blue is not what was planned on (kubectl-edit wrote to it last); the plan again",
    does="is refused by the precondition, plans again on what is there now, goes on",
    costs="nothing",
)
@pytest.mark.slow
async def test_an_apply_by_force_waits_for_a_plan_that_has_seen_the_edit(operator: Opens, api: Api, paths: Paths, node: Node) -> None:
    async def edit() -> None:
        change = {"spec": {"revisionHistoryLimit": 5}}
        (await api.merge_patch(f"{paths.deployments}/{NAME}", change, fieldManager="kubectl-edit")).ok()

    async with operator(manifests=True) as o, node.attending():
        assert outcome(await o.deploy("v1")) == ("done", 0)
        assert outcome(await o.deploy("v2")) == ("done", 0)
        o.once("write", NAME, edit)
        record = await o.run("deploy", release="v3", override="replace-way-back")
        told = await o.told(record.id)
        assert any(f"Deployment {NAME} is not what was planned on (kubectl-edit wrote to it last)" in t for t in told), told
        assert record.step("slots.apply").attempts == 2
        assert outcome(record) == ("done", 0), told


@fault(
    "somebody creates the Deployment that a first release was about to create",
    group="others' hands",
    sees="the run: Deployment traider-backend-blue was created by somebody else meanwhile, or its selector",
    does="does not apply over it before it was planned on",
    costs="nothing, or a decision what to do with theirs",
)
async def test_a_deployment_that_appears_in_between_is_not_applied_over(operator: Opens, api: Api, paths: Paths) -> None:
    async def create() -> None:
        labels = {"app": "theirs"}
        template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "x", "image": "example/x:1"}]}}
        spec = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
        body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": NAME}, "spec": spec}
        (await api.post(paths.deployments, body, fieldManager="their-tool")).ok(201)

    async with operator(manifests=True) as o:
        o.once("write", NAME, create)
        record = await o.deploy("v1")
        assert record.outcome in ("failed", "refused"), await o.told(record.id)
        assert "selects app=theirs" in record.outcome_reason
        found = (await api.get(f"{paths.deployments}/{NAME}")).ok()
        assert [m["manager"] for m in found["metadata"]["managedFields"] if m.get("subresource") != "status"] == ["their-tool"]
