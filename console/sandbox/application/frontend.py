"""The frontend: a page, anti-forgery tokens, a stream of quotes, and /api passed on to the backend's Service."""

from __future__ import annotations

import asyncio
import contextlib
import html
import time
from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web

from console.sandbox.application import health, tokens
from console.sandbox.application.context import CONTEXT, Context

STREAM_SECONDS = 1.0
BACKEND_TIMEOUT = aiohttp.ClientTimeout(total=30, connect=3)
PASSED_BACK = {"Content-Type": "Content-Type", "X-Release": "X-Backend-Release", "X-Slot": "X-Backend-Slot", "X-Pod": "X-Backend-Pod"}
"""Headers of the backend's answer, and their names in ours."""

routes = web.RouteTableDef()
SESSION: web.AppKey[aiohttp.ClientSession] = web.AppKey("session", aiohttp.ClientSession)
STREAMS: web.AppKey[set[web.WebSocketResponse]] = web.AppKey("streams", set)


def install(app: web.Application) -> None:
    """Add the frontend's routes and its connections to the backend."""
    app[STREAMS] = set()
    app.add_routes(routes)
    app.cleanup_ctx.append(_session)
    app.on_shutdown.append(_close_streams)
    app[health.DETAILS] = lambda: _details(app)


@routes.get("/")
async def page(request: web.Request) -> web.Response:
    """The page, which names the release and slot that made it."""
    who = {name: html.escape(value) for name, value in request.app[CONTEXT].identity().items()}
    body = (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Trading</title>"
        f"<h1>Trading</h1><p>Release <b>{who['release']}</b>, slot <b>{who['slot'] or 'single'}</b>, pod {who['pod']}</p>"
        "<p><a href=/api/quotes>Quotes</a> · <a href=/api/orders>Orders</a> · <a href=/api/health/detailed>Health</a></p></html>"
    )
    return web.Response(text=body, content_type="text/html")


@routes.get("/api/auth/csrf")
async def csrf(request: web.Request) -> web.Response:
    """A token that POST requests must carry in X-CSRF-Token."""
    return web.json_response({"csrfToken": tokens.issue(request.app[CONTEXT].settings.session_secret, now=time.time())})


@routes.get("/ws/quotes")
async def stream(request: web.Request) -> web.WebSocketResponse:
    """Quotes once a second over a WebSocket, until the client leaves or the pod does (close code 1001)."""
    socket = web.WebSocketResponse(heartbeat=20)
    await socket.prepare(request)
    context = request.app[CONTEXT]
    request.app[STREAMS].add(socket)
    context.metrics.streams.inc()
    feed = asyncio.create_task(_feed(request.app, socket))
    try:
        async for _ in socket:  # nothing is expected of the client; reading notices that it left
            pass
    finally:
        feed.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await feed
        context.metrics.streams.dec()
        request.app[STREAMS].discard(socket)
    return socket


@routes.get("/api/{path:.*}")
@routes.post("/api/{path:.*}")
async def passed_on(request: web.Request) -> web.Response:
    """Any other /api request goes to the backend as it is; what changes something needs a valid token."""
    context = request.app[CONTEXT]
    if request.method != "GET" and not tokens.is_valid(
        context.settings.session_secret, request.headers.get("X-CSRF-Token", ""), now=time.time()
    ):
        raise web.HTTPForbidden(text="X-CSRF-Token is missing, forged or expired; GET /api/auth/csrf gives one")
    return await _ask_backend(request)


async def _ask_backend(request: web.Request) -> web.Response:
    url = request.app[CONTEXT].settings.backend_url + request.path_qs
    headers = {"Content-Type": request.headers["Content-Type"]} if "Content-Type" in request.headers else {}
    try:
        async with request.app[SESSION].request(request.method, url, data=await request.read() or None, headers=headers) as answer:
            back = {ours: answer.headers[theirs] for theirs, ours in PASSED_BACK.items() if theirs in answer.headers}
            return web.Response(status=answer.status, body=await answer.read(), headers=back)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        return web.json_response({"error": f"the backend did not answer: {error or type(error).__name__}"}, status=502)


async def _feed(app: web.Application, socket: web.WebSocketResponse) -> None:
    context = app[CONTEXT]
    while not socket.closed:
        quotes: object = None
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            async with app[SESSION].get(f"{context.settings.backend_url}/api/quotes") as answer:
                quotes = (await answer.json()).get("quotes") if answer.status == 200 else None
        with contextlib.suppress(ConnectionError):
            await socket.send_json({"release": context.release, "slot": context.settings.slot, "quotes": quotes})
        await asyncio.sleep(STREAM_SECONDS)


async def _details(app: web.Application) -> tuple[bool, dict[str, object]]:
    context: Context = app[CONTEXT]
    try:
        async with app[SESSION].get(f"{context.settings.backend_url}/api/health/detailed") as answer:
            backend = await answer.json(content_type=None)
            well = answer.status == 200
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        reason = str(error) or type(error).__name__
        return False, {"backend": {"status": "unreachable", "error": reason}, "database": {"status": "unknown"}}
    unknown = {"status": "unknown"}
    return well, {"backend": backend, "database": backend.get("database", unknown), "migration": backend.get("migration", unknown)}


async def _session(app: web.Application) -> AsyncIterator[None]:
    async with aiohttp.ClientSession(timeout=BACKEND_TIMEOUT) as session:
        app[SESSION] = session
        yield


async def _close_streams(app: web.Application) -> None:
    going = [socket.close(code=aiohttp.WSCloseCode.GOING_AWAY, message=b"the pod is leaving") for socket in app[STREAMS]]
    await asyncio.gather(*going)
