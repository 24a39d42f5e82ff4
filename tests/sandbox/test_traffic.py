"""Users' traffic through the service proxy, on both API servers: a switch and a rollout fail nobody, a crash fails whom it must."""

from __future__ import annotations

import asyncio
import time

import aiohttp
import pytest

from console.sandbox.control_plane import ControlPlane
from console.sandbox.loadgen import Expectation, LoadGenerator, Outcome
from tests.sandbox.town import Town, deployment, pod, python, service
from tests.sandbox.trading import deploy, settle, switch
from tests.sandbox.waiting import until

QUOTES = Expectation(contains=b"BTC-USD")


@pytest.fixture
async def url(town: Town, database_url: str) -> str:
    """The entry point of an application whose slot blue serves."""
    entry = await settle(town, database_url)
    await deploy(town, "blue", "v1.4.0")
    await town.targets("frontend", lambda pods: len(pods) == 2)
    await town.targets("backend", lambda pods: len(pods) == 2)
    return entry


async def test_switching_there_and_back_under_load_fails_no_request(town: Town, url: str) -> None:
    await deploy(town, "green", "v1.5.0")
    load = LoadGenerator(f"{url}/api/quotes", rate=200, fresh=0.5, expect=QUOTES)
    async with load.run():
        await until(lambda: load.report().sent >= 100)
        for slot in ("green", "blue", "green"):
            await switch(town, slot)
            await _routed(load, slot, count=30)
    report = load.report()
    assert not report.failures, str(report)
    assert set(report.by_release()) == {"v1.4.0", "v1.5.0"}


async def test_an_open_connection_stays_in_its_slot_until_it_ends(town: Town, url: str) -> None:
    await deploy(town, "green", "v1.5.0")
    async with aiohttp.ClientSession() as pooled:
        async with pooled.get(f"{url}/api/quotes") as first:
            assert first.headers["X-Slot"] == "blue"
        await switch(town, "green")
        await town.targets("frontend", lambda pods: all(pod.startswith("frontend-green") for pod in pods))
        async with pooled.get(f"{url}/api/quotes") as again:
            assert again.headers["X-Slot"] == "blue"
        async with aiohttp.ClientSession() as fresh, fresh.get(f"{url}/api/quotes") as anew:
            assert anew.headers["X-Slot"] == "green"
        entry = await town.plane.entry(town.namespace, "frontend")
        assert sum(count for pod, count in entry.open.items() if pod.startswith("frontend-blue")) == 1, "the pooled one"


async def test_a_rolling_update_in_place_fails_no_request(town: Town, url: str) -> None:
    load = LoadGenerator(f"{url}/api/quotes", rate=100, fresh=0.5, expect=QUOTES)
    async with load.run():
        await until(lambda: load.report().sent >= 50)
        for component in ("backend", "frontend"):
            name, image = f"{component}-blue", f"traider-{component}:v1.5.0"
            spec = {"containers": [{"name": "main", "image": image}]}
            await town.client.request(
                "PATCH",
                town.path("deployments", name),
                body={"spec": {"template": {"spec": spec}}},
                content_type="application/strategic-merge-patch+json",
            )
        await town.available("backend-blue", "frontend-blue", replicas=2, within=30)
        done = load.now()
        await until(lambda: load.report().between(done, load.now()).sent >= 50)
    assert not load.report().failures, str(load.report())
    assert set(load.report().between(done, load.now()).fresh().by_release()) == {"v1.5.0"}


async def test_every_failure_of_a_crashing_slot_is_seen_and_it_heals(town: Town, url: str) -> None:
    load = LoadGenerator(f"{url}/api/quotes", rate=100, fresh=1.0, expect=QUOTES)
    async with load.run():
        await until(lambda: load.report().sent >= 20)
        for pod in await town.plane.pods():
            if pod.namespace == town.namespace and pod.name.startswith("frontend"):
                port = next(iter(pod.ports.values()))
                faults_url = f"http://127.0.0.1:{port}/debug/faults"
                async with aiohttp.ClientSession() as session, session.post(faults_url, json={"crash_after": 0.01}) as answer:
                    assert answer.status == 200
        await until(lambda: load.report().failures)
        await _routed(load, "blue", count=20)
    kinds = set(load.report().outcomes())
    assert kinds & {Outcome.RESET, Outcome.REFUSED}
    assert kinds <= {Outcome.OK, Outcome.RESET, Outcome.REFUSED}


async def test_the_proxy_follows_a_change_of_endpoints_within_milliseconds(town: Town, url: str) -> None:
    await deploy(town, "green", "v1.5.0")
    load = LoadGenerator(f"{url}/api/health", rate=200, fresh=1.0)
    async with load.run():
        await until(lambda: load.report().sent >= 20)
        await switch(town, "green")
        switched = time.monotonic()
        await _routed(load, "green", count=20)
    entry = await town.plane.entry(town.namespace, "frontend")
    assert {pod.rpartition("-")[0].rpartition("-")[0] for pod in entry.by_pod(since=switched + 1)} <= {"frontend-green"}
    late = [each.at - switched for each in entry.forwarded if each.pod.startswith("frontend-blue")]
    assert max(late) < 3.0, "usually about 10 ms; this bound is for a machine that is overloaded"


@pytest.mark.real
@pytest.mark.slow
async def test_traffic_goes_on_while_the_api_server_is_away_and_nodes_find_it_again(real_plane: ControlPlane, town_on_real: Town) -> None:
    town = town_on_real
    await town.create("services", service("web", app="web"))
    url = await town.plane.open_entry(town.namespace, "web")
    serve = python("import os, http.server as h; h.test(h.SimpleHTTPRequestHandler, port=int(os.environ['PORT']), bind='127.0.0.1')")
    template = pod("", command=serve, ports=[{"containerPort": 8080}], readinessProbe={"tcpSocket": {"port": 8080}, "periodSeconds": 1})
    await town.create("deployments", deployment("web", template, replicas=2))
    await town.available("web", replicas=2)
    load = LoadGenerator(url, rate=50, fresh=1.0)
    async with load.run():
        await real_plane.kill("kube-apiserver")
        gone = load.report().sent
        await until(lambda: load.report().sent > gone + 30)
        await real_plane.launch("kube-apiserver")
        await town.patch("deployments", "web", {"spec": {"replicas": 3}})
        await town.available("web", replicas=3, within=40)
    assert not load.report().failures, str(load.report())


async def test_nobody_listens_where_no_pod_is_ready(town: Town, database_url: str) -> None:
    entry = await settle(town, database_url)
    load = LoadGenerator(f"{entry}/api/quotes", rate=100)
    async with load.run():
        await until(lambda: load.report().sent >= 5)
    assert set(load.report().outcomes()) == {Outcome.REFUSED}
    await asyncio.gather(deploy(town, "blue", "v1.4.0", replicas=1), town.targets("frontend", lambda pods: pods, within=20))
    async with aiohttp.ClientSession() as session, session.get(f"{entry}/api/health/detailed") as answer:
        assert (answer.status, (await answer.json())["database"]["status"]) == (200, "healthy")


async def _routed(load: LoadGenerator, slot: str, *, count: int) -> None:
    """Wait until this many requests in a row, sent from now on over connections of their own, were answered by the slot."""
    begun = load.now()

    def all_from_slot() -> bool:
        newest = load.report().between(begun, load.now()).fresh().samples[-count:]
        return len(newest) == count and all(sample.slot == slot for sample in newest)

    await until(all_from_slot, what=f"{count} fresh requests in a row from {slot}")
