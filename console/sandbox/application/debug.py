"""Turning faults on and off while the process runs: only where it was enabled, only from loopback."""

from __future__ import annotations

import ipaddress
from dataclasses import asdict

from aiohttp import web

from console.sandbox.application.context import CONTEXT
from console.sandbox.application.faults import FaultError, Faults

routes = web.RouteTableDef()


@routes.get("/debug/faults")
async def get_faults(request: web.Request) -> web.Response:
    """The faults in force."""
    _require_loopback(request)
    return web.json_response(asdict(request.app[CONTEXT].faults.faults))


@routes.post("/debug/faults")
async def post_faults(request: web.Request) -> web.Response:
    """Change some faults, as {"error_rate": 0.3}; the answer is all that are in force."""
    _require_loopback(request)
    switch = request.app[CONTEXT].faults
    try:
        changes = await request.json()
        switch.set(switch.faults.with_changes(dict(changes)))
    except FaultError as error:
        raise web.HTTPBadRequest(text=str(error)) from error
    except (ValueError, TypeError) as error:
        raise web.HTTPBadRequest(text="the body is not a JSON object") from error
    return web.json_response(asdict(switch.faults))


@routes.delete("/debug/faults")
async def delete_faults(request: web.Request) -> web.Response:
    """Heal: no faults any more."""
    _require_loopback(request)
    request.app[CONTEXT].faults.set(Faults())
    return web.Response(status=204)


def _require_loopback(request: web.Request) -> None:
    if request.remote is None or not ipaddress.ip_address(request.remote).is_loopback:
        raise web.HTTPForbidden(text="faults are switched from loopback only")
