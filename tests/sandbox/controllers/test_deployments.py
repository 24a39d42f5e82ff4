"""Deployments through their ReplicaSets, with a node played by hand and a clock that is moved."""

from __future__ import annotations

from console.sandbox.apiserver.resources import DEPLOYMENTS, PODS, QUOTAS, REPLICA_SETS
from tests.sandbox.controllers.cluster import Cluster
from tests.sandbox.waiting import until


async def test_a_deployment_becomes_available() -> None:
    async with Cluster.running() as cluster:
        cluster.deploy(replicas=3)
        await until(lambda: len(cluster.all(PODS)) == 3)
        assert cluster.condition("Available") == ("False", "MinimumReplicasUnavailable")
        await cluster.complete()
        assert cluster.condition("Available") == ("True", "MinimumReplicasAvailable")
        await until(lambda: cluster.condition("Progressing") == ("True", "NewReplicaSetAvailable"))
        assert {"ScalingReplicaSet", "SuccessfulCreate"} <= cluster.reasons()


async def test_minReadySeconds_are_waited_for() -> None:
    async with Cluster.running() as cluster:
        cluster.deploy(replicas=1, minReadySeconds=1)
        await until(lambda: len(cluster.all(PODS)) == 1)
        cluster.run_pods()
        await until(lambda: cluster.get(DEPLOYMENTS, "web")["status"].get("readyReplicas") == 1)
        assert "availableReplicas" not in cluster.get(DEPLOYMENTS, "web")["status"]
        cluster.clock.forward(1)
        await until(lambda: cluster.get(DEPLOYMENTS, "web")["status"].get("availableReplicas") == 1)


