"""The whole rehearsal cluster, running the shipped manifests: what it offers, how fast it is there, and every fault it can switch on."""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from console.cluster.client import KubeClient
from console.cluster.connect import connect
from console.cluster.errors import Unauthorized, Unreachable
from console.sandbox.loadgen import LoadGenerator
from console.sandbox.rehearsal_cluster import SandboxCluster, Size
from console.sandbox.rehearsal_faults import NoSuchPods
from console.sandbox.relay import Link
from tests.planes import control_plane_binaries, short_folder
from tests.sandbox.waiting import answered, until

SHIPPED = Path(__file__).parents[2] / "config" / "k8s"
Json = dict[str, Any]


class Rehearsal:
    """A cluster in which slot blue of the shipped application serves."""

    def __init__(self, box: SandboxCluster, client: KubeClient) -> None:
        self.box, self.client = box, client

    async def apply(self, slot: str, release: str) -> None:
        for document in shipped_documents(slot, release):
            plural = {"Deployment": "apis/apps/v1", "Service": "api/v1"}[document["kind"]]
            path = f"/{plural}/namespaces/{self.box.namespace}/{document['kind'].lower()}s/{document['metadata']['name']}"
            params = {"fieldManager": "test", "force": "true"}
            await self.client.request("PATCH", path, params=params, body=document, content_type="application/apply-patch+yaml")

    async def serves(self, service: str = "traider-frontend") -> Json:
        """The detailed health at an entry point, once it is well."""

        async def ask() -> Json:
            with contextlib.suppress(aiohttp.ClientError):
                async with aiohttp.ClientSession() as session, session.get(f"{self.box.url(service)}/api/health/detailed") as answer:
                    found: Json = await answer.json()
                    return found
            return {}

        return await answered(ask, lambda body: body.get("status") == "healthy", what=f"{service} healthy")


def shipped_documents(slot: str, release: str) -> list[Json]:
    """The manifests as the console renders them for a slot; the entry Services select slot blue."""
    documents: list[Json] = []
    for file in sorted(SHIPPED.glob("*.yml")):
        for document in copy.deepcopy(list(yaml.safe_load_all(file.read_text()))):
            name, spec = document["metadata"]["name"], document["spec"]
            if document["kind"] == "Service":
                if "version" not in spec["selector"]:
                    spec["selector"]["version"] = "blue"
            else:
                document["metadata"]["name"] = f"{name}-{slot}"
                spec["selector"]["matchLabels"]["version"] = slot
                spec["template"]["metadata"]["labels"]["version"] = slot
                spec["template"]["spec"]["containers"][0]["image"] += f":{release}"
            documents.append(document)
    return documents


@contextlib.asynccontextmanager
async def rehearsal(*, real: Path | None = None, size: Size | None = None) -> AsyncIterator[Rehearsal]:
    size = size or Size(scrape_seconds=0.3)
    with short_folder() as folder:
        async with SandboxCluster.start(folder, real=real, size=size) as box:
            box.add_release("v1.4.2")
            box.add_release("v1.5.0")
            client = await connect(kubeconfig=box.kubeconfig("operator"), context=None)
            try:
                yield Rehearsal(box, client)
            finally:
                await client.close()


@pytest.fixture
async def running() -> AsyncIterator[Rehearsal]:
    async with rehearsal() as found:
        await found.apply("blue", "v1.4.2")
        await found.serves()
        yield found


@pytest.mark.parametrize(
    "where", [pytest.param("real", marks=pytest.mark.real), "embedded", pytest.param("embedded on this loop", marks=pytest.mark.slow)]
)
async def test_the_shipped_application_serves_and_is_measured(where: str) -> None:
    real = control_plane_binaries().etcd.parent if where == "real" else None
    size = Size(scrape_seconds=0.3, own_process="this loop" not in where)
    async with rehearsal(real=real, size=size) as found:
        await found.apply("blue", "v1.4.2")
        health = await found.serves()
        assert (health["release"], health["slot"], health["database"]["status"]) == ("v1.4.2", "blue", "healthy")
        assert (await found.serves("traider-frontend-blue"))["slot"] == "blue"

        load = LoadGenerator(f"{found.box.url('traider-frontend')}/api/quotes", rate=50)
        async with load.run():
            query = 'sum(rate(http_requests_total{component="frontend", slot="blue"}[1m]))'
            rate = await answered(lambda: _value(found.box.prometheus_url, query), lambda value: value > 1, within=20)
        assert rate > 1
        assert not load.report().failures, str(load.report())


