"""Actions on real API servers, as the operator with the shipped rights: the semantics that a fake could get wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.cluster.kube import KubeCluster
from console.domain.change import Blocked, Change
from console.domain.errors import BluegreenError
from console.domain.facts import EPOCH, KEEP_WARM_UNTIL, PREVIOUS_SLOT, STABLE
from console.domain.ids import ReleaseName, SlotName
from console.domain.position import position
from console.domain.records import records_of
from console.domain.rollback import rollback_targets
from console.domain.slots import slot_state
from tests.actions.driving import Driver, Interfering, environment
from tests.actions.owner import an_application
from tests.cluster.conftest import Connect
from tests.contract.node import Node
from tests.contract.objects import Paths
from tests.contract.wire import Api

BLUE, GREEN = SlotName("blue"), SlotName("green")


@pytest.fixture
async def operator(cluster: Connect) -> KubeCluster:
    return await cluster("operator")


async def test_an_empty_namespace_is_filled_switched_and_retired(operator: KubeCluster, node: Node, tmp_path: Path) -> None:
    driver = Driver(operator, environment(operator.namespace, manifests=True), tmp_path)
    async with node.attending():
        await driver.deploy("v1.0.0")
        world = await operator.observe()
        assert position(driver.environment, world).active == "blue"
        assert slot_state(driver.environment, world, BLUE).stable

        await driver.deploy("v2.0.0")
        world = await operator.observe()
        service = world.services["traider-backend"]
        assert service.selector == {"app": "backend", "version": "green"}
        assert service.meta.annotations[PREVIOUS_SLOT] == "blue"
        assert service.meta.annotations[STABLE] == "v2.0.0"
        assert service.meta.annotations[EPOCH] == "2"
        best = rollback_targets(driver.environment, world)[0]
        assert (best.slot, best.release, best.kind, best.usable) == ("blue", "v1.0.0", "warm", True)

        blocked = await driver.plan("slots.retire", slot="blue")
        assert isinstance(blocked, Blocked)
        assert blocked.override == "keep-warm"
        assert await driver.do("slots.retire", slot="blue", override="keep-warm") == "blue is retired"
        world = await operator.observe()
        assert slot_state(driver.environment, world, BLUE).empty
        best = rollback_targets(driver.environment, world)[0]
        assert (best.slot, best.release, best.kind, best.wanted) == ("blue", "v1.0.0", "recorded", 4)

        await driver.begin("v3.0.0")
        await driver.do("slots.apply", slot="preview")
        state = slot_state(driver.environment, await operator.observe(), BLUE)
        assert [c.desired for c in state.components] == [2, 2], (
            "the size comes back through our own apply, without a conflict with ourselves"
        )


async def test_going_back_by_switch_and_by_a_recorded_release(operator: KubeCluster, node: Node, tmp_path: Path) -> None:
    driver = Driver(operator, environment(operator.namespace, manifests=True), tmp_path)
    async with node.attending():
        for release in ("v1.0.0", "v2.0.0"):
            await driver.deploy(release)
        await driver.begin(back_to="blue")
        await driver.check("target.usable")
        await driver.do("traffic.switch", to="previous")
        await driver.check("traffic.verify", slot="previous")
        assert (await driver.do("hold.place")).startswith("v2.0.0 is held")
        assert await driver.do("slots.retire", slot="active") == "green is retired"
        world = await operator.observe()
        assert KEEP_WARM_UNTIL not in world.services["traider-frontend"].meta.annotations
        assert records_of(driver.environment, world).held(ReleaseName("v2.0.0"))

        await driver.begin("v2.0.0")
        refused = await driver.plan("slots.apply", slot="preview")
        assert isinstance(refused, Blocked)
        assert "held by alice: test" in refused.reason
        assert (await driver.do("hold.lift", release="v2.0.0")) == "v2.0.0 may be deployed again"
        await driver.deploy("v2.0.0")
        assert position(driver.environment, await operator.observe()).active == "green"


async def test_adopted_deployments_change_image_and_size_and_nothing_else(
    operator: KubeCluster, node: Node, api: Api, paths: Paths, tmp_path: Path
) -> None:
    await an_application(api, paths, env=("KEEP",))
    driver = Driver(operator, environment(operator.namespace, manifests=False), tmp_path)
    async with node.attending():
        await driver.begin("v2")
        await driver.check("rollout.wait", slot="active")
        await driver.deploy("v2")
        found = (await api.get(f"{paths.deployments}/traider-backend-green")).ok()
        containers = found["spec"]["template"]["spec"]["containers"]
        assert [(c["name"], c["image"]) for c in containers] == [("proxy", "example/proxy:v7"), ("backend", "example/backend:v2")]
        assert containers[1]["env"] == [{"name": "KEEP", "value": "x"}]
        assert found["spec"]["replicas"] == 2
        world = await operator.observe()
        assert {n: s.selector["version"] for n, s in world.services.items()} == {"traider-backend": "green", "traider-frontend": "green"}
        best = rollback_targets(driver.environment, world)[0]
        assert (best.slot, best.release, best.usable) == ("blue", "v1", True), "what served before us is a way back"


async def test_a_container_that_moved_is_refused_by_the_server(operator: KubeCluster, api: Api, paths: Paths, tmp_path: Path) -> None:
    await an_application(api, paths)
    driver = Driver(operator, environment(operator.namespace, manifests=False), tmp_path)
    await driver.begin("v2")
    plan = await driver.plan("slots.apply", slot="preview")
    assert isinstance(plan, Change)
    path = f"{paths.deployments}/traider-backend-green"
    containers = (await api.get(path)).ok()["spec"]["template"]["spec"]["containers"]
    turned = {"op": "replace", "path": "/spec/template/spec/containers", "value": containers[::-1]}
    (await api.json_patch(path, turned)).ok()
    with pytest.raises(BluegreenError) as raised:
        await driver.act("slots.apply", plan, slot="preview")
    assert getattr(raised.value, "status", None) == 422
    images = [c["image"] for c in (await api.get(path)).ok()["spec"]["template"]["spec"]["containers"]]
    assert images == ["example/backend:v1", "example/proxy:v7"]


async def test_what_a_manifest_drops_goes_although_kubectl_apply_had_put_it_there(
    operator: KubeCluster, api: Api, paths: Paths, tmp_path: Path
) -> None:
    await an_application(api, paths, env=("DROPPED",))
    driver = Driver(operator, environment(operator.namespace, manifests=True), tmp_path)
    await driver.begin("v2")
    await driver.do("slots.apply", slot="preview")
    found = (await api.get(f"{paths.deployments}/traider-frontend-green")).ok()
    frontend = next(c for c in found["spec"]["template"]["spec"]["containers"] if c["name"] == "frontend")
    assert frontend["image"] == "example/frontend:v2"
    assert "env" not in frontend
    assert (await driver.do("slots.apply", slot="preview")) == "v2 is in green already"


async def test_a_size_that_somebody_scaled_by_hand_is_taken_over_and_told(
    operator: KubeCluster, api: Api, paths: Paths, tmp_path: Path
) -> None:
    driver = Driver(operator, environment(operator.namespace, manifests=True), tmp_path)
    await driver.begin("v1")
    await driver.do("slots.apply", slot="preview")
    path = f"{paths.deployments}/traider-backend-blue"
    (await api.merge_patch(path, {"spec": {"replicas": 7}}, fieldManager="kubectl-scale")).ok()
    await driver.begin("v2")
    plan = await driver.plan("slots.apply", slot="preview")
    assert isinstance(plan, Change)
    assert any("kubectl-scale" in w for w in plan.warnings)
    await driver.act("slots.apply", plan, slot="preview")
    found = (await api.get(path)).ok()
    assert found["spec"]["template"]["spec"]["containers"][0]["image"] == "example/backend:v2"


async def test_a_hand_between_the_two_patches_puts_the_first_service_back(
    operator: KubeCluster, node: Node, api: Api, paths: Paths, tmp_path: Path
) -> None:
    driver = Driver(operator, environment(operator.namespace, manifests=True), tmp_path)
    async with node.attending():
        await driver.deploy("v1")
        await driver.begin("v2")
        await driver.do("slots.apply", slot="preview")
        await driver.check("rollout.wait", slot="preview")

        async def by_hand() -> None:
            (await api.merge_patch(f"{paths.services}/traider-frontend", {"spec": {"selector": {"version": "grey"}}})).ok()

        driver.cluster = Interfering(operator, "traider-frontend", by_hand)
        plan = await driver.plan("traffic.switch", to="preview")
        assert isinstance(plan, Change)
        with pytest.raises(BluegreenError, match=r"frontend is on grey.*put back: backend → blue"):
            await driver.act("traffic.switch", plan, to="preview")
    services = (await operator.observe(("Service",))).services
    assert services["traider-backend"].selector["version"] == "blue"
    assert PREVIOUS_SLOT not in services["traider-backend"].meta.annotations


async def test_a_note_between_the_two_patches_is_only_another_try(
    operator: KubeCluster, node: Node, api: Api, paths: Paths, tmp_path: Path
) -> None:
    driver = Driver(operator, environment(operator.namespace, manifests=True), tmp_path)
    async with node.attending():
        await driver.deploy("v1")
        await driver.begin("v2")
        await driver.do("slots.apply", slot="preview")
        await driver.check("rollout.wait", slot="preview")

        async def annotate() -> None:
            (await api.merge_patch(f"{paths.services}/traider-frontend", {"metadata": {"annotations": {"owner": "bob"}}})).ok()

        driver.cluster = Interfering(operator, "traider-frontend", annotate)
        await driver.do("traffic.switch", to="preview")
    services = (await operator.observe(("Service",))).services
    assert {s.selector["version"] for s in services.values()} == {"green"}
    assert services["traider-frontend"].meta.annotations["owner"] == "bob"


async def test_the_environment_is_ready_for_an_operator_and_not_for_a_viewer(cluster: Connect, tmp_path: Path) -> None:
    for user, ready in (("operator", True), ("viewer", False)):
        connected = await cluster(user)
        driver = Driver(connected, environment(connected.namespace, manifests=True), tmp_path)
        await driver.begin("v1")
        if ready:
            await driver.check("cluster.ready")
        else:
            with pytest.raises(AssertionError, match=r"you may not patch services, .*patch deployments\.apps"):
                await driver.check("cluster.ready")


async def test_kubectl_apply_is_named_as_a_writer_that_would_undo_us(operator: KubeCluster, api: Api, paths: Paths, tmp_path: Path) -> None:
    await an_application(api, paths)
    driver = Driver(operator, environment(operator.namespace, manifests=False), tmp_path)
    await driver.begin("v2")
    told = (await driver.check("cluster.ready")).message
    assert "kubectl apply (kubectl-client-side-apply) holds the selector of 2 Services" in told


async def test_a_quota_that_leaves_no_room_is_named_before_the_first_pod(
    operator: KubeCluster, api: Api, paths: Paths, tmp_path: Path
) -> None:
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "team"}, "spec": {"hard": {"pods": "3"}}}
    (await api.post(f"/api/v1/namespaces/{operator.namespace}/resourcequotas", quota)).ok(201)
    driver = Driver(operator, environment(operator.namespace, manifests=True), tmp_path)
    await driver.begin("v1")
    with pytest.raises(AssertionError, match="quota team leaves 3 of 3 pods, the second slot needs 4 more"):
        await driver.check("cluster.ready")