async def test_a_rollout_and_the_way_back_reuse_the_first_replica_set() -> None:
    async with Cluster.running() as cluster:
        cluster.deploy()
        await cluster.complete()
        cluster.set_image("x:2")
        await cluster.complete()
        assert (cluster.images(), cluster.sizes()) == (["x:2", "x:2"], {"1": 0, "2": 2})
        cluster.set_image("x:1")
        await cluster.complete()
        assert (cluster.images(), cluster.sizes()) == (["x:1", "x:1"], {"2": 0, "3": 2})
        (back,) = [each for each in cluster.all(REPLICA_SETS) if each["spec"]["replicas"]]
        assert back["metadata"]["annotations"]["deployment.kubernetes.io/revision-history"] == "1"
        assert cluster.get(DEPLOYMENTS, "web")["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "3"


async def test_a_template_that_does_not_come_up_keeps_the_old_pods_and_misses_its_deadline() -> None:
    async with Cluster.running() as cluster:
        cluster.deploy(replicas=4, progressDeadlineSeconds=30)
        await cluster.complete()
        cluster.set_image("x:broken")
        await until(lambda: cluster.images() == ["x:1"] * 3 + ["x:broken"] * 2)
        cluster.run_pods(ready=False)
        await until(lambda: cluster.get(DEPLOYMENTS, "web")["status"]["updatedReplicas"] == 2)
        assert cluster.condition("Progressing") == ("True", "ReplicaSetUpdated")
        cluster.clock.forward(31)
        cluster.change(DEPLOYMENTS, "web", lambda live: live["metadata"].setdefault("labels", {}).update(touched="yes"))
        await until(lambda: cluster.condition("Progressing") == ("False", "ProgressDeadlineExceeded"))
        assert cluster.condition("Available") == ("True", "MinimumReplicasAvailable")
        assert cluster.images() == ["x:1"] * 3 + ["x:broken"] * 2


async def test_recreate_stops_all_pods_before_it_starts_new_ones() -> None:
    async with Cluster.running() as cluster:
        cluster.deploy(strategy={"type": "Recreate"})
        await cluster.complete()
        cluster.set_image("x:2")
        await until(lambda: all("deletionTimestamp" in pod["metadata"] for pod in cluster.all(PODS)))
        assert len(cluster.all(REPLICA_SETS)) == 1
        await cluster.complete()
        assert cluster.images() == ["x:2", "x:2"]


async def test_a_paused_deployment_scales_but_does_not_roll() -> None:
    async with Cluster.running() as cluster:
        cluster.deploy()
        await cluster.complete()
        cluster.change(DEPLOYMENTS, "web", lambda live: live["spec"].update(paused=True))
        cluster.set_image("x:2")
        await until(lambda: cluster.condition("Progressing") == ("Unknown", "DeploymentPaused"))
        cluster.change(DEPLOYMENTS, "web", lambda live: live["spec"].update(replicas=4))
        await until(lambda: cluster.images() == ["x:1"] * 4)
        cluster.change(DEPLOYMENTS, "web", lambda live: live["spec"].update(paused=False))
        await cluster.complete()
        assert cluster.images() == ["x:2"] * 4


async def test_scaling_down_removes_what_serves_nobody_first() -> None:
    async with Cluster.running() as cluster:
        cluster.deploy(replicas=2)
        await cluster.complete()
        good = {pod["metadata"]["name"] for pod in cluster.all(PODS)}
        cluster.change(DEPLOYMENTS, "web", lambda live: live["spec"].update(replicas=4))
        await until(lambda: len(cluster.all(PODS)) == 4)
        cluster.run_pods(ready=False)
        cluster.change(DEPLOYMENTS, "web", lambda live: live["spec"].update(replicas=2))
        await until(lambda: sum("deletionTimestamp" in pod["metadata"] for pod in cluster.all(PODS)) == 2)
        assert {pod["metadata"]["name"] for pod in cluster.all(PODS) if "deletionTimestamp" not in pod["metadata"]} == good


async def test_history_is_kept_to_its_limit() -> None:
    async with Cluster.running() as cluster:
        cluster.deploy(replicas=1, revisionHistoryLimit=1)
        await cluster.complete()
        for number in range(2, 6):
            cluster.set_image(f"x:{number}")
            await cluster.complete()
        await until(lambda: set(cluster.sizes()) == {"4", "5"})


async def test_a_quota_that_is_used_up_is_told_in_events_and_conditions() -> None:
    async with Cluster.running() as cluster:
        cluster.create(QUOTAS, {"metadata": {"name": "tight"}, "spec": {"hard": {"pods": "1"}}})
        cluster.deploy(replicas=3)
        await until(lambda: cluster.condition("ReplicaFailure") == ("True", "FailedCreate"))
        assert len(cluster.all(PODS)) == 1
        messages = [each["message"] for each in cluster.get(DEPLOYMENTS, "web")["status"]["conditions"] if each["type"] == "ReplicaFailure"]
        assert messages[0].endswith("exceeded quota: tight, requested: pods=1, used: pods=1, limited: pods=1")
        assert "FailedCreate" in cluster.reasons()
        await until(lambda: cluster.get(QUOTAS, "tight")["status"] == {"hard": {"pods": "1"}, "used": {"pods": "1"}})
        cluster.change(QUOTAS, "tight", lambda live: live["spec"]["hard"].update(pods="5"))
        await until(lambda: len(cluster.all(PODS)) == 3)
        await until(lambda: cluster.condition("ReplicaFailure") == ("", ""))


async def test_an_orphaned_replica_set_is_adopted_again() -> None:
    async with Cluster.running() as cluster:
        cluster.deploy()
        await cluster.complete()
        (before,) = cluster.all(REPLICA_SETS)
        cluster.change(REPLICA_SETS, before["metadata"]["name"], lambda live: live["metadata"].pop("ownerReferences"))
        await until(lambda: "ownerReferences" in cluster.get(REPLICA_SETS, before["metadata"]["name"])["metadata"])
        assert len(cluster.all(REPLICA_SETS)) == 1


async def test_a_deleted_pod_is_replaced() -> None:
    async with Cluster.running() as cluster:
        cluster.deploy(replicas=1)
        await cluster.complete()
        (pod,) = cluster.all(PODS)
        cluster.registry.delete(PODS, ("default", pod["metadata"]["name"]))
        await until(lambda: len(cluster.all(PODS)) == 2)
        await cluster.complete()
        assert pod["metadata"]["name"] not in {each["metadata"]["name"] for each in cluster.all(PODS)}