async def test_a_release_that_is_pushed_while_it_runs_can_be_deployed(running: Rehearsal) -> None:
    digests = running.box.add_release("v9.9.9", variables={"FAULT_REPORT_RELEASE": "v0"})
    assert sorted(digests) == ["backend", "frontend"]
    await running.apply("green", "v9.9.9")
    health = await running.serves("traider-frontend-green")
    assert (health["slot"], health["release"]) == ("green", "v0")


@pytest.mark.slow
async def test_faults_of_a_slot(running: Rehearsal) -> None:
    faults, url = running.box.faults, running.box.url("traider-frontend")
    assert await faults.slot("blue", component="frontend", error_rate=1.0) == 1
    assert await _status(f"{url}/api/quotes") == 500
    assert await faults.heal("blue") == 2
    assert await _status(f"{url}/api/quotes") == 200
    assert await faults.slot("blue", database_lost=True) == 2
    assert await _status(f"{url}/api/health/detailed") == 503
    await faults.heal("blue")
    with pytest.raises(NoSuchPods, match="no running pod in slot green"):
        await faults.slot("green", unready=True)
    assert await faults.crash("blue", component="backend") == 1

    async def restarts() -> int:
        return sum(container.restarts for pod in await running.box.plane.pods() for container in pod.containers)

    assert await answered(restarts, lambda count: count == 1) == 1
    await running.serves()


@pytest.mark.slow
async def test_the_database_can_be_taken_away_and_comes_back(running: Rehearsal) -> None:
    await running.box.faults.stop_database()
    assert await _status(f"{running.box.url('traider-frontend')}/api/health/detailed") == 503
    assert await _status(f"{running.box.url('traider-frontend')}/api/health") == 200
    await running.box.faults.start_database()
    await running.serves()


@pytest.mark.slow
async def test_the_link_to_the_api_server_can_go_while_the_application_serves_on(running: Rehearsal) -> None:
    await running.box.faults.api(Link.REFUSED)
    with pytest.raises(Unreachable):
        await running.client.request("GET", "/livez", timeout=3)
    assert await _status(f"{running.box.url('traider-frontend')}/api/quotes") == 200
    await running.box.faults.api(Link.UP)
    assert await running.client.request("GET", "/livez") == b"ok"


@pytest.mark.slow
async def test_credentials_expire_and_are_renewed(running: Rehearsal) -> None:
    running.box.faults.expire_credentials("operator")
    anew = await connect(kubeconfig=running.box.kubeconfig("operator"), context=None)
    path = f"/api/v1/namespaces/{running.box.namespace}/services"
    with pytest.raises(Unauthorized):
        await anew.request("GET", path)
    running.box.faults.renew_credentials("operator")
    assert json.loads(await anew.request("GET", path))["items"]
    await anew.close()


async def test_nothing_is_left_when_it_ends() -> None:
    with short_folder() as folder:
        async with SandboxCluster.start(folder) as box:
            url, metrics, server = box.url("traider-frontend"), box.prometheus_url, box.endpoint.server
            assert list(folder.iterdir())
        assert not list(folder.iterdir())
        for gone in (url, metrics, server):
            with pytest.raises(aiohttp.ClientConnectorError):
                await _status(gone)


async def test_a_part_that_cannot_start_is_named_and_the_others_are_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.sandbox.plane_process.START_SECONDS", 0.0)
    with short_folder() as folder:
        with pytest.raises(Exception, match="nodes was not ready within 0 s"):
            async with SandboxCluster.start(folder):
                pass
        await until(lambda: not list(folder.iterdir()))


async def _status(url: str) -> int:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status


async def _value(prometheus: str, query: str) -> float:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{prometheus}/api/v1/query", params={"query": query}) as answer,
    ):
        result = (await answer.json())["data"]["result"]
    return float(result[0]["value"][1]) if result else 0.0
