"""The adapter against servers that speak, lie, hang and are not there, and against the query API itself."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import ssl
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from console.domain.charts import ChartRequest
from console.domain.environment import ClusterRef, Environment, MetricQueries
from console.domain.ids import SlotName
from console.metrics.prometheus import Prometheus
from console.metrics.ranges import chart
from console.metrics.rounds import watch_metrics
from console.sandbox.certificates import Authority
from console.sandbox.prometheus import running_metrics
from tests.planes import short_folder
from tests.scripted import Handler, Reply, Request, forever, scripted, until

BLUE, GREEN = SlotName("blue"), SlotName("green")


def vector(value: str) -> dict[str, Any]:
    return {"status": "success", "data": {"resultType": "vector", "result": [{"metric": {}, "value": [time.time(), value]}]}}


async def one(_: Request, reply: Reply) -> None:
    await reply.json(200, vector("0.25"))


@contextlib.asynccontextmanager
async def source(url: str, **limits: float) -> AsyncIterator[Prometheus]:
    found = Prometheus(url, **limits)
    try:
        yield found
    finally:
        found.close()


async def asked(handler: Handler, **limits: float) -> tuple[str, float | None, str]:
    async with scripted(handler) as server, source(server.url, **limits) as prometheus:
        found = await prometheus.reading("up")
        return found.state, found.value, found.detail.replace(server.url, "URL")


async def test_a_number() -> None:
    async with scripted(one) as server, source(server.url + "/prefix/") as prometheus:
        found = await prometheus.reading('sum(rate(x{slot="blue"}[1m]))')
    assert (found.state, found.value) == ("ok", 0.25)
    assert found.at is not None
    assert abs((datetime.now(UTC) - found.at).total_seconds()) < 5
    assert server.requests[0].path == "/prefix/api/v1/query"
    assert server.requests[0].query == {"query": 'sum(rate(x{slot="blue"}[1m]))'}


async def test_an_error_is_told_in_prometheus_own_words() -> None:
    async def refuse(_: Request, reply: Reply) -> None:
        await reply.json(400, {"status": "error", "errorType": "bad_data", "error": "parse error: unexpected end"})

    assert await asked(refuse) == ("source_error", None, "bad_data: parse error: unexpected end")


async def test_warnings_are_not_lost() -> None:
    async def partial(_: Request, reply: Reply) -> None:
        await reply.json(200, vector("1") | {"warnings": ["store a is down"]})

    assert await asked(partial) == ("source_error", None, "incomplete answer: store a is down")


@pytest.mark.parametrize("code", [200, 401, 403, 502])
async def test_a_page_is_not_prometheus(code: int) -> None:
    async def page(_: Request, reply: Reply) -> None:
        await reply.whole(code, b"<html>hello</html>", content_type="text/html")

    assert await asked(page) == ("source_error", None, f"HTTP {code} without JSON, so it is not Prometheus that answers")


async def test_a_fault_is_told_at_once_and_asked_only_once() -> None:
    async def fault(_: Request, reply: Reply) -> None:
        await reply.json(503, {"status": "error", "errorType": "unavailable", "error": "starting"})

    began = time.monotonic()
    async with scripted(fault) as server, source(server.url) as prometheus:
        assert (await prometheus.reading("up")).detail == "unavailable: starting"
    assert len(server.requests) == 1
    assert time.monotonic() - began < 4.0


async def test_nobody_listens() -> None:
    async with scripted(one) as server:
        url = server.url
    async with source(url) as prometheus:
        found = await prometheus.reading("up")
    assert (found.state, found.detail) == ("source_error", f"{url} does not answer: Connection refused")


async def test_a_hang_ends_at_the_limit() -> None:
    began = time.monotonic()
    assert await asked(lambda *_: forever(), read=0.2) == ("source_error", None, "no answer from URL within 0.2 s")
    assert time.monotonic() - began < 5


async def test_an_answer_that_drips_ends_at_the_limit_of_the_whole() -> None:
    async def drip(_: Request, reply: Reply) -> None:
        await reply.begin()
        while True:
            await reply.chunk(b" ")
            await asyncio.sleep(0.02)

    assert await asked(drip, connect=0.1, read=0.3) == ("source_error", None, "no answer from URL within 0.4 s")


async def test_a_redirect_is_not_followed() -> None:
    async def moved(_: Request, reply: Reply) -> None:
        await reply.whole(302, Location="/login")

    async with scripted(moved) as server, source(server.url) as prometheus:
        found = await prometheus.reading("up")
    assert found.detail == f"{server.url} redirects; give the final address"
    assert len(server.requests) == 1


async def test_certificates_are_verified(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    pair = authority.serving("prometheus", hosts=["127.0.0.1"])
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pair.certificate, pair.key)
    async with scripted(one, tls=tls) as server, source(server.url) as prometheus:
        found = await prometheus.reading("up")
    assert found.state == "source_error"
    assert f"the certificate of {server.url} is not trusted" in found.detail


async def test_the_systems_own_authorities_are_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority(tmp_path)
    pair = authority.serving("prometheus", hosts=["127.0.0.1"])
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pair.certificate, pair.key)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    async with scripted(one, tls=tls) as server, source(server.url) as prometheus:
        assert (await prometheus.reading("up")).state == "ok"


async def test_plain_http_waits_for_no_authorities(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssl, "create_default_context", lambda: pytest.fail("the authorities were read"))
    assert (await asked(one))[0] == "ok"


async def test_the_environments_proxy_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert (await asked(one))[0] == "ok"


async def test_a_figure_without_a_series_of_failures_is_zero_errors() -> None:
    async def answer(request: Request, reply: Reply) -> None:
        empty = {"status": "success", "data": {"resultType": "vector", "result": []}}
        await reply.json(200, empty if "5.." in request.query["query"] else vector("212"))

    async with scripted(answer) as server, source(server.url) as prometheus:
        found = await prometheus.readings({"requests": "sum(x)", "errors": 'sum(x{code=~"5.."}) / sum(x)'})
    assert (found["errors"].state, found["errors"].value) == ("ok", 0.0)


async def test_times_without_a_zone_are_refused() -> None:
    async with source("http://127.0.0.1:9") as prometheus:
        with pytest.raises(ValueError, match="a time without a zone"):
            await prometheus.history("up", start=datetime(2036, 3, 1), end=datetime(2036, 3, 2), step=5)


def environment() -> Environment:
    queries = MetricQueries(requests='x{slot="$slot"}', every=0.05)
    return Environment(
        name="production", application="shop", cluster=ClusterRef("shop"), components=(), slots=(BLUE, GREEN), metrics=queries
    )


async def test_rounds_ask_for_every_slot_and_name_an_outage_within_three_seconds() -> None:
    well = True

    async def answer(request: Request, reply: Reply) -> None:
        if well:
            await reply.json(200, vector("1" if request.query["query"] == "1" else "212"))
        else:
            await forever()

    async def no_pause(_: float) -> None:
        await asyncio.sleep(0.01)

    async with (
        scripted(answer) as server,
        source(server.url) as prometheus,
        contextlib.aclosing(watch_metrics(prometheus, environment(), sleep=no_pause)) as rounds,
    ):
        seen = await asyncio.wait_for(anext(rounds), 5)
        assert {slot: figures["requests"].value for slot, figures in seen.readings.items()} == {BLUE: 212.0, GREEN: 212.0}
        well = False
        began = time.monotonic()
        while not seen.trouble:
            seen = await asyncio.wait_for(anext(rounds), 5)
        assert time.monotonic() - began < 4.0
        assert "no answer from" in seen.trouble
        well = True
        while seen.trouble or not seen.readings:
            seen = await asyncio.wait_for(anext(rounds), 10)


@pytest.fixture(params=["prombed", "prometheus"])
async def metrics(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """A query API that scrapes a counter: the sandbox's stand-in, and Prometheus itself where it is installed."""
    if request.param == "prometheus" and shutil.which("prometheus") is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("Prometheus is not installed")
    scrapes = 0

    async def expose(_: Request, reply: Reply) -> None:
        nonlocal scrapes
        scrapes += 1
        lines = (f'http_requests_total{{slot="{slot}",code="{code}"}} {scrapes * by}' for slot, code, by in COUNTED)
        await reply.whole(200, ("\n".join(lines) + "\n").encode(), content_type="text/plain; version=0.0.4")

    async with scripted(expose) as target:
        with short_folder() as folder:
            file = folder / "targets.json"
            file.write_text(json.dumps([{"targets": [f"127.0.0.1:{target.port}"], "labels": {"pod": "web-1"}}]))
            program = "prometheus" if request.param == "prometheus" else None
            async with running_metrics(folder / "data", file, interval=0.2, program=program) as url:
                await until(lambda: scrapes >= 4, within=20)
                yield url


