"""The port of the engine, on real API servers: what is read, written, leased, refused and watched."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from console.cluster import errors
from console.cluster.kube import KubeCluster
from console.cluster.link import ask
from console.cluster.resources import path_of
from console.domain.change import Create, Delete, JsonPatch, MergePatch, PatchOp, ServerApply
from console.domain.ids import Epoch
from console.domain.world import KINDS, ConfigMap, Deleted, Deployment, Listed, Service, Upserted
from console.engine.ports import AccessRule, Cluster, LeaseState
from tests.cluster.conftest import Connect


def service(slot: str, name: str = "web") -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": "web", "version": slot}, "ports": [{"port": 80}]},
    }


def deployment(*, replicas: int = 0, env: tuple[str, ...] = (), image: str = "web:1") -> dict[str, Any]:
    labels = {"app": "web", "version": "blue"}
    container = {"name": "web", "image": image, "env": [{"name": name, "value": "x"} for name in env]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web-blue"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


def record(name: str, *, ours: bool = True) -> Create:
    labels = {"bluegreen/record": "release"} if ours else {}
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": labels}, "data": {"release": "v1"}}
    return Create("ConfigMap", name, manifest)


def switch(to: str, *, expect: str, version: str) -> JsonPatch:
    return JsonPatch(
        "Service",
        "web",
        (
            PatchOp("test", "/spec/selector/version", expect),
            PatchOp("test", "/metadata/resourceVersion", version),
            PatchOp("replace", "/spec/selector/version", to),
            PatchOp("add", "/metadata/annotations", {"bluegreen/epoch": "4"}),
        ),
    )


async def test_an_empty_namespace_is_a_world_without_anything(cluster: Connect, namespace: str) -> None:
    world = await (await cluster("operator")).observe()
    assert world.namespace == namespace
    assert (world.deployments, world.services, world.pods, world.unread) == ({}, {}, {}, frozenset())
    assert abs((world.at - datetime.now(UTC)).total_seconds()) < 2


async def test_a_switch_is_compare_and_swap(cluster: Connect) -> None:
    kube = await cluster("operator")
    made = await kube.write(Create("Service", "web", service("blue")))
    seen = await kube.get_service("web")
    assert isinstance(seen, Service)
    assert (seen.selector["version"], seen.meta.resource_version) == ("blue", made.resource_version)
    done = await kube.write(switch("green", expect="blue", version=seen.meta.resource_version))
    assert isinstance(done.object, Service)
    assert done.object.selector["version"] == "green"
    assert done.object.meta.annotations["bluegreen/epoch"] == "4"
    for stale in (
        switch("blue", expect="green", version=seen.meta.resource_version),
        switch("blue", expect="blue", version=done.resource_version),
    ):
        with pytest.raises(errors.Invalid) as lost:
            await kube.write(stale)
        assert lost.value.sent == "no"
    now = await kube.get_service("web")
    assert now is not None
    assert now.selector["version"] == "green"


async def test_a_rehearsed_write_changes_nothing(cluster: Connect) -> None:
    kube = await cluster("operator")
    await kube.write(Create("Service", "web", service("blue")))
    seen = await kube.get_service("web")
    assert seen is not None
    told = await kube.write(switch("green", expect="blue", version=seen.meta.resource_version), dry_run=True)
    assert isinstance(told.object, Service)
    assert told.object.selector["version"] == "green"
    assert await kube.get_service("web") == seen


async def test_what_does_not_exist_is_none(cluster: Connect) -> None:
    kube = await cluster("operator")
    assert await kube.get_service("web") is None
    assert await kube.get_deployment("web-blue") is None
    assert await kube.lease("bluegreen") is None


async def test_our_apply_is_ours_and_another_managers_fields_are_named(cluster: Connect) -> None:
    kube = await cluster("operator")
    first = await kube.write(ServerApply("Deployment", "web-blue", deployment(replicas=0)))
    assert isinstance(first.object, Deployment)
    assert [m.name for m in first.object.meta.managers if m.operation == "Apply"] == ["bluegreen"]
    ours = next(m for m in first.object.meta.managers if m.operation == "Apply")
    assert {"spec.replicas", "spec.template.spec.containers[name=web].image"} <= ours.paths
    other = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web-blue"}, "spec": {"replicas": 2}}
    path = path_of("Deployment", kube.namespace, "web-blue")
    params = {"fieldManager": "argocd-controller", "force": "true"}
    await kube.client.request("PATCH", path, params=params, body=other, content_type="application/apply-patch+yaml")
    with pytest.raises(errors.ApplyConflict) as conflict:
        await kube.write(ServerApply("Deployment", "web-blue", deployment(replicas=1)))
    assert conflict.value.details.owners == {"argocd-controller": ("spec.replicas",)}
    forced = await kube.write(ServerApply("Deployment", "web-blue", deployment(replicas=1), force=True))
    assert isinstance(forced.object, Deployment)
    assert forced.object.desired == 1


async def test_a_first_apply_over_kubectls_objects_drops_what_the_manifest_drops(cluster: Connect) -> None:
    kube = await cluster("operator")
    path = path_of("Deployment", kube.namespace)
    before = deployment(env=("OLD", "KEPT"))
    before["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(before)}
    await kube.client.request("POST", path, params={"fieldManager": "kubectl-client-side-apply"}, body=before)
    rehearsed = await kube.write(ServerApply("Deployment", "web-blue", deployment(env=("KEPT",), image="web:2")), dry_run=True)
    assert isinstance(rehearsed.object, Deployment)
    assert rehearsed.object.images == {"web": "web:2"}
    await kube.write(ServerApply("Deployment", "web-blue", deployment(env=("KEPT",))))
    now = json.loads(await kube.client.request("GET", f"{path}/web-blue"))
    assert [each["name"] for each in now["spec"]["template"]["spec"]["containers"][0]["env"]] == ["KEPT"]
    assert {entry["manager"] for entry in now["metadata"]["managedFields"] if not entry.get("subresource")} <= {
        "bluegreen",
        "kube-controller-manager",
    }


async def test_a_misspelt_field_is_refused(cluster: Connect) -> None:
    manifest = deployment()
    manifest["spec"]["replicaz"] = 3
    with pytest.raises(errors.Invalid, match="replicaz") as refused:
        await (await cluster("operator")).write(ServerApply("Deployment", "web-blue", manifest))
    assert refused.value.sent == "no"


async def test_merge_patches_may_be_conditional_and_deletions_mean_one_object(cluster: Connect) -> None:
    kube = await cluster("operator")
    made = await kube.write(record("r1"))
    assert isinstance(made.object, ConfigMap)
    with pytest.raises(errors.AlreadyExists):
        await kube.write(record("r1"))
    changed = await kube.write(MergePatch("ConfigMap", "r1", {"data": {"release": None, "hold": "yes"}}, made.resource_version))
    assert isinstance(changed.object, ConfigMap)
    assert changed.object.data == {"hold": "yes"}
    with pytest.raises(errors.Conflict):
        await kube.write(MergePatch("ConfigMap", "r1", {"data": {}}, made.resource_version))
    with pytest.raises(errors.Conflict):
        await kube.write(Delete("ConfigMap", "r1", "00000000-0000-0000-0000-000000000000"))
    await kube.write(Delete("ConfigMap", "r1", made.object.meta.uid), dry_run=True)
    assert set((await kube.observe(["ConfigMap"])).records) == {"r1"}
    await kube.write(Delete("ConfigMap", "r1", made.object.meta.uid))
    assert (await kube.observe(["ConfigMap"])).records == {}


async def test_only_our_own_config_maps_are_read(cluster: Connect) -> None:
    kube = await cluster("operator")
    await kube.write(record("ours"))
    await kube.write(record("theirs", ours=False))
    assert set((await kube.observe()).records) == {"ours"}


async def test_who_we_are_and_what_we_may_not(cluster: Connect) -> None:
    operator, viewer = await cluster("operator"), await cluster("viewer")
    assert (await operator.identity()).user == "operator"
    assert "bluegreen-operators" in (await operator.identity()).groups
    rules = [
        AccessRule("list", "pods"),
        AccessRule("patch", "services"),
        AccessRule("patch", "deployments", "apps", "scale"),
        AccessRule("delete", "nodes"),
    ]
    assert await operator.may(rules) == (rules[3],)
    assert await viewer.may(rules) == tuple(rules[1:])


async def test_a_viewer_is_refused_and_a_read_only_operator_refuses_itself(cluster: Connect) -> None:
    with pytest.raises(errors.Forbidden, match="viewer"):
        await (await cluster("viewer")).write(record("r1"))
    careful = await cluster("operator read-only")
    with pytest.raises(errors.ReadOnlyRefused):
        await careful.write(record("r1"), dry_run=True)
    assert (await careful.identity()).user == "operator"
    assert await careful.may([AccessRule("list", "pods")]) == ()
    assert (await careful.observe()).records == {}


async def test_kinds_that_may_not_be_listed_are_unread_not_absent(cluster: Connect) -> None:
    elsewhere = KubeCluster((await cluster("viewer")).client, namespace="kube-system")
    world = await elsewhere.observe()
    assert world.unread == set(KINDS)
    assert (await elsewhere.observe(["Pod"])).unread == {"Pod"}


async def test_the_fingerprint_is_the_namespaces_own(cluster: Connect, namespace: str) -> None:
    kube = await cluster("viewer")
    found = await kube.fingerprint()
    raw = json.loads(await kube.client.request("GET", f"/api/v1/namespaces/{namespace}"))
    assert (found.server, found.namespace, found.namespace_uid) == (kube.client.server, namespace, raw["metadata"]["uid"])


async def test_a_lease_has_one_winner(cluster: Connect) -> None:
    one, two = await cluster("operator"), await cluster("operator-2")
    start = datetime(2036, 3, 1, 2, 0, 0, 123456, tzinfo=UTC)
    mine = LeaseState(holder="a@b/1", epoch=Epoch(1), run="41@x", acquired_at=start, renewed_at=start, duration=15, anchor="cafe")
    taken = await one.put_lease("bluegreen", mine)
    assert taken.resource_version
    assert await two.lease("bluegreen") == taken
    with pytest.raises(errors.AlreadyExists):
        await two.put_lease("bluegreen", mine)
    renewed = await one.put_lease("bluegreen", replace(taken, renewed_at=start + timedelta(seconds=5)))
    with pytest.raises(errors.Conflict):
        await two.put_lease("bluegreen", replace(taken, holder="c@d/2", epoch=Epoch(2)))
    over = await two.put_lease("bluegreen", replace(renewed, holder="c@d/2", epoch=Epoch(2)))
    assert (over.holder, over.epoch, over.anchor, over.acquired_at) == ("c@d/2", Epoch(2), "cafe", start)
    freed = await two.put_lease("bluegreen", replace(over, holder="", run="", acquired_at=None, renewed_at=None))
    assert (freed.holder, freed.epoch, freed.acquired_at) == ("", Epoch(2), None)


async def test_a_change_of_the_lease_keeps_what_others_noted_on_it(cluster: Connect) -> None:
    kube = await cluster("operator")
    taken = await kube.put_lease("bluegreen", LeaseState(holder="a", epoch=Epoch(1)))
    noted = await kube.write(MergePatch("Lease", "bluegreen", {"metadata": {"annotations": {"team/pager": "x"}}}, taken.resource_version))
    await kube.put_lease("bluegreen", replace(taken, holder="b", resource_version=noted.resource_version))
    raw = json.loads(await kube.client.request("GET", path_of("Lease", kube.namespace, "bluegreen")))
    assert raw["metadata"]["annotations"]["team/pager"] == "x"


async def test_everything_that_happens_is_told_by_one_watch(cluster: Connect) -> None:
    kube = await cluster("operator")
    await kube.write(Create("Service", "web", service("blue")))
    async with contextlib.aclosing(kube.watch(["Service", "ConfigMap"])) as events:
        seen = [await asyncio.wait_for(anext(events), 10) for _ in range(2)]
        assert {(e.kind, len(e.objects)) for e in seen if isinstance(e, Listed)} == {("Service", 1), ("ConfigMap", 0)}
        made = await kube.write(record("r1"))
        await kube.write(record("theirs", ours=False))
        upserted = await asyncio.wait_for(anext(events), 10)
        assert isinstance(upserted, Upserted)
        assert upserted.object == made.object
        assert isinstance(made.object, ConfigMap)
        await kube.write(Delete("ConfigMap", "r1", made.object.meta.uid))
        gone = await asyncio.wait_for(anext(events), 10)
        assert isinstance(gone, Deleted)
        assert (gone.kind, gone.name) == ("ConfigMap", "r1")
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith(("watch", "follow"))]


async def test_a_log_and_a_pod_that_do_not_exist_are_named(cluster: Connect) -> None:
    kube = await cluster("operator")
    with pytest.raises(errors.NotFound, match="cannot log pods gone"):
        await kube.pod_log("gone", "web")
    with pytest.raises(errors.ClusterError, match="cannot proxy pods gone:8080"):
        await kube.pod_get("gone", 8080, "/api/health", 2.0)


async def test_the_link_is_alive_for_whoever_asks(cluster: Connect) -> None:
    for user in ("operator", "limited"):
        seen = await ask((await cluster(user)).client, within=2.0)
        assert seen.ok
        assert seen.server_time is not None


async def test_the_servers_time_is_known_without_asking_twice(cluster: Connect) -> None:
    kube = await cluster("operator")
    told = await kube.server_time()
    assert abs((told - datetime.now(UTC)).total_seconds()) < 2
    await kube.server_time()
    assert kube.client.counts == {"livez": 1}


async def test_it_is_the_port_of_the_engine(cluster: Connect) -> None:
    port: Cluster = await cluster("viewer")
    assert port.namespace
