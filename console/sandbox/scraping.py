"""The stand-in for Prometheus: scrapes the target file's pods into `prombed` and answers PromQL in the HTTP API's form."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from prombed import Prombed, ScrapeTarget
from prombed.errors import PrombedError

from console.sandbox.background import Background
from console.sandbox.ports import LOOPBACK

log = logging.getLogger(__name__)
RETENTION_SECONDS = 3600
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class BadQuery(Exception):
    """A request that Prometheus would answer with bad_data."""


class Scraper:
    """Scrapes what the target file names, again and again."""

    def __init__(self, targets: Path, session: aiohttp.ClientSession, *, interval: float) -> None:
        self._file, self._session, self._interval = targets, session, interval
        self.store = Prombed(
            retention_ms=RETENTION_SECONDS * 1000, scrape_timeout_ms=int(interval * 1000), max_series=100_000, fetch=self._fetch
        )
        self._known: dict[str, ScrapeTarget] = {}
        self._left: set[str] = set()
        """URLs that have left the file; one failed scrape ends their series."""

    async def run(self) -> None:
        """Scrape until cancelled."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            current = {target.url: target for target in _read(self._file)}
            self._left = self._known.keys() - current.keys()
            await asyncio.gather(*(self._scrape(target) for target in {**self._known, **current}.values()))
            self._known = current
            due = max(due + self._interval, loop.time())
            await asyncio.sleep(due - loop.time())

    async def _scrape(self, target: ScrapeTarget) -> None:
        try:
            await self.store.scrape_once(target)
        except PrombedError as error:
            log.debug("%s", error)  # it is recorded as up == 0

    async def _fetch(self, url: str, headers: Mapping[str, str], timeout: float, _limit: int) -> bytes:
        if url in self._left:
            raise ConnectionError("the target has left")
        async with self._session.get(url, headers=headers, timeout=aiohttp.ClientTimeout(total=timeout), raise_for_status=True) as answer:
            return await answer.read()


@contextlib.asynccontextmanager
async def prombed_server(targets: Path, *, interval: float) -> AsyncIterator[str]:
    """The URL of the stand-in, for the length of the block."""
    async with aiohttp.ClientSession() as session:
        scraper = Scraper(targets, session, interval=interval)
        background = Background()
        runner = web.AppRunner(_api(scraper.store), access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            site = web.TCPSite(runner, LOOPBACK, 0)
            await site.start()
            background.start("scraping", scraper.run())
            yield f"http://{LOOPBACK}:{site.port}"
        finally:
            await background.stop()
            await runner.cleanup()


def _api(store: Prombed) -> web.Application:
    async def query(request: web.Request) -> web.Response:
        given = await _parameters(request)
        return _answer(lambda: store.query(_needed(given, "query"), _milliseconds(given.get("time") or str(time.time()))))

    async def query_range(request: web.Request) -> web.Response:
        given = await _parameters(request)
        return _answer(
            lambda: store.query_range(
                _needed(given, "query"),
                _milliseconds(_needed(given, "start")),
                _milliseconds(_needed(given, "end")),
                _step_milliseconds(_needed(given, "step")),
            )
        )

    async def ready(_: web.Request) -> web.Response:
        return web.Response(text="Prometheus Server is Ready.\n")

    app = web.Application()
    for method in ("GET", "POST"):
        app.router.add_route(method, "/api/v1/query", query)
        app.router.add_route(method, "/api/v1/query_range", query_range)
    app.add_routes([web.get("/-/ready", ready), web.get("/-/healthy", ready)])
    return app


def _answer(ask: Any) -> web.Response:
    try:
        return web.json_response(ask())
    except BadQuery as error:
        return web.json_response({"status": "error", "errorType": "bad_data", "error": str(error)}, status=400)
    except PrombedError as error:
        kind, status = ("execution", 422) if error.code == "query_execution_error" else ("bad_data", 400)
        return web.json_response({"status": "error", "errorType": kind, "error": str(error)}, status=status)


async def _parameters(request: web.Request) -> dict[str, str]:
    form = await request.post() if request.method == "POST" else {}
    return {**request.query, **{name: str(value) for name, value in form.items()}}


def _needed(given: Mapping[str, str], name: str) -> str:
    if name not in given:
        raise BadQuery(f'invalid parameter "{name}": it is missing')
    return given[name]


def _milliseconds(text: str) -> int:
    """A moment, as Unix seconds or in RFC 3339."""
    try:
        return round(float(text) * 1000)
    except ValueError:
        pass
    try:
        return round(datetime.fromisoformat(text).timestamp() * 1000)
    except ValueError:
        raise BadQuery(f"cannot parse {text!r} to a valid timestamp") from None


def _step_milliseconds(text: str) -> int:
    """A duration, as seconds or like `15s`."""
    number, unit = text.rstrip("smhd"), text[len(text.rstrip("smhd")) :] or "s"
    try:
        return round(float(number) * UNITS[unit] * 1000)
    except (ValueError, KeyError):
        raise BadQuery(f"cannot parse {text!r} to a valid duration") from None


def _read(file: Path) -> list[ScrapeTarget]:
    """The targets in Prometheus' file form; none while the file is not there yet."""
    try:
        groups = json.loads(file.read_bytes())
    except FileNotFoundError:
        return []
    return [_target(address, group["labels"]) for group in groups for address in group["targets"]]


def _target(address: str, labels: Mapping[str, str]) -> ScrapeTarget:
    shown = {name: value for name, value in labels.items() if not name.startswith("__")}
    url = f"http://{address}{labels.get('__metrics_path__', '/metrics')}"
    return ScrapeTarget(url=url, labels={"job": "pods", **shown}, honor_labels=True)
