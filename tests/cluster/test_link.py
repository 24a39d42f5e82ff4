"""The one signal of life: how soon a loss shows, and that everything is true again afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterable, AsyncIterator
from pathlib import Path

import pytest

from console.cluster import errors
from console.cluster.connect import connect
from console.cluster.kube import KubeCluster
from console.cluster.link import ask, watch_link
from console.domain.change import Create
from console.domain.snapshot import LINK, Observation, Snapshot
from console.domain.world import Kind
from console.sandbox.control_plane import ControlPlane
from console.sandbox.endpoint import write_kubeconfig
from console.store import Store
from tests.cluster.support import PODS, client_of, status
from tests.planes import fresh_namespace
from tests.scripted import Reply, Request, forever, scripted, until


async def living(_: Request, reply: Reply) -> None:
    await reply.whole(200, b"ok")


async def no_time(_: float) -> None:
    """The clock stands still for whoever waits."""


async def test_any_answer_is_a_living_server_but_a_fault_is_not() -> None:
    said = [
        (200, {}),
        (403, status(403, "Forbidden")),
        (401, status(401, "Unauthorized")),
        (500, status(500, "InternalError", "etcd failed")),
    ]

    async def answer(_: Request, reply: Reply) -> None:
        await reply.json(*said[len(server.requests) - 1])

    async with scripted(answer) as server, client_of(server.url) as client:
        seen = [await ask(client, within=1.0) for _ in said]
    assert [each.ok for each in seen] == [True, True, True, False]
    assert seen[0].latency is not None
    assert "etcd failed" in seen[3].reason


async def test_a_hang_is_told_after_its_time() -> None:
    async with scripted(lambda *_: forever()) as server, client_of(server.url) as client:
        began = time.monotonic()
        seen = await ask(client, within=0.3)
    assert not seen.ok
    assert "sent nothing for 0.3 s" in seen.reason
    assert time.monotonic() - began < 5


async def test_one_lost_answer_is_asked_again_before_it_is_told_and_two_are_told() -> None:
    said = iter([200, 500, 200, 500, 500, 500, 200])

    async def answer(_: Request, reply: Reply) -> None:
        await reply.whole(next(said), b"")

    async with scripted(answer) as server, client_of(server.url) as client:
        link = watch_link(client, sleep=no_time)
        seen = [await anext(link) for _ in range(5)]
    assert [each.ok for each in seen] == [True, True, False, False, True]
    assert len(server.requests) == 7


async def test_streams_from_before_an_outage_are_broken_and_new_ones_are_not() -> None:
    well = True

    async def answer(request: Request, reply: Reply) -> None:
        if request.path == "/livez":
            await reply.whole(200 if well else 500, b"")
        else:
            await reply.begin()
            await reply.line({})
            await forever()

    async with scripted(answer) as server, client_of(server.url) as client:
        link = watch_link(client, sleep=no_time, every=0.0)
        assert (await anext(link)).ok
        old = client.stream(PODS, params={}, silence=30)
        await anext(old)
        well = False
        assert not (await anext(link)).ok
        new = client.stream(PODS, params={}, silence=30)
        await anext(new)
        well = True
        assert (await anext(link)).ok
        with contextlib.suppress(StopAsyncIteration):
            await asyncio.wait_for(anext(link), 1)
        with pytest.raises(errors.Unreachable):
            await asyncio.wait_for(anext(old), 5)
        assert len(client._streams) == 1
        await new.aclose()


class Watched:
    """A console's sources on a real API server, and what its screen would know."""

    def __init__(self, kube: KubeCluster, store: Store) -> None:
        self.kube, self.store = kube, store

    async def reaches(self, state: str, *, within: float, kinds: tuple[Kind, ...] = ("Service", "ConfigMap")) -> Snapshot:
        """The snapshot once the link and all kinds are in `state`."""

        def there() -> bool:
            snapshot = self.store.current()
            return {snapshot.of(name).state for name in (LINK, *kinds)} == {state}

        await until(there, within=within)
        return self.store.current()


async def fed(store: Store, source: AsyncIterable[Observation]) -> None:
    async for seen in source:
        store.put(seen)


@contextlib.asynccontextmanager
async def watched(plane: ControlPlane, namespace: str, folder: Path) -> AsyncIterator[Watched]:
    file = write_kubeconfig(folder / "operator.kubeconfig", plane.endpoint, "operator", namespace)
    client = await connect(kubeconfig=file, context=None)
    kube, store = KubeCluster(client), Store(namespace=namespace)
    tasks = [
        asyncio.create_task(fed(store, watch_link(client))),
        asyncio.create_task(fed(store, kube.watch(["Service", "ConfigMap"]))),
    ]
    try:
        yield Watched(kube, store)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await kube.close()


@pytest.mark.real
@pytest.mark.slow
async def test_a_frozen_api_server_shows_within_five_seconds_and_heals(real_plane: ControlPlane, tmp_path: Path) -> None:
    async with fresh_namespace(real_plane) as namespace, watched(real_plane, namespace, tmp_path) as console:
        await console.reaches("FRESH", within=5)
        real_plane.pause("kube-apiserver")
        try:
            began = time.monotonic()
            lost = await console.reaches("LOST", within=5)
            assert time.monotonic() - began < 5
            assert lost.link.reason
        finally:
            real_plane.resume("kube-apiserver")
        await console.reaches("FRESH", within=15)
        await console.kube.write(Create("Service", "web", service()))
        await until(lambda: "web" in _services(console))


@pytest.mark.real
@pytest.mark.slow
async def test_an_api_server_that_was_killed_and_came_back_is_followed_without_gaps(real_plane: ControlPlane, tmp_path: Path) -> None:
    async with fresh_namespace(real_plane) as namespace, watched(real_plane, namespace, tmp_path) as console:
        await console.reaches("FRESH", within=5)
        await console.kube.write(Create("Service", "web", service()))
        await until(lambda: "web" in _services(console))
        await real_plane.kill("kube-apiserver")
        try:
            began = time.monotonic()
            lost = await console.reaches("LOST", within=5)
            assert time.monotonic() - began < 5
            assert "does not answer: Connection refused" in lost.link.reason
            assert "web" in _services(console), "what was known stays, marked"
        finally:
            await real_plane.launch("kube-apiserver")
        async with second(real_plane, namespace, tmp_path) as other:
            await other.write(Create("Service", "api", service("api")))
        await console.reaches("FRESH", within=15)
        await until(lambda: _services(console) == {"web", "api"}, within=15)


@contextlib.asynccontextmanager
async def second(plane: ControlPlane, namespace: str, folder: Path) -> AsyncIterator[KubeCluster]:
    file = write_kubeconfig(folder / "second.kubeconfig", plane.endpoint, "operator-2", namespace)
    kube = KubeCluster(await connect(kubeconfig=file, context=None))
    try:
        yield kube
    finally:
        await kube.close()


def service(name: str = "web") -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"ports": [{"port": 80}]}}


def _services(console: Watched) -> set[str]:
    world = console.store.current().world
    return set(world.services) if world else set()
