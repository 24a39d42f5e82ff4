"""Deployments: their ReplicaSets and pods, the counts and conditions of a rollout, pausing, scaling, history."""

from __future__ import annotations

from tests.contract.node import Node
from tests.contract.objects import NEXT_IMAGE, Object, Paths, condition, deployment
from tests.contract.wire import Api, eventually

REVISION = "deployment.kubernetes.io/revision"


class World:
    """The deployment `web` and what belongs to it, read afresh each time."""

    def __init__(self, api: Api, paths: Paths) -> None:
        self._api, self._paths = api, paths
        self.path = f"{paths.deployments}/web"

    async def create(self, **spec: object) -> Object:
        created: Object = (await self._api.post(self._paths.deployments, deployment("web", **spec))).ok(201)  # type: ignore[arg-type]
        return created

    async def patch(self, **spec: object) -> Object:
        patched: Object = (await self._api.strategic_patch(self.path, {"spec": spec})).ok()
        return patched

    async def set_image(self, image: str) -> Object:
        return await self.patch(template={"spec": {"containers": [{"name": "app", "image": image}]}})

    async def deployment(self) -> Object:
        found: Object = (await self._api.get(self.path)).ok()
        return found

    async def replicasets(self) -> list[Object]:
        """Newest revision first."""
        found: list[Object] = (await self._api.get(self._paths.replicasets, labelSelector="app=web")).ok()["items"]
        return sorted(found, key=lambda each: -int(each["metadata"]["annotations"].get(REVISION, "0")))

    async def pods(self) -> list[Object]:
        found: list[Object] = (await self._api.get(self._paths.pods, labelSelector="app=web")).ok()["items"]
        return [each for each in found if "deletionTimestamp" not in each["metadata"]]


