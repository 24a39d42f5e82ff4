"""A container's log followed over cuts, silence, refusals and restarts, on a server that a test writes itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from console.cluster import logs
from console.cluster.log_tap import Tap
from console.cluster.logs import LogFollower, LogPlace, read_log
from console.domain.world import ContainerState
from tests.cluster.support import client_of, status
from tests.cluster.test_log_tap import line
from tests.scripted import Reply, Request, forever, scripted
from tests.support.faults import fault

RUNNING = ContainerState("app", ready=True, state="running")
PLACE = LogPlace("shop", "web-1", "app", tail=100)


class Reading:
    """A follower at work, and what came of it so far."""

    def __init__(self) -> None:
        self.tap = Tap()
        self.container: ContainerState | None = RUNNING
        self.states: list[tuple[str, str]] = []
        self.texts: list[str] = []

    async def reads(self, *texts: str) -> None:
        """Wait until exactly these lines came, notices marked."""
        async with asyncio.timeout(20):
            while len(self.texts) < len(texts):
                self.texts += [f"** {text}" if notice else text for _, text, notice in self.tap.take(1000)]
                await asyncio.sleep(0.01)
        assert self.texts == list(texts)

    async def says(self, state: str) -> str:
        """Wait until it is in this state; why."""
        async with asyncio.timeout(20):
            while not self.states or self.states[-1][0] != state:
                await asyncio.sleep(0.01)
        return self.states[-1][1]


@asynccontextmanager
async def followed(url: str) -> AsyncIterator[Reading]:
    reading = Reading()
    async with client_of(url) as client:
        follower = LogFollower(
            client, PLACE, reading.tap, container=lambda: reading.container, state=lambda state, why: reading.states.append((state, why))
        )
        task = asyncio.create_task(follower.run())
        try:
            yield reading
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "POLL", 0.01)


Answer = Callable[[Request, Reply], object]


@fault(
    "a log that is followed is cut in the middle of a line",
    group="the console",
    sees="the lines go on; where something may be missing that is said in its place",
    does="nothing: runs do not read logs through the console",
    costs="nothing",
)
async def test_after_a_cut_no_line_is_lost_and_none_comes_twice() -> None:
    async def answer(request: Request, reply: Reply) -> None:
        await reply.begin(content_type="text/plain")
        if len(server.requests) == 1:
            await reply.chunk(line(1, "one") + line(2.5, "two") + line(3, "three")[:25])
            await asyncio.sleep(0.05)
            reply.reset()
            return
        await reply.chunk(line(2.5, "two") + line(3, "three") + line(4, "four"))
        await forever()

    async with scripted(answer) as server, followed(server.url) as reading:
        await reading.reads("one", "two", "three", "four")
        assert (await reading.says("following")) == ""
    assert server.requests[0].query == {"container": "app", "timestamps": "true", "follow": "true", "tailLines": "100"}
    assert server.requests[1].query == {"container": "app", "timestamps": "true", "follow": "true", "sinceTime": "2026-03-01T02:41:02Z"}


async def test_a_cut_after_which_the_last_line_is_not_there_any_more_says_so() -> None:
    async def answer(request: Request, reply: Reply) -> None:
        await reply.begin(content_type="text/plain")
        if len(server.requests) == 1:
            await reply.chunk(line(1, "one"))
            await asyncio.sleep(0.05)
            reply.reset()
            return
        await reply.chunk(line(7, "seven"))
        await forever()

    async with scripted(answer) as server, followed(server.url) as reading:
        await reading.reads("one", "** the log was cut: lines may be missing here", "seven")


@fault(
    "a log stream hangs without a byte",
    group="the console",
    sees="the lines that came meanwhile, after a minute at most",
    does="nothing",
    costs="one request a minute for each log that is silent",
)
async def test_a_log_that_is_silent_is_asked_for_again_from_its_last_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "SILENCE", 0.3)

    async def answer(request: Request, reply: Reply) -> None:
        await reply.begin(content_type="text/plain")
        await reply.chunk(line(1, "one") if len(server.requests) == 1 else line(1, "one") + line(2, "two"))
        await forever()

    async with scripted(answer) as server, followed(server.url) as reading:
        await reading.reads("one", "two")
        assert "away" not in {state for state, _ in reading.states}


async def test_a_pod_that_is_gone_ends_its_log() -> None:
    async def answer(request: Request, reply: Reply) -> None:
        await reply.json(404, status(404, "NotFound", 'pods "web-1" not found'))

    async with scripted(answer) as server, followed(server.url) as reading:
        await reading.reads("** the pod is gone")
        assert await reading.says("ended") == "the pod is gone"
    assert len(server.requests) == 1


async def test_a_container_that_waits_is_waited_for_in_the_nodes_words() -> None:
    async def answer(request: Request, reply: Reply) -> None:
        if len(server.requests) == 1:
            await reply.json(400, status(400, "BadRequest", 'container "app" in pod "web-1" is waiting to start: PodInitializing'))
            return
        await reply.begin(content_type="text/plain")
        await reply.chunk(line(1, "one"))
        await forever()

    async with scripted(answer) as server, followed(server.url) as reading:
        await reading.reads("one")
        assert ("waiting", 'container "app" in pod "web-1" is waiting to start: PodInitializing') in reading.states


async def test_nothing_is_asked_while_the_cluster_says_that_the_container_has_no_log_yet() -> None:
    async with scripted(lambda *_: forever()) as server, followed(server.url) as reading:
        reading.container = ContainerState("app", state="waiting", reason="ImagePullBackOff")
        await asyncio.sleep(0)
        assert await reading.says("waiting") == "ImagePullBackOff"
    assert len(server.requests) <= 1


async def test_a_container_that_ends_says_its_exit_code_and_its_next_life_follows() -> None:
    async def answer(request: Request, reply: Reply) -> None:
        await reply.begin(content_type="text/plain")
        if reading.container is not RUNNING:
            await reply.chunk(line(9, "second life"))
            await forever()
        await reply.chunk(line(1, "one"))
        reading.container = ContainerState("app", state="waiting", reason="CrashLoopBackOff", last_exit_code=3)
        await reply.end()

    async with scripted(answer) as server, followed(server.url) as reading:
        await reading.says("ended")
        reading.container = ContainerState("app", state="running", restarts=1)
        await reading.reads("one", "** the container has ended with exit code 3", "** the container was started again", "second life")
        assert ("ended", "exit 3") in reading.states
    assert len(server.requests) == 2


async def test_what_a_container_said_before_it_was_restarted_during_a_cut_is_read_from_its_former_log() -> None:
    async def answer(request: Request, reply: Reply) -> None:
        if len(server.requests) == 1:
            await reply.begin(content_type="text/plain")
            await reply.chunk(line(1, "one"))
            await asyncio.sleep(0.05)
            reading.container = ContainerState("app", state="running", restarts=1)
            reply.reset()
        elif request.query.get("previous"):
            await reply.whole(200, line(1, "one") + line(2, "its last words"))
        else:
            await reply.begin(content_type="text/plain")
            await reply.chunk(line(5, "second life"))
            await forever()

    async with scripted(answer) as server, followed(server.url) as reading:
        await reading.reads("one", "its last words", "** the container was started again", "second life")


@fault(
    "the API server answers a log with a refusal or a fault",
    group="the console",
    sees="which pod cannot be read and why, above the lines; what was read stays",
    does="nothing",
    costs="it is tried again with growing pauses",
)
async def test_a_fault_of_the_server_is_said_and_tried_again() -> None:
    async def answer(request: Request, reply: Reply) -> None:
        if len(server.requests) == 1:
            await reply.json(500, status(500, "InternalError", "Get https://node-1: dial tcp: connection refused"))
            return
        await reply.begin(content_type="text/plain")
        await reply.chunk(line(1, "one"))
        await forever()

    async with scripted(answer) as server, followed(server.url) as reading:
        await reading.reads("one")
        assert ("away", "Get https://node-1: dial tcp: connection refused") in reading.states
        assert reading.states[-1] == ("following", "")


async def test_a_log_is_read_once_to_its_end() -> None:
    async def answer(request: Request, reply: Reply) -> None:
        await reply.whole(200, line(1, "one") + line(2, "two")[:-1])

    tap = Tap(lossless=True)
    async with scripted(answer) as server, client_of(server.url) as client:
        await read_log(client, PLACE, tap, previous=True, limit_bytes=1000)
    assert [text for _, text, _ in tap.take(10)] == ["one", "two"]
    assert server.requests[0].query == {
        "container": "app",
        "timestamps": "true",
        "tailLines": "100",
        "previous": "true",
        "limitBytes": "1000",
    }
