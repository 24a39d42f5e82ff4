"""EndpointSlices: what a Service selects, whether it is ready, and how that follows pods and a switch."""

from __future__ import annotations

from typing import Any

from tests.contract.node import Node
from tests.contract.objects import Object, Paths, pod, service
from tests.contract.wire import Api, eventually

SERVICE_NAME = "kubernetes.io/service-name"


async def endpoints(api: Api, paths: Paths) -> dict[str, Object]:
    """The endpoints of the Service `web`, by pod name."""
    slices = (await api.get(paths.endpointslices, labelSelector=f"{SERVICE_NAME}=web")).ok()["items"]
    return {each["targetRef"]["name"]: each for one in slices for each in one["endpoints"] or []}


async def conditions(api: Api, paths: Paths) -> dict[str, tuple[bool, bool, bool]]:
    """Ready, serving and terminating of each endpoint, by pod name."""
    found = await endpoints(api, paths)
    return {name: tuple(each["conditions"][key] for key in ("ready", "serving", "terminating")) for name, each in found.items()}


async def started(api: Api, paths: Paths, node: Node, name: str, slot: str, *, ready: bool = True, **spec: Any) -> Object:
    """A running pod of a slot."""
    (await api.post(paths.pods, pod(name, {"app": "web", "slot": slot}, **spec))).ok(201)
    await node.bind(name)
    return await node.run(name, ready=ready)


async def test_a_ready_pod_becomes_an_endpoint(api: Api, paths: Paths, node: Node, namespace: str) -> None:
    created = (await api.post(paths.services, service("web", {"slot": "blue"}))).ok(201)
    running = await started(api, paths, node, "one", "blue")
    found = await eventually(lambda: endpoints(api, paths), lambda each: "one" in each)
    assert found["one"]["addresses"] == [running["status"]["podIP"]]
    assert found["one"]["nodeName"] == node.name
    reference = found["one"]["targetRef"]
    assert reference == {"kind": "Pod", "name": "one", "namespace": namespace, "uid": running["metadata"]["uid"]}
    (one,) = (await api.get(paths.endpointslices)).ok()["items"]
    assert one["metadata"]["name"].startswith("web-")
    assert one["metadata"]["labels"][SERVICE_NAME] == "web"
    assert one["metadata"]["labels"]["endpointslice.kubernetes.io/managed-by"] == "endpointslice-controller.k8s.io"
    assert one["metadata"]["ownerReferences"][0]["uid"] == created["metadata"]["uid"]
    assert one["addressType"] == "IPv4"
    assert one["ports"] == [{"name": "http", "port": 8080, "protocol": "TCP"}]


async def test_readiness_is_followed(api: Api, paths: Paths, node: Node) -> None:
    (await api.post(paths.services, service("web", {"slot": "blue"}))).ok(201)
    await started(api, paths, node, "one", "blue", ready=False)
    await eventually(lambda: conditions(api, paths), lambda each: each == {"one": (False, False, False)})
    await node.set_ready("one", True)
    await eventually(lambda: conditions(api, paths), lambda each: each == {"one": (True, True, False)})
    await node.set_ready("one", False)
    await eventually(lambda: conditions(api, paths), lambda each: each == {"one": (False, False, False)})


async def test_a_pod_without_an_address_is_no_endpoint(api: Api, paths: Paths, node: Node) -> None:
    (await api.post(paths.services, service("web", {"slot": "blue"}))).ok(201)
    (await api.post(paths.pods, pod("pending", {"slot": "blue"}))).ok(201)
    await started(api, paths, node, "one", "blue")
    assert set(await eventually(lambda: endpoints(api, paths), lambda each: each)) == {"one"}


async def test_a_switch_replaces_all_endpoints(api: Api, paths: Paths, node: Node) -> None:
    (await api.post(paths.services, service("web", {"slot": "blue"}))).ok(201)
    for name in ("blue-1", "blue-2", "green-1", "green-2"):
        await started(api, paths, node, name, name.partition("-")[0])
    await eventually(lambda: conditions(api, paths), lambda each: set(each) == {"blue-1", "blue-2"})
    (await api.json_patch(f"{paths.services}/web", {"op": "replace", "path": "/spec/selector/slot", "value": "green"})).ok()
    seen = await eventually(lambda: conditions(api, paths), lambda each: set(each) == {"green-1", "green-2"})
    assert set(seen.values()) == {(True, True, False)}


async def test_a_pod_that_is_going_away_serves_on_but_is_not_ready(api: Api, paths: Paths, node: Node) -> None:
    (await api.post(paths.services, service("web", {"slot": "blue"}))).ok(201)
    running = await started(api, paths, node, "one", "blue", terminationGracePeriodSeconds=30)
    await eventually(lambda: conditions(api, paths), lambda each: each == {"one": (True, True, False)})
    (await api.delete(f"{paths.pods}/one")).ok()
    await eventually(lambda: conditions(api, paths), lambda each: each == {"one": (False, True, True)})
    await node.finish("one", uid=running["metadata"]["uid"])
    await eventually(lambda: conditions(api, paths), lambda each: each == {})


async def test_a_pod_that_has_ended_is_no_endpoint(api: Api, paths: Paths, node: Node) -> None:
    (await api.post(paths.services, service("web", {"slot": "blue"}))).ok(201)
    await started(api, paths, node, "one", "blue")
    await eventually(lambda: endpoints(api, paths), lambda each: "one" in each)
    ended = {"type": "Ready", "status": "False", "reason": "PodFailed"}
    await node.report("one", phase="Failed", conditions=[ended])
    await eventually(lambda: endpoints(api, paths), lambda each: not each)


async def test_a_service_that_selects_nothing_has_an_empty_slice(api: Api, paths: Paths) -> None:
    (await api.post(paths.services, service("web", {"slot": "nobody"}))).ok(201)

    async def slices() -> list[Object]:
        found: list[Object] = (await api.get(paths.endpointslices, labelSelector=f"{SERVICE_NAME}=web")).ok()["items"]
        return found

    (one,) = await eventually(slices, lambda found: found)
    assert not one["endpoints"]
    (await api.delete(f"{paths.services}/web")).ok()
    await eventually(slices, lambda found: not found)


async def test_a_named_port_is_looked_up_in_the_pod(api: Api, paths: Paths, node: Node) -> None:
    body = service("web", {"slot": "blue"})
    body["spec"]["ports"] = [{"name": "metrics", "port": 9000, "targetPort": 9090}, {"name": "http", "port": 80, "targetPort": "http"}]
    (await api.post(paths.services, body)).ok(201)
    await started(api, paths, node, "one", "blue")

    async def ports() -> list[tuple[str, int]]:
        slices = (await api.get(paths.endpointslices)).ok()["items"]
        return sorted((each["name"], each["port"]) for one in slices for each in one["ports"] or [])

    await eventually(ports, lambda seen: seen == [("http", 8080), ("metrics", 9090)])
