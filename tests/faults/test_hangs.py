"""A server that takes a request and never answers: our own patience ends it, not the server's."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from console.cluster import client as client_module
from console.cluster.calls import call_of
from console.cluster.errors import TimedOut
from console.cluster.stream_health import Pauses
from console.cluster.watch import follow
from console.domain.world import Listed, Lost
from tests.cluster.support import PODS, client_of, decode, listing, status, thing
from tests.scripted import Reply, Request, forever, scripted
from tests.support.faults import fault


@fault(
    "a list is accepted and never answered, while other requests are",
    group="the cluster",
    sees="the panels of that kind LOST after 5 s, the others fresh",
    does="gives the request up after 10 s without a byte and asks again",
    costs="10 s for that kind",
)
async def test_a_list_that_hangs_is_given_up_and_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "SILENT", 0.3)
    lists = 0

    async def answer(request: Request, reply: Reply) -> None:
        nonlocal lists
        if request.query.get("watch"):
            await reply.begin()
            await forever()
        lists += 1
        await (forever() if lists == 1 else reply.json(200, listing(thing("a"))))

    async with scripted(answer) as server, client_of(server.url) as client:
        events = follow(client, PODS, decode=decode, lost_after=0.1, pauses=Pauses(longest=0.05))
        async with contextlib.aclosing(events):
            seen = [await asyncio.wait_for(anext(events), 10) for _ in range(2)]
    assert isinstance(seen[0], Lost)
    assert isinstance(seen[1], Listed)


async def test_an_answer_that_comes_slowly_but_comes_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "SILENT", 1.0)

    async def answer(_: Request, reply: Reply) -> None:
        await reply.begin()
        for byte in b'{"items":[]}':
            await reply.chunk(bytes([byte]))
            await asyncio.sleep(0.12)
        await reply.end()

    async with scripted(answer) as server, client_of(server.url) as client:
        assert await client.request("GET", PODS, timeout=30.0) == b'{"items":[]}'


async def test_a_hang_is_told_with_the_seconds_that_nothing_came(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "SILENT", 0.2)
    async with scripted(lambda *_: forever()) as server, client_of(server.url) as client:
        with pytest.raises(TimedOut, match=r"sent nothing for 0\.2 s"):
            await client.request("GET", PODS, timeout=30.0)


@pytest.mark.parametrize(
    ("method", "path", "reading"),
    [
        ("GET", PODS, True),
        ("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", True),
        ("POST", PODS, False),
        ("PATCH", f"{PODS}/web-1", False),
        ("DELETE", f"{PODS}/web-1", False),
    ],
)
async def test_only_what_changes_nothing_is_asked_again(method: str, path: str, reading: bool) -> None:
    assert call_of(method, path).reading is reading

    async def answer(_: Request, reply: Reply) -> None:
        await (reply.json(503, status(503, "ServiceUnavailable")) if len(server.requests) < 3 else reply.json(200, {}))

    async with scripted(answer) as server, client_of(server.url) as client:
        with contextlib.suppress(Exception):
            await client.request(method, path, body={} if method != "GET" else None)
    assert len(server.requests) == (3 if reading else 1)