COUNTED = (("blue", "200", 90), ("blue", "500", 10), ("green", "200", 100))


async def test_curves_of_both_slots(metrics: str) -> None:
    counted = 'http_requests_total{slot="$slot"'
    queries = MetricQueries(
        requests=f"sum(rate({counted}}}[$window]))",
        errors=f'sum(rate({counted},code=~"5.."}}[$window])) / sum(rate({counted}}}[$window]))',
        p95="",
    )
    async with source(metrics) as prometheus:
        soon = datetime.now(UTC) + timedelta(seconds=5)
        page = await chart(prometheus, replace(environment(), metrics=queries), ChartRequest(900.0), now=soon)
    assert (page.trouble, (page.end - page.start).total_seconds()) == ("", 900.0)
    blue, green = page.curves[BLUE], page.curves[GREEN]
    assert [len(curve.points) for curve in (blue["requests"], blue["errors"], green["errors"])] == [181] * 3
    assert blue["requests"].points[0].value is None, "what was not measured is a gap"
    assert blue["errors"].points[-1].value == pytest.approx(0.1)
    assert green["errors"].points[-1].value == 0.0
    assert (blue["p95"].state, blue["p95"].detail) == ("no_data", "no query is configured")


async def test_the_query_api_itself(metrics: str) -> None:
    def share(slot: str) -> str:
        of = f'http_requests_total{{slot="{slot}"'
        return f'sum(rate({of},code=~"5.."}}[1m])) / sum(rate({of}}}[1m]))'

    async with source(metrics) as prometheus:
        assert await prometheus.trouble() == ""
        blue = await prometheus.readings({"requests": 'sum(rate(http_requests_total{slot="blue"}[1m]))', "errors": share("blue")})
        assert blue["errors"].value == pytest.approx(0.1)
        assert blue["requests"].state == "ok"
        green = await prometheus.readings({"requests": 'sum(rate(http_requests_total{slot="green"}[1m]))', "errors": share("green")})
        assert (green["errors"].state, green["errors"].value) == ("ok", 0.0)
        nobody = await prometheus.readings({"requests": 'sum(rate(http_requests_total{slot="red"}[1m]))', "errors": share("red")})
        assert {figure: reading.state for figure, reading in nobody.items()} == {"requests": "no_data", "errors": "no_data"}
        several = await prometheus.reading("http_requests_total")
        assert several.state == "source_error"
        assert several.detail.startswith("3 series where one is expected: ")
        wrong = await prometheus.reading("sum(")
        assert wrong.state == "source_error"
        soon = datetime.now(UTC) + timedelta(seconds=4)
        past = await prometheus.history('sum(http_requests_total{slot="blue"})', start=soon - timedelta(seconds=60), end=soon, step=2)
        assert (past.state, len(past.points)) == ("ok", 31)
        assert past.points[0].value is None
        assert past.points[-1].value is not None