def rolled_out(replicas: int) -> object:
    """Whether a deployment is completely what its spec says."""

    def holds(thing: Object) -> bool:
        status = thing["status"]
        counts = [status.get(name, 0) for name in ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")]
        current = status.get("observedGeneration") == thing["metadata"]["generation"]
        return current and counts == [replicas] * 4 and not status.get("unavailableReplicas")

    return holds


def owner_of(thing: Object) -> Object:
    owners: list[Object] = thing["metadata"]["ownerReferences"]
    assert len(owners) == 1
    return owners[0]


def image_of(thing: Object) -> str:
    return str(thing["spec"]["template"]["spec"]["containers"][0]["image"])


async def complete(world: World, replicas: int) -> Object:
    return await eventually(world.deployment, rolled_out(replicas))  # type: ignore[arg-type]


async def test_a_deployment_makes_a_replica_set_which_makes_pods(api: Api, paths: Paths) -> None:
    world = World(api, paths)
    created = await world.create(replicas=2)
    pods = await eventually(world.pods, lambda pods: len(pods) == 2)
    (replicaset,) = await world.replicasets()
    template_hash = replicaset["metadata"]["labels"]["pod-template-hash"]
    assert replicaset["metadata"]["name"] == f"web-{template_hash}"
    assert replicaset["metadata"]["labels"] == {"app": "web", "pod-template-hash": template_hash}
    assert replicaset["spec"]["selector"]["matchLabels"] == {"app": "web", "pod-template-hash": template_hash}
    assert replicaset["spec"]["template"]["metadata"]["labels"] == {"app": "web", "pod-template-hash": template_hash}
    assert replicaset["metadata"]["annotations"][REVISION] == "1"
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": created["metadata"]["uid"]}
    assert owner_of(replicaset) == {**reference, "controller": True, "blockOwnerDeletion": True}
    for pod in pods:
        assert pod["metadata"]["name"].startswith(f"web-{template_hash}-")
        assert pod["metadata"]["generateName"] == f"web-{template_hash}-"
        assert pod["metadata"]["labels"] == {"app": "web", "pod-template-hash": template_hash}
        assert owner_of(pod)["uid"] == replicaset["metadata"]["uid"]
        assert (pod["status"]["phase"], pod["spec"].get("nodeName")) == ("Pending", None)


async def test_before_a_pod_is_ready_nothing_is_available(api: Api, paths: Paths) -> None:
    world = World(api, paths)
    await world.create(replicas=2)
    seen = await eventually(world.deployment, lambda each: each["status"].get("updatedReplicas") == 2)
    assert seen["status"]["observedGeneration"] == 1
    assert (seen["status"]["replicas"], seen["status"]["unavailableReplicas"]) == (2, 2)
    assert "readyReplicas" not in seen["status"]
    assert "availableReplicas" not in seen["status"]
    assert condition(seen, "Available")["reason"] == "MinimumReplicasUnavailable"
    assert (condition(seen, "Progressing")["status"], condition(seen, "Progressing")["reason"]) == ("True", "ReplicaSetUpdated")


async def test_ready_pods_complete_the_rollout(api: Api, paths: Paths, node: Node) -> None:
    world = World(api, paths)
    await world.create(replicas=2)
    async with node.attending():
        done = await complete(world, 2)
        done = await eventually(world.deployment, lambda each: condition(each, "Progressing").get("reason") == "NewReplicaSetAvailable")
    assert done["metadata"]["annotations"][REVISION] == "1"
    assert (condition(done, "Available")["status"], condition(done, "Available")["reason"]) == ("True", "MinimumReplicasAvailable")
    (replicaset,) = await world.replicasets()
    status = replicaset["status"]
    assert [status[key] for key in ("replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas")] == [2] * 4


async def test_a_pod_that_stops_being_ready_is_no_longer_counted(api: Api, paths: Paths, node: Node) -> None:
    world = World(api, paths)
    await world.create(replicas=2)
    async with node.attending():
        await complete(world, 2)
        await node.set_ready((await world.pods())[0]["metadata"]["name"], False)
        seen = await eventually(world.deployment, lambda each: each["status"].get("unavailableReplicas") == 1)
    assert (seen["status"]["readyReplicas"], seen["status"]["availableReplicas"]) == (1, 1)


async def test_a_new_image_rolls_through_a_second_replica_set(api: Api, paths: Paths, node: Node) -> None:
    world = World(api, paths)
    await world.create(replicas=2)
    async with node.attending():
        await complete(world, 2)
        (before,) = await world.replicasets()
        changed = await world.set_image(NEXT_IMAGE)
        assert changed["metadata"]["generation"] == 2
        done = await complete(world, 2)
        new, old = await eventually(world.replicasets, lambda sets: len(sets) == 2 and sets[1]["status"]["replicas"] == 0)
    assert done["metadata"]["annotations"][REVISION] == "2"
    assert (new["metadata"]["annotations"][REVISION], old["metadata"]["annotations"][REVISION]) == ("2", "1")
    assert (image_of(new), image_of(old)) == (NEXT_IMAGE, image_of(before))
    assert (new["spec"]["replicas"], old["spec"]["replicas"]) == (2, 0)
    assert old["metadata"]["uid"] == before["metadata"]["uid"]


async def test_a_rolling_update_keeps_the_wanted_number_available(api: Api, paths: Paths, node: Node) -> None:
    """Surge one, unavailable none: while the new pod is not ready, no old one goes."""
    world = World(api, paths)
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    await world.create(replicas=2, strategy=strategy)
    async with node.attending():
        await complete(world, 2)
    await world.set_image(NEXT_IMAGE)
    seen = await eventually(world.deployment, lambda each: each["status"].get("updatedReplicas") == 1)
    pods = await eventually(world.pods, lambda pods: len(pods) == 3)
    assert seen["status"]["availableReplicas"] == 2
    assert sorted(each["spec"]["replicas"] for each in await world.replicasets()) == [1, 2]
    (fresh,) = [each for each in pods if each["status"]["phase"] == "Pending"]
    await node.bind(fresh["metadata"]["name"])
    await node.run(fresh["metadata"]["name"])
    await eventually(
        world.replicasets, lambda sets: sorted(each["spec"]["replicas"] for each in sets) == [1, 2] and image_of(sets[0]) == NEXT_IMAGE
    )
    async with node.attending():
        await complete(world, 2)


async def test_going_back_to_an_earlier_template_reuses_its_replica_set(api: Api, paths: Paths, node: Node) -> None:
    world = World(api, paths)
    first_image = image_of(await world.create(replicas=1))
    async with node.attending():
        await complete(world, 1)
        (first,) = await world.replicasets()
        await world.set_image(NEXT_IMAGE)
        await complete(world, 1)
        await world.set_image(first_image)
        done = await complete(world, 1)
    newest, other = await world.replicasets()
    assert newest["metadata"]["uid"] == first["metadata"]["uid"]
    assert newest["metadata"]["annotations"][REVISION] == done["metadata"]["annotations"][REVISION] == "3"
    assert other["metadata"]["annotations"][REVISION] == "2"


async def test_only_so_many_old_replica_sets_are_kept(api: Api, paths: Paths, node: Node) -> None:
    world = World(api, paths)
    await world.create(replicas=1, revisionHistoryLimit=1)
    async with node.attending():
        for number in (2, 3, 4):
            await complete(world, 1)
            await world.set_image(f"registry.example.test/app:{number}")
        await complete(world, 1)
        sets = await eventually(world.replicasets, lambda sets: len(sets) == 2)
    assert [each["metadata"]["annotations"][REVISION] for each in sets] == ["4", "3"]


async def test_ready_is_not_available_before_min_ready_seconds(api: Api, paths: Paths, node: Node) -> None:
    world = World(api, paths)
    await world.create(replicas=1, minReadySeconds=2)
    async with node.attending():
        seen = await eventually(world.deployment, lambda each: each["status"].get("readyReplicas") == 1)
        assert "availableReplicas" not in seen["status"]
        assert seen["status"]["unavailableReplicas"] == 1
        await complete(world, 1)


async def test_a_rollout_that_makes_no_progress_says_so(api: Api, paths: Paths) -> None:
    world = World(api, paths)
    await world.create(replicas=1, progressDeadlineSeconds=1)
    seen = await eventually(world.deployment, lambda each: condition(each, "Progressing").get("status") == "False")
    assert condition(seen, "Progressing")["reason"] == "ProgressDeadlineExceeded"
    assert "has timed out progressing" in condition(seen, "Progressing")["message"]


async def test_a_paused_deployment_takes_no_new_template_but_scales(api: Api, paths: Paths, node: Node) -> None:
    world = World(api, paths)
    await world.create(replicas=1)
    async with node.attending():
        await complete(world, 1)
        await world.patch(paused=True)
        await eventually(world.deployment, lambda each: condition(each, "Progressing").get("reason") == "DeploymentPaused")
        await world.set_image(NEXT_IMAGE)
        await world.patch(replicas=2)
        seen = await eventually(world.deployment, lambda each: each["status"].get("availableReplicas") == 2)
        assert "updatedReplicas" not in seen["status"]
        assert len(await world.replicasets()) == 1
        await world.patch(paused=None)
        await complete(world, 2)
    assert image_of((await world.replicasets())[0]) == NEXT_IMAGE


async def test_scaling_to_zero_leaves_the_replica_set(api: Api, paths: Paths, node: Node) -> None:
    world = World(api, paths)
    await world.create(replicas=2)
    async with node.attending():
        await complete(world, 2)
        (await api.merge_patch(f"{world.path}/scale", {"spec": {"replicas": 0}})).ok()
        done = await complete(world, 0)
        await eventually(world.pods, lambda pods: pods == [])
    assert not done["status"].get("replicas")
    (replicaset,) = await world.replicasets()
    assert replicaset["spec"]["replicas"] == 0
    assert replicaset["metadata"]["annotations"][REVISION] == "1"


async def test_scaling_down_takes_the_pods_that_are_not_ready_first(api: Api, paths: Paths, node: Node) -> None:
    world = World(api, paths)
    await world.create(replicas=3)
    async with node.attending():
        await complete(world, 3)
        weak = (await world.pods())[1]["metadata"]["name"]
        await node.set_ready(weak, False)
        await eventually(world.deployment, lambda each: each["status"].get("readyReplicas") == 2)
        await world.patch(replicas=2)
        left = await eventually(world.pods, lambda pods: len(pods) == 2)
    assert weak not in [each["metadata"]["name"] for each in left]


async def test_a_deleted_pod_is_replaced(api: Api, paths: Paths, node: Node) -> None:
    world = World(api, paths)
    await world.create(replicas=1)
    async with node.attending():
        await complete(world, 1)
        (victim,) = await world.pods()
        (await api.delete(f"{paths.pods}/{victim['metadata']['name']}")).ok()
        (other,) = await eventually(world.pods, lambda pods: len(pods) == 1 and pods[0]["metadata"]["uid"] != victim["metadata"]["uid"])
        await complete(world, 1)
    assert owner_of(other) == owner_of(victim)


async def test_a_failed_pod_is_replaced_and_stays_to_be_looked_at(api: Api, paths: Paths, node: Node) -> None:
    world = World(api, paths)
    await world.create(replicas=1)
    async with node.attending():
        await complete(world, 1)
        (victim,) = await world.pods()
        await node.report(victim["metadata"]["name"], phase="Failed", reason="Evicted")
        pods = await eventually(world.pods, lambda pods: len(pods) == 2)
        await complete(world, 1)
    assert victim["metadata"]["name"] in [each["metadata"]["name"] for each in pods]


async def test_deleting_a_deployment_takes_everything_with_it(api: Api, paths: Paths, node: Node) -> None:
    world = World(api, paths)
    await world.create(replicas=1)
    async with node.attending():
        await complete(world, 1)
        (await api.delete(world.path, {"propagationPolicy": "Background"})).ok()
        await eventually(world.replicasets, lambda sets: sets == [])
        await eventually(world.pods, lambda pods: pods == [])


async def test_what_happens_is_told_in_events(api: Api, paths: Paths) -> None:
    world = World(api, paths)
    await world.create(replicas=1)
    await eventually(world.pods, lambda pods: len(pods) == 1)

    async def reasons() -> set[tuple[str, str]]:
        items = (await api.get(paths.events)).ok()["items"]
        return {(each["involvedObject"]["kind"], each["reason"]) for each in items}

    await eventually(reasons, lambda seen: {("Deployment", "ScalingReplicaSet"), ("ReplicaSet", "SuccessfulCreate")} <= seen)
