"""Bytes that are no Kubernetes: whatever is asked, a sentence comes of it, and a watch goes on."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import pytest

from console.cluster.errors import Unreachable
from console.cluster.kube import KubeCluster
from console.cluster.stream_health import Pauses
from console.cluster.watch import follow
from console.domain.change import Create, ServerApply
from console.domain.errors import PortError
from console.domain.ids import Epoch
from console.domain.world import Listed, Upserted
from console.engine.ports import AccessRule, LeaseState
from tests.cluster.support import PODS, client_of, decode, listing, thing
from tests.scripted import Reply, Request, forever, scripted
from tests.support.faults import fault

MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web"}, "data": {}}
QUESTIONS: dict[str, Callable[[KubeCluster], Awaitable[object]]] = {
    "observe": lambda kube: kube.observe(("Pod",)),
    "get a service": lambda kube: kube.get_service("web"),
    "get a deployment": lambda kube: kube.get_deployment("web"),
    "who we are": lambda kube: kube.identity(),
    "what we may": lambda kube: kube.may([AccessRule("get", "pods")]),
    "which namespace": lambda kube: kube.fingerprint(),
    "who drives": lambda kube: kube.lease("bluegreen-web"),
}
CHANGES: dict[str, Callable[[KubeCluster], Awaitable[object]]] = {
    "write": lambda kube: kube.write(Create("ConfigMap", "web", MAP)),
    "apply": lambda kube: kube.write(ServerApply("ConfigMap", "web", MAP)),
    "take the lease": lambda kube: kube.put_lease("bluegreen-web", LeaseState("alice", Epoch(1))),
    "keep the lease": lambda kube: kube.put_lease("bluegreen-web", LeaseState("alice", Epoch(1), resource_version="7")),
}
BODIES = {
    "half of it": b'{"kind":"Service","metadata":{"name":"web","la',
    "no JSON": b"\x00\x01 what?",
    "no UTF-8": b'{"metadata":{"name":"we\xff\xfe"},"items":[{"metadata":{"name":"we\xff\xfe"}}],"status":"\xff"}',
    "another type": b'{"metadata":5,"items":5,"status":5}',
    "nothing": b"",
}


@fault(
    "an answer's body is cut off, garbled or empty although its status says 200",
    group="the cluster",
    sees="the sentence `the answer cannot be read` in the step's progress",
    does="asks a question again; after a write it looks whether that happened before it goes on",
    costs="one more request",
)
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("what", [*QUESTIONS, *CHANGES])
async def test_a_body_that_cannot_be_read_is_a_sentence_and_a_write_stays_in_doubt(what: str, body: bytes) -> None:
    async def answer(request: Request, reply: Reply) -> None:
        if what == "apply" and request.method == "GET":
            await reply.json(404, {"kind": "Status", "code": 404, "reason": "NotFound"})
        else:
            await reply.whole(200, body, content_type="application/json")

    async with scripted(answer) as server, client_of(server.url) as client:
        with pytest.raises(PortError) as raised:
            await (QUESTIONS | CHANGES)[what](KubeCluster(client))
    assert raised.value.sent == ("maybe" if what in CHANGES else "no")
    assert raised.value.status is None


@pytest.mark.parametrize(
    "line",
    [b'{"type":"ADDED","object":{"metadata":{"name":"we\xff"}}}', b'{"type":"ADDED","object":{}}', b'{"type":"MODIFIED"}', b"]]>", b"7"],
    ids=["no UTF-8", "no name", "no object", "no JSON", "no event"],
)
async def test_garbage_in_a_watch_ends_that_stream_and_nothing_else(line: bytes) -> None:
    watched: list[str] = []

    async def answer(request: Request, reply: Reply) -> None:
        if not request.query.get("watch"):
            await reply.json(200, listing(thing("a"), version=5))
            return
        watched.append(request.query["resourceVersion"])
        await reply.begin()
        if len(watched) == 1:
            await reply.line({"type": "ADDED", "object": thing("b", 6)})
            await reply.chunk(line + b"\n")
        else:
            await reply.line({"type": "ADDED", "object": thing("c", 7)})
        await forever()

    async with scripted(answer) as server, client_of(server.url) as client:
        events = follow(client, PODS, decode=decode, pauses=Pauses(spread=lambda: 0.0))
        async with contextlib.aclosing(events):
            seen = [await asyncio.wait_for(anext(events), 10) for _ in range(3)]
    assert [type(each) for each in seen] == [Listed, Upserted, Upserted]
    assert watched == ["5", "6"], "it went on from the last version that could be read"


async def test_an_object_in_a_list_that_is_none_names_itself_and_the_others_go_on() -> None:
    async def answer(request: Request, reply: Reply) -> None:
        if request.query.get("watch"):
            await reply.begin()
            await forever()
        await reply.whole(
            200, b'{"metadata":{"resourceVersion":"5"},"items":[{"metadata":{"name":"a"}},5]}', content_type="application/json"
        )

    async with scripted(answer) as server, client_of(server.url) as client:
        events = follow(client, PODS, decode=decode)
        async with contextlib.aclosing(events):
            listed = await asyncio.wait_for(anext(events), 10)
            lost = await asyncio.wait_for(anext(events), 10)
    assert isinstance(listed, Listed)
    assert [each.name for each in listed.objects] == ["a"]
    assert "cannot read Pod" in getattr(lost, "reason", "")


async def test_a_page_in_place_of_an_answer_is_one_sentence() -> None:
    async def answer(_: Request, reply: Reply) -> None:
        await reply.whole(502, b"<html><head><title>502 Bad Gateway</title></head></html>", content_type="text/html")

    async with scripted(answer) as server, client_of(server.url) as client:
        with pytest.raises(
            Unreachable, match=r"^cannot get services web in shop: a proxy in front of the API server answered HTTP 502 \(502 Bad"
        ):
            await KubeCluster(client).get_service("web")
