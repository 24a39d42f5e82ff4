"""The logs of a scope: merged by time, new pods joined, nothing lost where nothing may be, and the reason where there is none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from console.cli import log_room
from console.cli.kept import keep
from console.cli.log_room import Batch, LogRoom, failed
from console.domain.logs import LogPage, LogRequest, LogScope, with_lines
from console.domain.world import World
from tests.cluster.support import client_of, status
from tests.cluster.test_log_tap import line
from tests.screens import scenes
from tests.screens.scenes import BLUE, GREEN, Slot
from tests.scripted import Reply, Request, forever, scripted

ENVIRONMENT = scenes.environment()
SCOPE = LogScope("green", "backend")


def world(pods: int, *, crashed: bool = False) -> World:
    ready = pods - 1 if crashed else pods
    return scenes.world({BLUE: Slot("v1.4.2"), GREEN: Slot("v1.5.0", desired=pods, ready=ready, crash="no database")})


def pod_of(request: Request) -> str:
    return request.path.split("/")[-2].rsplit("-", 1)[-1]


class Cluster:
    """What the cluster says now."""

    def __init__(self, seen: World) -> None:
        self.seen = seen

    def __call__(self) -> World:
        return self.seen


async def everything(room: LogRoom) -> tuple[list[str], Batch]:
    texts: list[str] = []
    last = Batch((), (), 0, "")
    async with asyncio.timeout(20), aclosing(room.batches()) as batches:
        async for last in batches:
            texts += [each.text for each in last.lines]
    return texts, last


@asynccontextmanager
async def followed(room: LogRoom) -> AsyncIterator[AsyncIterator[LogPage]]:
    async def pages() -> AsyncGenerator[LogPage, None]:
        page = LogPage(LogRequest())
        async with aclosing(room.batches()) as batches:
            async for batch in batches:
                page = replace(with_lines(page, batch.lines), sources=batch.sources, note=batch.note, left_out=batch.left_out)
                yield page

    async with aclosing(pages()) as found:
        yield found


async def anext_of(room: LogRoom) -> LogPage:
    """The first page."""
    async with followed(room) as pages:
        return await anext(pages)


async def reaches(pages: AsyncIterator[LogPage], *texts: str) -> LogPage:
    async with asyncio.timeout(20):
        async for page in pages:
            if [each.text for each in page.lines] == list(texts):
                return page
    raise AssertionError("it ended before")


async def test_logs_of_several_pods_are_one_in_the_order_of_their_times() -> None:
    async def answer(request: Request, reply: Reply) -> None:
        lines = {"x0": line(1, "x0 first") + line(3, "x0 last"), "x1": line(2, "x1 only")}
        await reply.whole(200, lines[pod_of(request)])

    async with scripted(answer) as server, client_of(server.url) as client:
        room = LogRoom(client, ENVIRONMENT, LogRequest(SCOPE), Cluster(world(2)), follow=False, lossless=True)
        texts, last = await everything(room)
    assert texts == ["x0 first", "x1 only", "x0 last"]
    assert [each.state for each in last.sources] == ["ended", "ended"]
    assert failed(last.sources) == ()


async def test_a_pod_that_is_new_joins_and_is_read_from_its_beginning() -> None:
    cluster = Cluster(world(1))

    async def answer(request: Request, reply: Reply) -> None:
        await reply.begin(content_type="text/plain")
        await reply.chunk(line(1, "old") if pod_of(request) == "x0" else line(2, "new"))
        await forever()

    async with scripted(answer) as server, client_of(server.url) as client:
        room = LogRoom(client, ENVIRONMENT, LogRequest(SCOPE), cluster)
        async with followed(room) as pages:
            await reaches(pages, "old")
            grown = world(2)
            name = "traider-backend-green-7d9f-x1"
            young = replace(grown.pods[name], meta=replace(grown.pods[name].meta, created=client.server_now()))
            cluster.seen = replace(grown, pods={**grown.pods, name: young})
            page = await reaches(pages, "old", "new")
    assert [each.pod[-2:] for each in page.sources] == ["x0", "x1"]
    assert [request.query.get("tailLines") for request in server.requests] == ["500", None]


async def test_what_cannot_be_read_is_named_and_the_rest_is_read() -> None:
    async def answer(request: Request, reply: Reply) -> None:
        if pod_of(request) == "x0":
            await reply.whole(200, line(1, "fine"))
        else:
            await reply.json(500, status(500, "InternalError", "node does not answer"))

    async with scripted(answer) as server, client_of(server.url) as client:
        room = LogRoom(client, ENVIRONMENT, LogRequest(SCOPE), Cluster(world(2)), follow=False, lossless=True)
        texts, last = await everything(room)
    assert "fine" in texts
    (trouble,) = failed(last.sources)
    assert trouble.startswith("traider-backend-green-7d9f-x1/backend: ")
    assert "node does not answer" in trouble


async def test_of_previous_containers_only_those_that_were_restarted_are_asked() -> None:
    async def answer(request: Request, reply: Reply) -> None:
        await reply.whole(200, line(1, "last words"))

    async with scripted(answer) as server, client_of(server.url) as client:
        request = LogRequest(SCOPE, previous=True)
        texts, _ = await everything(LogRoom(client, ENVIRONMENT, request, Cluster(world(2, crashed=True))))
        assert texts == ["last words"]
        assert [(pod_of(each), each.query["previous"]) for each in server.requests] == [("x1", "true")]
        none, last = await everything(LogRoom(client, ENVIRONMENT, request, Cluster(world(2))))
    assert (none, last.note) == ([], "no container of these was restarted")


async def test_more_logs_than_can_be_read_at_once_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_room, "MOST", 2)

    async def answer(request: Request, reply: Reply) -> None:
        await reply.begin(content_type="text/plain")
        await reply.chunk(line(1, pod_of(request)))
        await forever()

    async with scripted(answer) as server, client_of(server.url) as client:
        page = await anext_of(LogRoom(client, ENVIRONMENT, LogRequest(SCOPE), Cluster(world(3, crashed=True))))
    assert page.note == "2 of 3 logs are read, pods in trouble first"
    assert page.sources[0].pod == "traider-backend-green-7d9f-x2"


def test_a_kept_file_is_for_nobody_else_and_none_is_written_over(tmp_path: Any) -> None:
    first, second = (keep(tmp_path / "kept", "logs/../green", text, now=scenes.NOW) for text in ("one", "two"))
    assert (first.read_text(), second.read_text()) == ("one", "two")
    assert first.parent == second.parent == tmp_path / "kept"
    assert first.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "kept").stat().st_mode & 0o777 == 0o700
