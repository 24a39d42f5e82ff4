"""What probes and people ask: is it alive, is it ready, does everything it needs work."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from aiohttp import web

from console.sandbox.application.context import CONTEXT, Context

Details = Callable[[], Awaitable[tuple[bool, dict[str, object]]]]
"""Whether all that the component needs is well, and what is known of it."""

routes = web.RouteTableDef()
DETAILS: web.AppKey[Details] = web.AppKey("details")


@routes.get("/api/health/live")
async def live(request: web.Request) -> web.Response:
    """Alive: the event loop turns. Nothing else may make a pod restart."""
    return web.json_response({"status": "alive", **request.app[CONTEXT].identity()})


@routes.get("/api/health")
async def health(request: web.Request) -> web.Response:
    """Ready for traffic; 503 while draining."""
    context = request.app[CONTEXT]
    status = _status(context)
    return web.json_response({"status": status, **context.identity()}, status=200 if status == "healthy" else 503)


@routes.get("/api/health/detailed")
async def detailed(request: web.Request) -> web.Response:
    """Everything the component depends on, asked now; 503 when any of it fails."""
    context = request.app[CONTEXT]
    well, details = await request.app[DETAILS]()
    status = _status(context) if well else "unhealthy"
    body = {"status": status, **context.identity(), "uptime_seconds": round(time.monotonic() - context.started, 3), **details}
    return web.json_response(body, status=200 if status == "healthy" else 503)


@routes.get("/metrics")
async def metrics(request: web.Request) -> web.Response:
    """Prometheus' exposition."""
    exposed = request.app[CONTEXT].metrics
    return web.Response(body=exposed.exposition(), headers={"Content-Type": exposed.content_type})


def _status(context: Context) -> str:
    if context.draining:
        return "draining"
    return "unready" if context.faults.faults.unready else "healthy"
