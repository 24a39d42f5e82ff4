"""Others' hands on what is ours alone: the Lease, the records, and the namespace itself."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from console.domain.records import history_record_name, records_of
from tests.contract.objects import Paths
from tests.contract.wire import Api
from tests.hands.conftest import Opens
from tests.hands.operator import SHORT, outcome
from tests.sandbox.waiting import answered
from tests.support.faults import fault

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("adopted")]
LEASE = "bluegreen-traider"
LONG = replace(SHORT, bake=120.0)


def lease_path(paths: Paths) -> str:
    return paths.group("coordination.k8s.io/v1", f"leases/{LEASE}")


@fault(
    "the Lease is deleted while a run goes on",
    group="others' hands",
    sees="nothing; `status` names the driver again within two seconds",
    does="makes it again under the same epoch and goes on, done",
    costs="nothing",
)
async def test_a_lease_that_is_deleted_is_made_again(operator: Opens, api: Api, paths: Paths) -> None:
    async with operator(waits=LONG) as o:
        opened = await o.open("deploy", release="v2")
        running = asyncio.create_task(o.drive(opened))
        await o.reaches(opened, "wait")
        (await api.delete(lease_path(paths))).ok()
        await answered(lambda: api.get(lease_path(paths)), lambda a: a.status == 200, within=30, what="the lease is back")
        spec = (await api.get(lease_path(paths))).ok()["spec"]
        assert (spec["holderIdentity"].partition("@")[0], spec["leaseTransitions"]) == ("operator", 1)
        await o.skip(opened, "wait")
        assert outcome(await running) == ("done", 0)


@fault(
    "somebody writes another holder into the Lease",
    group="others' hands",
    sees="the run's end: mallory drives this environment now",
    does="stops before its next effect, ends as superseded, exit 4",
    costs="take over with a reason, or a new run",
)
async def test_a_lease_that_names_another_holder_ends_the_run(operator: Opens, api: Api, paths: Paths) -> None:
    async with operator(waits=LONG) as o:
        opened = await o.open("deploy", release="v2")
        running = asyncio.create_task(o.drive(opened))
        await o.reaches(opened, "wait")
        (await api.merge_patch(lease_path(paths), {"spec": {"holderIdentity": "mallory", "leaseTransitions": 9}}, fieldManager="x")).ok()
        record = await running
        assert outcome(record) == ("superseded", 4)
        assert record.outcome_reason == "mallory drives this environment now"


@fault(
    "the record of slots is deleted while a run goes on",
    group="others' hands",
    sees="nothing",
    does="what is still known is recorded again by the next step that records, done",
    costs="the history before that",
)
@pytest.mark.slow
async def test_a_record_that_is_deleted_under_us_is_written_again(operator: Opens, api: Api, paths: Paths) -> None:
    name = history_record_name("traider")

    async def delete() -> None:
        (await api.delete(f"{paths.configmaps}/{name}")).ok()

    async with operator() as o:
        o.once("write", "traider-frontend", delete, after=True)
        record = await o.deploy("v2")
        assert outcome(record) == ("done", 0), await o.told(record.id)
        assert records_of(o.deps.environment, await o.deps.cluster.observe()).problems == ()


@fault(
    "the namespace is deleted and made anew while a run goes on",
    group="others' hands",
    sees="the run's end: the namespace is not the one this run was started for any more",
    does="touches nothing in the new one, not even a lease, ends needing an operator, exit 4",
    costs="a new run",
)
@pytest.mark.slow
async def test_nothing_is_touched_in_a_namespace_of_the_same_name(operator: Opens, api: Api, paths: Paths) -> None:
    async def renew() -> None:
        (await api.delete(paths.itself)).ok()
        await answered(lambda: api.get(paths.itself), lambda a: a.status == 404, within=60, what="the namespace is gone")
        (await api.post("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": paths.namespace}})).ok(201)

    async with operator("admin") as o:
        o.once("write", "traider-backend", renew)
        record = await o.deploy("v2")
        assert outcome(record) == ("needs_operator", 4), await o.told(record.id)
        assert "not the one" in record.outcome_reason + record.live
        assert (await api.get(lease_path(paths))).status == 404
        assert (await api.get(paths.services)).ok()["items"] == []
