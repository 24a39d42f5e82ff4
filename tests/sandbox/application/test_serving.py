"""Both components of the example application as real processes on a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest
import pytest_asyncio

from console.sandbox.loadgen import Expectation, LoadGenerator
from console.sandbox.postgres import Postgres
from tests.sandbox.application.running import Running, application
from tests.sandbox.waiting import until


@dataclass(frozen=True)
class Pair:
    """A frontend and the backend that it asks."""

    frontend: Running
    backend: Running
    session: aiohttp.ClientSession


@pytest_asyncio.fixture
async def pair(database_url: str) -> AsyncIterator[Pair]:
    common = {"RELEASE": "v1.4.0", "SLOT": "blue", "DEBUG_FAULTS": "1", "LAME_DUCK_SECONDS": "1"}
    async with (
        application(COMPONENT="backend", DATABASE_URL=database_url, POD_NAME="backend-1", **common) as backend,
        application(COMPONENT="frontend", BACKEND_URL=backend.url, POD_NAME="frontend-1", **common) as frontend,
        aiohttp.ClientSession(base_url=frontend.url) as session,
    ):
        yield Pair(frontend, backend, session)


async def test_it_trades_reports_its_health_and_counts_its_requests(pair: Pair) -> None:
    async with pair.session.get("/api/health/detailed") as answer:
        health = await answer.json()
    assert (answer.status, health["status"], health["release"], health["slot"]) == (200, "healthy", "v1.4.0", "blue")
    assert health["database"]["status"] == "healthy"
    assert health["migration"]["revision"] == "0001_quotes_and_orders"

    async with pair.session.post("/api/orders", json={"symbol": "BTC-USD", "quantity": 2}) as answer:
        assert answer.status == 403, "an order without a token is refused"
    async with pair.session.get("/api/auth/csrf") as answer:
        token = (await answer.json())["csrfToken"]
    async with pair.session.post("/api/orders", json={"symbol": "BTC-USD", "quantity": 2}, headers={"X-CSRF-Token": token}) as answer:
        placed = await answer.json()
    assert (answer.status, placed["symbol"], placed["quantity"], placed["release"]) == (201, "BTC-USD", 2, "v1.4.0")
    async with pair.session.get("/api/orders") as answer:
        assert placed in (await answer.json())["orders"]
    assert (answer.headers["X-Pod"], answer.headers["X-Backend-Pod"]) == ("frontend-1", "backend-1")

    async with pair.session.get(f"{pair.backend.url}/metrics") as answer:
        metrics = await answer.text()
    labels = ('component="backend"', 'slot="blue"', 'release="v1.4.0"')
    line = next(line for line in metrics.splitlines() if line.startswith("http_requests_total{") and 'method="POST"' in line)
    assert all(label in line for label in (*labels, 'path="/api/orders"', 'code="201"'))
    assert line.endswith(" 1.0")
    assert 'le="1.0"' in metrics


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"symbol": "BTC-USD", "quantity": 0}, 400),
        ({"symbol": "BTC-USD", "quantity": "2"}, 400),
        ({"symbol": "DOGE-USD", "quantity": 1}, 404),
    ],
)
async def test_an_order_that_makes_no_sense_is_refused(pair: Pair, body: dict[str, object], status: int) -> None:
    async with pair.session.post(f"{pair.backend.url}/api/orders", json=body) as answer:
        assert answer.status == status
        assert (await answer.json())["error"]


async def test_faults_switch_on_and_off_while_it_runs(pair: Pair) -> None:
    async def status(path: str) -> int:
        async with pair.session.get(path) as answer:
            return answer.status

    async def fault(**faults: object) -> None:
        for process in (pair.frontend, pair.backend):
            async with pair.session.post(f"{process.url}/debug/faults", json=faults) as answer:
                assert answer.status == 200

    await fault(error_rate=1)
    assert (await status("/api/quotes"), await status("/api/health")) == (500, 200)
    await fault(error_rate=0, database_lost=True)
    assert (await status("/api/quotes"), await status("/api/health"), await status("/api/health/detailed")) == (503, 200, 503)
    await fault(database_lost=False, unready=True)
    assert (await status("/api/quotes"), await status("/api/health")) == (200, 503)
    await fault(unready=False, report_release="v0.0.1")
    async with pair.session.get("/api/health") as answer:
        assert (await answer.json())["release"] == "v0.0.1"
    async with pair.session.post(f"{pair.frontend.url}/debug/faults", json={"no_such_fault": 1}) as answer:
        assert answer.status == 400
        assert "no_such_fault" in (await answer.json())["error"]


async def test_a_commanded_crash_ends_the_process_without_warning(pair: Pair) -> None:
    async with pair.session.post(f"{pair.backend.url}/debug/faults", json={"crash_after": 0.05}) as answer:
        assert answer.status == 200
    assert await asyncio.wait_for(pair.backend.process.wait(), 5) == 70
    async with pair.session.get("/api/quotes") as answer:
        assert answer.status == 502


async def test_a_database_that_went_away_is_reported_and_its_return_noticed(pair: Pair, postgres: Postgres) -> None:
    await postgres.stop()
    async with pair.session.get("/api/health/detailed") as answer:
        assert (answer.status, (await answer.json())["database"]["status"]) == (503, "unhealthy")
    await postgres.start()
    async with pair.session.get("/api/quotes") as answer:
        assert answer.status == 200


async def test_leaving_under_load_fails_no_request_and_exits_with_0(pair: Pair) -> None:
    load = LoadGenerator(f"{pair.frontend.url}/api/quotes", rate=100, fresh=0.3, expect=Expectation(contains=b"BTC-USD"))
    async with load.run():
        await until(lambda: load.report().sent > 30)
        pair.frontend.terminate()
        await until(lambda: load.report().sent > 50)
        async with pair.session.get("/api/health") as answer:
            assert (answer.status, answer.headers["Connection"]) == (503, "close")
    assert not load.report().failures, str(load.report())
    assert await asyncio.wait_for(pair.frontend.process.wait(), 5) == 0


async def test_a_stream_is_told_to_come_back_elsewhere(pair: Pair) -> None:
    async with pair.session.ws_connect("/ws/quotes") as stream:
        first = await stream.receive_json(timeout=5)
        assert (first["slot"], len(first["quotes"])) == ("blue", 3)
        pair.frontend.terminate()
        message = await stream.receive(timeout=5)
        while message.type is aiohttp.WSMsgType.TEXT:
            message = await stream.receive(timeout=5)
    assert message.type is aiohttp.WSMsgType.CLOSE
    assert message.data == aiohttp.WSCloseCode.GOING_AWAY
    assert await asyncio.wait_for(pair.frontend.process.wait(), 5) == 0
