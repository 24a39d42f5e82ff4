"""A data plane in a process of its own, so that it shares no event loop with what is measured; asked over a private unix socket."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import msgspec
from aiohttp import web

from console.sandbox import supervise
from console.sandbox.data_plane import DataPlane
from console.sandbox.plane_views import EntryView, Plane, PlaneConfig, PodView
from console.sandbox.supervise import Command

START_SECONDS = 30.0
STOP_SECONDS = 10.0


def config_file(folder: Path) -> Path:
    """Where the process finds what it is to do."""
    return folder / "plane.json"


def control_socket(folder: Path) -> Path:
    """Where it answers."""
    return folder / "plane.sock"


async def run(config: PlaneConfig) -> None:
    """The process: a data plane, and answers about it, until SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with DataPlane.start(config) as plane, _answering(plane, control_socket(Path(config.folder))):
        await stop.wait()


@contextlib.asynccontextmanager
async def remote_plane(config: PlaneConfig) -> AsyncIterator[RemotePlane]:
    """A data plane in a new process, ready, for the length of the block; all its containers end with it, or with this process."""
    folder = Path(config.folder)
    _write_config(folder, config)
    command = Command(
        name="nodes",
        argv=(sys.executable, "-m", "console.sandbox.nodes", str(config_file(folder))),
        log=folder / "nodes.log",
        environment={**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)},
        grace=STOP_SECONDS,
    )
    plane = RemotePlane(control_socket(folder))
    async with supervise.running(command, probe=plane.answers, within=START_SECONDS):
        yield plane


class RemotePlane:
    """A data plane in another process; it belongs to no event loop."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def answers(self) -> bool:
        """Whether it is there."""
        try:
            await self.pods()
        except (aiohttp.ClientError, OSError):
            return False
        return True

    async def serve(self, namespace: str) -> None:
        """Take care of one more namespace."""
        await self._ask("POST", f"/namespaces/{namespace}")

    async def open_entry(self, namespace: str, service: str, port_name: str = "") -> str:
        """The URL of a Service's port, the first one where it is not named; fixed from the first time it is asked for."""
        return (await self.entry(namespace, service, port_name)).url

    async def entry(self, namespace: str, service: str, port_name: str = "") -> EntryView:
        """What goes where on a Service's port."""
        found = await self._ask("GET", f"/entries/{namespace}/{service}", port_name=port_name)
        return msgspec.json.decode(found, type=EntryView)

    async def pods(self) -> tuple[PodView, ...]:
        """All pods on the nodes."""
        return msgspec.json.decode(await self._ask("GET", "/pods"), type=tuple[PodView, ...])

    async def _ask(self, method: str, path: str, **query: str) -> bytes:
        async with (
            aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(self._path))) as session,
            session.request(method, f"http://plane{path}", params=query, raise_for_status=True) as answer,
        ):
            return await answer.read()


@contextlib.asynccontextmanager
async def _answering(plane: Plane, path: Path) -> AsyncIterator[None]:
    """Answer questions about the plane on a unix socket."""

    async def pods(_: web.Request) -> web.Response:
        return _json(await plane.pods())

    async def entry(request: web.Request) -> web.Response:
        names = request.match_info
        return _json(await plane.entry(names["namespace"], names["service"], request.query.get("port_name", "")))

    async def serve(request: web.Request) -> web.Response:
        await plane.serve(request.match_info["namespace"])
        return web.Response(status=204)

    app = web.Application()
    app.add_routes([web.get("/pods", pods), web.get("/entries/{namespace}/{service}", entry), web.post("/namespaces/{namespace}", serve)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.UnixSite(runner, path).start()
        os.chmod(path, 0o600)
        yield
    finally:
        await runner.cleanup()


def _json(value: object) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), content_type="application/json")


def _write_config(folder: Path, config: PlaneConfig) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    control_socket(folder).unlink(missing_ok=True)
    config_file(folder).write_bytes(msgspec.json.encode(config))
