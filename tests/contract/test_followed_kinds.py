"""Every kind the console follows: listed in pages and watched from that version, with the rights of a viewer."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.contract.conftest import As
from tests.contract.objects import Object, Paths, configmap, deployment, job, lease, names, pod, service
from tests.contract.wire import Api


def quota(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": name}, "spec": {"hard": {"pods": "10"}}}


def autoscaler(name: str) -> Object:
    spec = {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}, "maxReplicas": 3}
    return {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": name}, "spec": spec}


def endpointslice(name: str) -> Object:
    metadata = {"name": name, "labels": {"kubernetes.io/service-name": name}}
    body = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": metadata, "addressType": "IPv4"}
    return {**body, "ports": [{"name": "http", "port": 80}], "endpoints": [{"addresses": ["10.244.9.9"]}]}


def replicaset(name: str) -> Object:
    body = deployment(name, replicas=0)
    return {**body, "kind": "ReplicaSet"}


def event(name: str) -> Object:
    body = {"apiVersion": "v1", "kind": "Event", "metadata": {"name": name}, "reason": "Example", "message": "something happened"}
    return {**body, "type": "Normal", "involvedObject": {"kind": "Pod", "name": name}}


def lease_of_somebody(name: str) -> Object:
    return lease(name, "somebody")


KINDS: dict[str, Callable[[str], Object]] = {
    "pods": pod,
    "services": lambda name: service(name, {"app": name}),
    "configmaps": configmap,
    "events": event,
    "quotas": quota,
    "deployments": deployment,
    "replicasets": replicaset,
    "endpointslices": endpointslice,
    "leases": lease_of_somebody,
    "jobs": lambda name: job(name, suspend=True),
    "autoscalers": autoscaler,
}


@pytest.mark.parametrize("plural", list(KINDS))
async def test_a_kind_is_listed_and_followed(user: As, api: Api, paths: Paths, namespace: str, plural: str) -> None:
    path, viewer, make = getattr(paths, plural), await user("viewer"), KINDS[plural]
    body = make("first")
    if plural == "events":
        body["involvedObject"]["namespace"] = namespace
    (await api.post(path, body)).ok(201)
    page = (await viewer.get(path, limit="500")).ok()
    assert page["kind"] == f"{body['kind']}List"
    assert "first" in names(page)
    version = page["metadata"]["resourceVersion"]
    parameters = {"resourceVersion": version, "allowWatchBookmarks": "true", "timeoutSeconds": "60"}
    async with viewer.watch(path, **parameters) as watch:
        (await api.merge_patch(f"{path}/first", {"metadata": {"annotations": {"example.test/seen": "yes"}}})).ok()
        kind, seen = await watch.until(lambda _, each: "example.test/seen" in each["metadata"].get("annotations", {}))
        assert (kind, seen["metadata"]["name"], seen["kind"]) == ("MODIFIED", "first", body["kind"])
        assert seen["apiVersion"] == body["apiVersion"]
        assert int(seen["metadata"]["resourceVersion"]) > int(version)
        (await api.delete(f"{path}/first", {"propagationPolicy": "Background", "gracePeriodSeconds": 0})).ok()
        kind, _ = await watch.until(lambda kind, each: kind == "DELETED" and each["metadata"]["name"] == "first")
