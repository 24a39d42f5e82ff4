"""The backend: quotes and orders, kept in PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiohttp import web

from console.sandbox.application import database, health
from console.sandbox.application.context import CONTEXT
from console.sandbox.application.database import DatabaseUnavailable, Order, Pool

routes = web.RouteTableDef()
POOL: web.AppKey[Pool] = web.AppKey("pool", Pool)


def install(app: web.Application) -> None:
    """Add the backend's routes, and a pool that lives as long as the process."""
    app.add_routes(routes)
    app.cleanup_ctx.append(_pool)
    app[health.DETAILS] = lambda: _details(app)


@routes.get("/api/quotes")
async def get_quotes(request: web.Request) -> web.Response:
    """All symbols with their last price."""
    found = await database.quotes(_usable(request.app))
    return web.json_response({"quotes": [{"symbol": quote.symbol, "price": str(quote.price)} for quote in found]})


@routes.get("/api/orders")
async def get_orders(request: web.Request) -> web.Response:
    """The newest orders."""
    return web.json_response({"orders": [_order(order) for order in await database.orders(_usable(request.app))]})


@routes.post("/api/orders")
async def post_order(request: web.Request) -> web.Response:
    """Accept an order: {"symbol": "BTC-USD", "quantity": 1}; a negative quantity sells."""
    match await _json(request):
        case {"symbol": str(symbol), "quantity": int(quantity)} if quantity and abs(quantity) <= 1_000_000:
            order = await database.place_order(_usable(request.app), symbol=symbol, quantity=quantity, release=request.app[CONTEXT].release)
        case _:
            raise web.HTTPBadRequest(text="an order is {symbol: text, quantity: whole number between -1000000 and 1000000, not 0}")
    if order is None:
        raise web.HTTPNotFound(text=f"{symbol} is not traded")
    return web.json_response(_order(order), status=201)


def _usable(app: web.Application) -> Pool:
    pool = app[POOL]
    pool.lost = app[CONTEXT].faults.faults.database_lost
    return pool


async def _details(app: web.Application) -> tuple[bool, dict[str, object]]:
    try:
        revision, seconds = await database.migration_revision(_usable(app))
    except DatabaseUnavailable as error:
        return False, {"database": {"status": "unhealthy", "error": str(error)}}
    return True, {"database": {"status": "healthy", "latency_ms": round(seconds * 1000, 2)}, "migration": {"revision": revision}}


async def _pool(app: web.Application) -> AsyncIterator[None]:
    settings = app[CONTEXT].settings
    name = f"{settings.component.value}-{settings.slot or 'single'}:{settings.release}"
    app[POOL] = Pool(settings.database_url, size=settings.database_connections, application_name=name)
    yield
    await app[POOL].close()


async def _json(request: web.Request) -> object:
    try:
        return await request.json()
    except ValueError as error:
        raise web.HTTPBadRequest(text=f"the body is not JSON: {error}") from error


def _order(order: Order) -> dict[str, object]:
    return {"id": order.id, "symbol": order.symbol, "quantity": order.quantity, "release": order.release}
