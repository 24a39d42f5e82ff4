"""Prometheus' query API over scraped targets: the stand-in always, the real one where it is installed, both alike."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from console.sandbox.prometheus import running_metrics
from tests.planes import short_folder
from tests.sandbox.waiting import answered

Json = dict[str, Any]


class Exposing:
    """A target whose counter grows with every scrape."""

    def __init__(self) -> None:
        self.scrapes = 0
        self.port = 0

    async def metrics(self, _: web.Request) -> web.Response:
        self.scrapes += 1
        lines = (
            f'http_requests_total{{component="frontend",slot="blue",code="200"}} {self.scrapes * 90}',
            f'http_requests_total{{component="frontend",slot="blue",code="500"}} {self.scrapes * 10}',
        )
        return web.Response(text="\n".join(lines) + "\n", content_type="text/plain")


@pytest.fixture
async def target() -> AsyncIterator[Exposing]:
    exposing = Exposing()
    app = web.Application()
    app.add_routes([web.get("/own/metrics", exposing.metrics)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    exposing.port = site.port
    yield exposing
    await runner.cleanup()


def targets_file(folder: Path, *ports: int) -> Path:
    labels = {"pod": "frontend-1", "component": "ignored", "slot": "ignored", "__metrics_path__": "/own/metrics"}
    file = folder / "targets.json"
    fresh = folder / "targets.new"
    fresh.write_text(json.dumps([{"targets": [f"127.0.0.1:{port}"], "labels": labels} for port in ports]))
    fresh.replace(file)
    return file


@pytest.fixture(params=["prombed", "prometheus"])
async def metrics(request: pytest.FixtureRequest, target: Exposing) -> AsyncIterator[str]:
    if request.param == "prometheus" and shutil.which("prometheus") is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("Prometheus is not installed")
    with short_folder() as folder:
        program = request.param if request.param == "prometheus" else None
        async with running_metrics(folder / "prometheus", targets_file(folder, target.port), interval=0.2, program=program) as url:
            yield url


async def ask(url: str, path: str, **query: object) -> tuple[int, Json]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{url}/api/v1/{path}", params={name: str(value) for name, value in query.items()}) as answer,
    ):
        body: Json = await answer.json()
        return answer.status, body


async def scraped(url: str, target: Exposing) -> None:
    async def series() -> list[Json]:
        found: list[Json] = (await ask(url, "query", query="http_requests_total"))[1]["data"]["result"]
        return found

    await answered(series, lambda found: found and target.scrapes >= 3, within=20)


async def test_own_labels_win_and_the_pod_is_added(metrics: str, target: Exposing) -> None:
    await scraped(metrics, target)
    status, body = await ask(metrics, "query", query='http_requests_total{code="500"}')
    assert (status, body["status"], body["data"]["resultType"]) == (200, "success", "vector")
    (found,) = body["data"]["result"]
    assert {name: found["metric"][name] for name in ("pod", "component", "slot")} == {
        "pod": "frontend-1",
        "component": "frontend",
        "slot": "blue",
    }
    assert float(found["value"][1]) >= 30


async def test_rates_and_ranges(metrics: str, target: Exposing) -> None:
    await scraped(metrics, target)
    share = 'sum(rate(http_requests_total{code=~"5.."}[1m])) / sum(rate(http_requests_total[1m]))'
    status, body = await ask(metrics, "query", query=share)
    assert status == 200
    assert float(body["data"]["result"][0]["value"][1]) == pytest.approx(0.1)
    now = time.time()
    status, body = await ask(metrics, "query_range", query="sum(http_requests_total)", start=now - 10, end=now, step="5s")
    assert (status, body["data"]["resultType"]) == (200, "matrix")
    assert float(body["data"]["result"][0]["values"][-1][1]) >= 300


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("query", {"query": "sum("}),
        ("query_range", {"query": "up", "start": "1", "end": "2"}),
        ("query_range", {"query": "up", "start": "yesterday", "end": "2", "step": "1"}),
        ("query_range", {"query": "up", "start": "1", "end": "2", "step": "often"}),
    ],
)
async def test_a_bad_request_is_said_to_be_one(metrics: str, path: str, query: dict[str, str]) -> None:
    status, body = await ask(metrics, path, **query)
    assert (status, body["status"], body["errorType"]) == (400, "error", "bad_data")
    assert body["error"]


async def test_a_target_that_left_has_no_series_any_more(target: Exposing) -> None:
    with short_folder() as folder:
        async with running_metrics(folder / "prometheus", targets_file(folder, target.port), interval=0.1, program=None) as url:
            await scraped(url, target)
            targets_file(folder)

            async def left() -> int:
                return len((await ask(url, "query", query="http_requests_total"))[1]["data"]["result"])

            assert await answered(left, lambda count: count == 0) == 0
