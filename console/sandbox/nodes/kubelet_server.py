"""The endpoint by which the API server reads logs from a node: HTTPS on a unix socket that only this user can open."""

from __future__ import annotations

import contextlib
import os
import ssl
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from pathlib import Path

from aiohttp import web

from console.sandbox.certificates import KeyPair
from console.sandbox.nodes.host import now
from console.sandbox.nodes.logs import ContainerLog, LogQuery
from console.sandbox.nodes.pod import PodLife

Find = Callable[[str, str], PodLife | None]
"""The pod of this namespace and name."""


@contextlib.asynccontextmanager
async def kubelet_endpoint(path: Path, find: Find, certificate: KeyPair) -> AsyncIterator[None]:
    """Serve one node's logs for the length of the block."""
    app = web.Application()
    app.add_routes([web.get("/containerLogs/{namespace}/{pod}/{container}", _Logs(find).answer), web.get("/healthz", _healthy)])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate.certificate, certificate.key)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.UnixSite(runner, path, ssl_context=context).start()
        os.chmod(path, 0o600)
        yield
    finally:
        await runner.cleanup()


async def _healthy(_: web.Request) -> web.Response:
    return web.Response(text="ok")


class _Logs:
    """Answers GET /containerLogs."""

    def __init__(self, find: Find) -> None:
        self._find = find

    async def answer(self, request: web.Request) -> web.StreamResponse:
        log = self._log(request)
        query = _query(request)
        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            async for chunk in log.read(query):
                await response.write(chunk)
        return response

    def _log(self, request: web.Request) -> ContainerLog:
        """The log that is asked for; without it, the kubelet's own refusals."""
        namespace, name, container = (request.match_info[part] for part in ("namespace", "pod", "container"))
        pod = self._find(namespace, name)
        if pod is None:
            raise web.HTTPNotFound(text=f'pod "{name}" not found')
        life = next((each for each in pod.containers if each.container.name == container), None)
        if life is None:
            raise web.HTTPNotFound(text=f'container "{container}" not found in pod "{name}"')
        if request.query.get("previous") == "true":
            if life.former_log is None:
                raise web.HTTPBadRequest(text=f'previous terminated container "{container}" in pod "{name}" not found')
            return life.former_log
        if life.log is None:
            reason = getattr(life.report.state, "reason", "")
            raise web.HTTPBadRequest(text=f'container "{container}" in pod "{name}" is waiting to start: {reason}')
        return life.log


def _query(request: web.Request) -> LogQuery:
    def number(name: str) -> int | None:
        text = request.query.get(name)
        if text is None:
            return None
        if not text.isdigit():
            raise web.HTTPBadRequest(text=f"{name}={text} is not a number")
        return int(text)

    since_seconds, since_time = number("sinceSeconds"), request.query.get("sinceTime")
    since = datetime.fromisoformat(since_time) if since_time else None
    if since_seconds is not None:
        since = now() - timedelta(seconds=since_seconds)
    return LogQuery(
        tail=number("tailLines"),
        since=since,
        timestamps=request.query.get("timestamps") == "true",
        limit_bytes=number("limitBytes"),
        follow=request.query.get("follow") == "true",
    )
