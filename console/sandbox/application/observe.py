"""The middleware around every request: identity headers, faults, metrics, and closing connections while draining."""

from __future__ import annotations

import logging
import time

from aiohttp import web
from aiohttp.typedefs import Handler

from console.sandbox.application.context import CONTEXT
from console.sandbox.application.database import DatabaseUnavailable

log = logging.getLogger(__name__)
NOT_BUSINESS = ("/api/health", "/metrics", "/debug/")


@web.middleware
async def observe(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer a request and account for it; probes, scrapes and debugging neither count nor suffer the faults of business requests."""
    context = request.app[CONTEXT]
    if request.path.startswith(NOT_BUSINESS):
        return await _answer(request, handler)
    started = time.perf_counter()
    context.metrics.in_flight.inc()
    try:
        fails = await context.faults.before_answer()
        response = _broken() if fails else await _answer(request, handler)
    finally:
        context.metrics.in_flight.dec()
    context.metrics.answered(method=request.method, path=_route(request), code=response.status, seconds=time.perf_counter() - started)
    return response


async def sign(request: web.Request, response: web.StreamResponse) -> None:
    """Say who answered, before the headers leave; while draining, ask the client to come back on a new connection."""
    context = request.app[CONTEXT]
    for name, value in (("X-Release", context.release), ("X-Slot", context.settings.slot), ("X-Pod", context.settings.pod)):
        response.headers[name] = value
    if context.draining and response.status != 101:
        response.headers["Connection"] = "close"
        response.force_close()


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as refusal:
        return web.json_response({"error": refusal.text}, status=refusal.status)
    except DatabaseUnavailable as error:
        log.error("%s %s: database unavailable: %s", request.method, request.path, error)
        return web.json_response({"error": f"database unavailable: {error}"}, status=503)


def _broken() -> web.Response:
    return web.json_response({"error": "a fault switch makes this request fail"}, status=500)


def _route(request: web.Request) -> str:
    """The path by which requests are grouped; unknown ones are one group, so that clients cannot create series."""
    known = ("/", "/api/quotes", "/api/orders", "/api/auth/csrf", "/ws/quotes")
    return request.path if request.path in known else "other"
