"""Pods: binding, status, deletion with grace, and the requests that the API server passes on: logs and proxy."""

from __future__ import annotations

import pytest

from tests.contract.conftest import As
from tests.contract.egress import WAITING, Egress, Kubelet
from tests.contract.node import Node
from tests.contract.objects import Paths, condition, pod
from tests.contract.wire import Api

ADDRESS = "10.244.210.7"


async def test_a_new_pod_is_pending(api: Api, paths: Paths) -> None:
    created = (await api.post(paths.pods, pod("one"))).ok(201)
    assert created["status"]["phase"] == "Pending"
    assert "nodeName" not in created["spec"]
    assert created["status"]["qosClass"] == "BestEffort"


async def test_binding_gives_a_pod_to_a_node_once(api: Api, paths: Paths, node: Node) -> None:
    (await api.post(paths.pods, pod("one"))).ok(201)
    target = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "one"}, "target": {"kind": "Node", "name": node.name}}
    answer = (await api.post(f"{paths.pods}/one/binding", target)).ok(201)
    assert (answer["kind"], answer["status"]) == ("Status", "Success")
    bound = (await api.get(f"{paths.pods}/one")).ok()
    assert bound["spec"]["nodeName"] == node.name
    assert condition(bound, "PodScheduled")["status"] == "True"
    (await api.post(f"{paths.pods}/one/binding", target)).refused(409, "Conflict")
    (await api.post(f"{paths.pods}/nothing/binding", {**target, "metadata": {"name": "nothing"}})).refused(404, "NotFound")


async def test_the_status_is_written_by_its_subresource_only(api: Api, paths: Paths, node: Node) -> None:
    (await api.post(paths.pods, pod("one"))).ok(201)
    await node.bind("one")
    running = await node.run("one", address=ADDRESS)
    assert (running["status"]["phase"], running["status"]["podIP"]) == ("Running", ADDRESS)
    assert running["status"]["containerStatuses"][0]["state"]["running"]
    untouched = (await api.merge_patch(f"{paths.pods}/one", {"status": {"phase": "Failed"}})).ok()
    assert untouched["status"]["phase"] == "Running"
    both = {"metadata": {"labels": {"a": "b"}}, "spec": {"nodeName": "elsewhere"}, "status": {"message": "hello"}}
    written = (await api.merge_patch(f"{paths.pods}/one/status", both)).ok()
    assert (written["status"]["message"], written["spec"]["nodeName"]) == ("hello", node.name)


async def test_a_container_status_is_replaced_as_a_whole_by_name(api: Api, paths: Paths, node: Node) -> None:
    """Container statuses are no keyed list: what a node sends is what is there afterwards."""
    (await api.post(paths.pods, pod("one"))).ok(201)
    await node.bind("one")
    await node.run("one", address=ADDRESS)
    waiting = {"reason": "CrashLoopBackOff", "message": "back-off 10s restarting failed container"}
    ended = {"exitCode": 137, "reason": "OOMKilled"}
    status = {
        "name": "app",
        "image": "registry.example.test/app:1",
        "imageID": "",
        "ready": False,
        "restartCount": 3,
        "state": {"waiting": waiting},
        "lastState": {"terminated": ended},
    }
    (reported,) = (await node.report("one", containerStatuses=[status]))["status"]["containerStatuses"]
    assert reported["state"] == {"waiting": waiting}
    assert (reported["restartCount"], reported["ready"]) == (3, False)
    assert {key: reported["lastState"]["terminated"][key] for key in ended} == ended


async def test_an_unbound_pod_is_deleted_at_once(api: Api, paths: Paths) -> None:
    (await api.post(paths.pods, pod("one", terminationGracePeriodSeconds=30))).ok(201)
    (await api.delete(f"{paths.pods}/one")).ok()
    (await api.get(f"{paths.pods}/one")).refused(404, "NotFound")


async def test_a_bound_pod_waits_for_its_node_to_finish(api: Api, paths: Paths, node: Node) -> None:
    created = (await api.post(paths.pods, pod("one", terminationGracePeriodSeconds=30))).ok(201)
    await node.bind("one")
    await node.run("one", address=ADDRESS)
    async with api.watch(paths.pods, fieldSelector="metadata.name=one") as watch:
        await watch.next()
        going = (await api.delete(f"{paths.pods}/one")).ok()
        assert going["metadata"]["deletionGracePeriodSeconds"] == 30
        assert going["metadata"]["deletionTimestamp"].endswith("Z")
        kind, _ = await watch.until(lambda _, each: "deletionTimestamp" in each["metadata"])
        assert kind == "MODIFIED"
        again = (await api.delete(f"{paths.pods}/one")).ok()
        assert again["metadata"]["deletionTimestamp"] == going["metadata"]["deletionTimestamp"]
        shorter = (await api.delete(f"{paths.pods}/one", {"gracePeriodSeconds": 2})).ok()
        assert shorter["metadata"]["deletionGracePeriodSeconds"] == 2
        await node.finish("one", uid=created["metadata"]["uid"])
        kind, _ = await watch.until(lambda kind, _: kind == "DELETED")
    (await api.get(f"{paths.pods}/one")).refused(404, "NotFound")


