"""EndpointSlices: who is reached, and in which state."""

from __future__ import annotations

from typing import Any

from console.sandbox.apiserver.resources import DEPLOYMENTS, ENDPOINT_SLICES, PODS, SERVICES
from console.sandbox.apiserver.writes import Deletion
from tests.sandbox.apiserver.parts import NAMESPACE
from tests.sandbox.controllers.cluster import Cluster
from tests.sandbox.waiting import until


def endpoints(cluster: Cluster) -> dict[str, tuple[bool, bool, bool]]:
    """Address to ready, serving and terminating."""
    found: dict[str, tuple[bool, bool, bool]] = {}
    for each in cluster.all(ENDPOINT_SLICES):
        for endpoint in each["endpoints"] or ():
            state = endpoint["conditions"]
            found[endpoint["addresses"][0]] = (state["ready"], state["serving"], state["terminating"])
    return found


def service(*ports: dict[str, Any], **selector: str) -> dict[str, Any]:
    return {"metadata": {"name": "svc", "labels": {"mine": "yes"}}, "spec": {"selector": selector, "ports": list(ports)}}


async def test_a_slice_follows_its_pods() -> None:
    async with Cluster.running() as cluster:
        cluster.create(SERVICES, service({"port": 80, "targetPort": 8080}, app="web"))
        await until(lambda: len(cluster.all(ENDPOINT_SLICES)) == 1)
        cluster.deploy()
        await cluster.complete()
        await until(lambda: list(endpoints(cluster).values()) == [(True, True, False)] * 2)
        (found,) = cluster.all(ENDPOINT_SLICES)
        assert found["ports"] == [{"name": "", "protocol": "TCP", "port": 8080}]
        assert found["metadata"]["labels"]["kubernetes.io/service-name"] == "svc"
        assert found["metadata"]["labels"]["mine"] == "yes"
        pod = cluster.all(PODS)[0]
        cluster.registry.delete(PODS, (NAMESPACE, pod["metadata"]["name"]))
        await until(lambda: endpoints(cluster)[pod["status"]["podIP"]] == (False, True, True))
        cluster.registry.delete(PODS, (NAMESPACE, pod["metadata"]["name"]), Deletion(grace=0))
        await until(lambda: pod["status"]["podIP"] not in endpoints(cluster))


async def test_moving_the_selector_moves_the_endpoints() -> None:
    async with Cluster.running() as cluster:
        cluster.create(SERVICES, service({"port": 80}, app="web"))
        cluster.deploy()
        await cluster.complete()
        await until(lambda: len(endpoints(cluster)) == 2)
        cluster.change(SERVICES, "svc", lambda live: live["spec"]["selector"].update(version="green"))
        await until(lambda: endpoints(cluster) == {})
        cluster.change(SERVICES, "svc", lambda live: live["spec"]["selector"].pop("version"))
        await until(lambda: len(endpoints(cluster)) == 2)


async def test_a_named_port_is_looked_up_in_each_pod() -> None:
    async with Cluster.running() as cluster:
        cluster.create(SERVICES, service({"name": "http", "port": 80, "targetPort": "web"}, app="web"))
        cluster.deploy(replicas=1)
        cluster.change(
            DEPLOYMENTS,
            "web",
            lambda live: live["spec"]["template"]["spec"]["containers"][0].update(ports=[{"name": "web", "containerPort": 9000}]),
        )
        await cluster.complete()
        await until(lambda: [port["port"] for each in cluster.all(ENDPOINT_SLICES) for port in each["ports"] or ()] == [9000])


async def test_a_service_without_selector_has_no_slices_of_ours() -> None:
    async with Cluster.running() as cluster:
        cluster.create(SERVICES, {"metadata": {"name": "bare"}, "spec": {"ports": [{"port": 80}]}})
        cluster.create(SERVICES, service({"port": 80}, app="web"))
        await until(lambda: len(cluster.all(ENDPOINT_SLICES)) == 1)
        cluster.change(SERVICES, "svc", lambda live: live["spec"].pop("selector"))
        await until(lambda: not cluster.all(ENDPOINT_SLICES))


async def test_many_pods_are_spread_over_slices_and_shrink_again() -> None:
    async with Cluster.running() as cluster:
        cluster.create(SERVICES, service({"port": 80}, app="web"))
        cluster.deploy(replicas=120)
        await cluster.complete()
        await until(lambda: len(endpoints(cluster)) == 120)
        assert sorted(len(each["endpoints"]) for each in cluster.all(ENDPOINT_SLICES)) == [20, 100]
        cluster.change(DEPLOYMENTS, "web", lambda live: live["spec"].update(replicas=3))
        await cluster.complete()

        def is_small() -> bool:
            cluster.run_pods()
            return len(cluster.all(ENDPOINT_SLICES)) == 1 and len(endpoints(cluster)) == 3

        await until(is_small)
