"""Logs and health of pods through the API server, its own failures told apart from the pod's."""

from __future__ import annotations

import asyncio

import pytest

from console.cluster import errors
from console.cluster.log_tap import Tap
from console.cluster.logs import LogFollower, LogPlace
from console.domain.world import ContainerState, Pod
from console.probes.answer import Failure, Reply
from console.probes.pods import ask
from tests.cluster.conftest import Connect
from tests.contract.egress import Egress, Kubelet
from tests.contract.node import Node
from tests.contract.objects import Paths, pod
from tests.contract.wire import Api
from tests.sandbox.waiting import until

ADDRESS = "10.244.210.7"


@pytest.fixture
async def running(api: Api, paths: Paths, node: Node, egress: Egress, kubelet: Kubelet) -> str:
    """A running pod that can be reached; its name."""
    await node.register(address=kubelet.address, kubelet_port=kubelet.port)
    (await api.post(paths.pods, pod("one"))).ok(201)
    await node.bind("one")
    await node.run("one", address=ADDRESS)
    return "one"


async def test_a_running_pod_is_read(cluster: Connect, running: str) -> None:
    found = (await (await cluster("viewer")).observe(["Pod"])).pods[running]
    assert isinstance(found, Pod)
    assert (found.phase, found.ip, found.ready) == ("Running", ADDRESS, True)
    assert [(c.name, c.state) for c in found.containers] == [("app", "running")]


async def test_a_log_and_that_of_the_container_before(cluster: Connect, namespace: str, running: str, kubelet: Kubelet) -> None:
    kubelet.logs[f"/containerLogs/{namespace}/{running}/app"] = "first\nsecond \xe9\n"
    kube = await cluster("viewer")
    assert await kube.pod_log(running, "app", tail=7) == "first\nsecond \xe9\n"
    assert kubelet.asked[-1] == {"tailLines": "7"}
    await kube.pod_log(running, "app", previous=True)
    assert kubelet.asked[-1] == {"tailLines": "200", "previous": "true"}


async def test_a_log_is_followed_as_it_is_written(cluster: Connect, namespace: str, running: str, kubelet: Kubelet) -> None:
    log = f"/containerLogs/{namespace}/{running}/app"
    kubelet.logs[log] = "2026-03-01T02:41:00.5Z first\n2026-03-01T02:41:01.5Z second\n"
    kube, tap, seen = await cluster("viewer"), Tap(), list[str]()
    container = ContainerState("app", state="running")
    place = LogPlace(namespace, running, "app", tail=7)
    follower = LogFollower(kube.client, place, tap, container=lambda: container, state=lambda state, why: seen.append(state))
    task = asyncio.create_task(follower.run())
    try:
        assert await taken(tap, 2) == ["first", "second"]
        assert seen == ["following"]
        kubelet.more.set()
        assert await taken(tap, 1) == ["one more line"]
        await until(lambda: len(kubelet.asked) > 1, within=10, what="the log is asked for again when its answer has ended")
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert kubelet.asked[0] == {"follow": "true", "timestamps": "true", "tailLines": "7"}
    assert kubelet.asked[1] == {"follow": "true", "timestamps": "true", "sinceTime": "2026-03-01T02:41:01Z"}


async def taken(tap: Tap, count: int) -> list[str]:
    """The next lines."""
    found: list[str] = []
    async with asyncio.timeout(10):
        while len(found) < count:
            found += [text for _, text, _ in tap.take(100)]
            await asyncio.sleep(0.01)
    return found


async def test_a_log_that_does_not_exist_yet_is_refused_in_the_nodes_words(cluster: Connect, running: str) -> None:
    with pytest.raises(errors.BadRequest, match="waiting to start: ContainerCreating"):
        await (await cluster("viewer")).pod_log(running, "app")


async def test_a_pod_answers_through_the_api_server_even_read_only(cluster: Connect, running: str) -> None:
    kube = await cluster("operator read-only")
    status, headers, body = await kube.pod_get(running, 8080, "/api/health?deep=yes", 5.0)
    assert status == 200
    assert headers["X-Release"] == "v1"
    assert b'"path": "/api/health"' in body
    assert b'"query": "deep=yes"' in body


async def test_what_the_pod_says_is_no_error_of_the_api_server(cluster: Connect, running: str) -> None:
    kube = await cluster("viewer")
    assert (await kube.pod_get(running, 8080, "/broken", 5.0))[::2] == (503, b"the application is broken")
    said = await ask(kube.pod_get, running, 8080, "/broken", timeout=5.0)
    assert isinstance(said, Reply)
    assert said.status == 503


async def test_a_pod_that_does_not_answer_is_a_failure_of_the_pod(cluster: Connect, running: str) -> None:
    kube = await cluster("viewer")
    with pytest.raises(errors.ServerFault, match="error trying to reach service"):
        await kube.pod_get(running, 8081, "/", 5.0)
    said = await ask(kube.pod_get, running, 8081, "/", timeout=5.0)
    assert isinstance(said, Failure)
    assert said.label == "refused"


async def test_a_pod_that_is_gone_was_not_asked(cluster: Connect) -> None:
    said = await ask((await cluster("viewer")).pod_get, "gone", 8080, "/", timeout=5.0)
    assert isinstance(said, Failure)
    assert said.label == "skipped"