async def test_the_spec_of_a_pod_is_fixed_but_for_its_images(api: Api, paths: Paths) -> None:
    (await api.post(paths.pods, pod("one"))).ok(201)
    (await api.strategic_patch(f"{paths.pods}/one", {"spec": {"containers": [{"name": "app", "image": "x:2"}]}})).ok()
    answer = await api.merge_patch(f"{paths.pods}/one", {"spec": {"restartPolicy": "Never"}})
    answer.refused(422, "Invalid")


@pytest.fixture
async def running(api: Api, paths: Paths, node: Node, egress: Egress, kubelet: Kubelet) -> str:
    """A running pod behind the egress proxy; its name."""
    await node.register(address=kubelet.address, kubelet_port=kubelet.port)
    (await api.post(paths.pods, pod("one"))).ok(201)
    await node.bind("one")
    await node.run("one", address=ADDRESS)
    return "one"


async def test_logs_come_from_the_node(user: As, paths: Paths, namespace: str, running: str, kubelet: Kubelet) -> None:
    kubelet.logs[f"/containerLogs/{namespace}/{running}/app"] = "first line\nsecond line\n"
    viewer = await user("viewer")
    answer = await viewer.get(f"{paths.pods}/{running}/log", container="app")
    assert (answer.status, answer.text) == (200, "first line\nsecond line\n")
    assert answer.headers["Content-Type"].startswith("text/plain")
    answer = await viewer.get(f"{paths.pods}/{running}/log", tailLines="1", previous="true", timestamps="true", limitBytes="99")
    assert answer.status == 200
    assert kubelet.asked[-1] == {"tailLines": "1", "previous": "true", "timestamps": "true", "limitBytes": "99"}


async def test_logs_follow(api: Api, paths: Paths, namespace: str, running: str, kubelet: Kubelet) -> None:
    """Lines come as they are written, not when the log ends."""
    kubelet.logs[f"/containerLogs/{namespace}/{running}/app"] = "first line\n"
    async with api.stream(f"{paths.pods}/{running}/log", follow="true") as lines:
        assert await lines.next_line() == b"first line\n"
        kubelet.more.set()
        assert await lines.next_line() == b"one more line\n"
        assert await lines.next_line() == b""


async def test_logs_of_what_is_not_there_are_refused(api: Api, paths: Paths, running: str) -> None:
    (await api.get(f"{paths.pods}/nothing/log")).refused(404, "NotFound")
    answer = await api.get(f"{paths.pods}/{running}/log", container="other")
    assert answer.refused(400, "BadRequest")["message"] == f"container other is not valid for pod {running}"


async def test_the_node_refuses_logs_in_its_own_words(api: Api, paths: Paths, running: str) -> None:
    """A container that has not started: the node's text is what the client reads."""
    answer = await api.get(f"{paths.pods}/{running}/log")
    assert answer.refused(400, "BadRequest")["message"] == WAITING


async def test_the_proxy_reaches_the_pod(user: As, paths: Paths, running: str, egress: Egress) -> None:
    viewer = await user("viewer")
    answer = await viewer.get(f"{paths.pods}/{running}:8080/proxy/api/health", deep="yes")
    assert answer.ok() == {"method": "GET", "path": "/api/health", "query": "deep=yes"}
    assert answer.headers["X-Release"] == "v1"
    assert egress.opened[-1] == f"{ADDRESS}:8080"


async def test_the_proxy_takes_the_first_port_when_none_is_named(api: Api, paths: Paths, running: str) -> None:
    answer = await api.get(f"{paths.pods}/{running}/proxy/api/health")
    assert answer.ok()["path"] == "/api/health"


async def test_the_proxy_passes_errors_of_the_application_on(api: Api, paths: Paths, running: str) -> None:
    answer = await api.get(f"{paths.pods}/{running}:8080/proxy/broken")
    assert (answer.status, answer.text) == (503, "the application is broken")


async def test_the_proxy_says_when_nobody_answers(api: Api, paths: Paths, running: str) -> None:
    body = (await api.get(f"{paths.pods}/{running}:8081/proxy/api/health")).refused(503, "ServiceUnavailable")
    assert "error trying to reach service" in body["message"]


async def test_the_proxy_reaches_only_pods_with_an_address(api: Api, paths: Paths, node: Node) -> None:
    (await api.post(paths.pods, pod("one"))).ok(201)
    assert (await api.get(f"{paths.pods}/one:8080/proxy/")).status in (400, 503)
    (await api.get(f"{paths.pods}/nothing:8080/proxy/")).refused(404, "NotFound")


async def test_the_proxy_changes_nothing_for_a_viewer(user: As, paths: Paths, running: str) -> None:
    path = f"{paths.pods}/{running}:8080/proxy/api/health"
    for name in ("viewer", "operator"):
        (await (await user(name)).post(path, {})).refused(403, "Forbidden")
    answer = await (await user("admin")).post(path, {})
    assert answer.ok()["method"] == "POST"
