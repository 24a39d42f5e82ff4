"""What goes with its owner, what waits for its dependents, and how a namespace is emptied."""

from __future__ import annotations

import pytest

from console.sandbox.apiserver.errors import ApiError
from console.sandbox.apiserver.resources import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    JOBS,
    NAMESPACES,
    PODS,
    REPLICA_SETS,
    SERVICE_ACCOUNTS,
    Object,
)
from console.sandbox.apiserver.writes import Deletion
from tests.sandbox.apiserver.parts import NAMESPACE, WRITE
from tests.sandbox.controllers.cluster import Cluster
from tests.sandbox.waiting import until

WEB = (NAMESPACE, "web")


async def test_in_the_background_everything_goes_after_its_owner() -> None:
    async with Cluster.running() as cluster:
        cluster.deploy()
        await cluster.complete()
        cluster.registry.delete(DEPLOYMENTS, WEB)
        assert not cluster.there(DEPLOYMENTS, "web")
        await until(lambda: not cluster.all(REPLICA_SETS))
        await until(lambda: all("deletionTimestamp" in pod["metadata"] for pod in cluster.all(PODS)))
        cluster.run_pods()
        assert cluster.all(PODS) == []


async def test_in_the_foreground_the_owner_waits_for_its_dependents() -> None:
    async with Cluster.running() as cluster:
        cluster.deploy()
        await cluster.complete()
        cluster.registry.delete(DEPLOYMENTS, WEB, Deletion(policy="Foreground"))
        await until(lambda: all("deletionTimestamp" in pod["metadata"] for pod in cluster.all(PODS)))
        assert cluster.there(DEPLOYMENTS, "web")
        assert len(cluster.all(REPLICA_SETS)) == 1

        def is_gone() -> bool:
            cluster.run_pods()
            return not cluster.there(DEPLOYMENTS, "web")

        await until(is_gone)
        assert cluster.all(REPLICA_SETS) == []


async def test_orphans_stay() -> None:
    async with Cluster.running() as cluster:
        cluster.deploy()
        await cluster.complete()
        cluster.registry.delete(DEPLOYMENTS, WEB, Deletion(policy="Orphan"))
        await until(lambda: not cluster.there(DEPLOYMENTS, "web"))
        (left,) = cluster.all(REPLICA_SETS)
        assert "ownerReferences" not in left["metadata"]
        assert len(cluster.all(PODS)) == 2


async def test_what_names_an_owner_that_is_not_there_goes() -> None:
    async with Cluster.running() as cluster:
        owner = cluster.create(CONFIG_MAPS, {"metadata": {"name": "owner"}})
        references = [
            {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner.uid},
            {"apiVersion": "v1", "kind": "ConfigMap", "name": "gone", "uid": "00000000-0000-0000-0000-000000000000"},
        ]
        cluster.create(CONFIG_MAPS, {"metadata": {"name": "orphan", "ownerReferences": references[1:]}})
        cluster.create(CONFIG_MAPS, {"metadata": {"name": "half", "ownerReferences": references}})
        await until(lambda: not cluster.there(CONFIG_MAPS, "orphan"))
        await until(lambda: len(cluster.get(CONFIG_MAPS, "half")["metadata"]["ownerReferences"]) == 1)


async def test_a_namespace_begins_furnished_and_ends_empty() -> None:
    async with Cluster.running() as cluster:
        registry = cluster.registry
        registry.create(NAMESPACES, "", {"metadata": {"name": "n"}}, WRITE)
        await until(lambda: [each["metadata"]["name"] for each in cluster.all(SERVICE_ACCOUNTS, "n")] == ["default"])
        held: Object = {"metadata": {"name": "held", "finalizers": ["example.test/hold"]}}
        registry.create(CONFIG_MAPS, "n", held, WRITE)
        registry.delete(NAMESPACES, ("", "n"))
        await until(lambda: not cluster.all(SERVICE_ACCOUNTS, "n"))
        assert registry.find(NAMESPACES, ("", "n")).body["status"]["phase"] == "Terminating"
        with pytest.raises(ApiError, match="because it is being terminated") as refusal:
            registry.create(CONFIG_MAPS, "n", {"metadata": {"name": "late"}}, WRITE)
        assert (refusal.value.code, (refusal.value.details or {})["causes"][0]["reason"]) == (403, "NamespaceTerminating")
        registry.update(CONFIG_MAPS, ("n", "held"), _without_finalizers, WRITE)
        await until(lambda: registry.store.of(NAMESPACES).get(("", "n")) is None)


def _without_finalizers(live: Object) -> Object:
    live["metadata"]["finalizers"] = []
    return live


def job(**spec: object) -> Object:
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "x"}]}}
    return {"metadata": {"name": "job"}, "spec": {"template": template, **spec}}


async def test_a_job_runs_to_its_end_and_its_pods_are_counted_however_they_end() -> None:
    async with Cluster.running() as cluster:
        cluster.create(JOBS, job(completions=2, parallelism=2, backoffLimit=3))
        await until(lambda: len(cluster.all(PODS)) == 2)
        cluster.run_pods()
        first, second = cluster.all(PODS)
        cluster.end_pod(first, "Failed")
        cluster.end_pod(second, "Succeeded")
        await until(lambda: cluster.get(JOBS, "job")["status"].get("succeeded") == 1)
        assert cluster.get(JOBS, "job")["status"]["failed"] == 1
        await until(lambda: len(cluster.all(PODS)) == 3, what="a success ends the pause after the failure")
        cluster.run_pods()
        (third,) = [pod for pod in cluster.all(PODS) if pod["status"]["phase"] == "Running"]
        cluster.end_pod(third, "Succeeded")
        await until(lambda: cluster.condition("Complete", resource=JOBS, name="job") == ("True", "CompletionsReached"))
        assert "Completed" in cluster.reasons()
        assert not any(pod["metadata"].get("finalizers") for pod in cluster.all(PODS))


async def test_a_job_that_fails_too_often_stops_its_other_pods() -> None:
    async with Cluster.running() as cluster:
        cluster.create(JOBS, job(completions=2, parallelism=2, backoffLimit=0))
        await until(lambda: len(cluster.all(PODS)) == 2)
        cluster.run_pods()
        cluster.end_pod(cluster.all(PODS)[0], "Failed")
        await until(lambda: cluster.condition("FailureTarget", resource=JOBS, name="job")[0] == "True")
        assert cluster.condition("Failed", resource=JOBS, name="job") == ("", "")
        cluster.end_pod(cluster.all(PODS)[1], "Failed")

        def has_failed() -> bool:
            cluster.run_pods()
            return cluster.condition("Failed", resource=JOBS, name="job") == ("True", "BackoffLimitExceeded")

        await until(has_failed)


async def test_pods_of_a_job_that_is_deleted_go_with_it() -> None:
    async with Cluster.running() as cluster:
        cluster.create(JOBS, job())
        await until(lambda: len(cluster.all(PODS)) == 1)
        cluster.registry.delete(JOBS, (NAMESPACE, "job"), Deletion(policy="Background"))
        await until(lambda: not cluster.all(PODS))
