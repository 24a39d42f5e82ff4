"""One process of the application: starts serving, and leaves on SIGTERM without failing a single request.

Leaving: readiness turns false and every answer closes its connection; new connections are still taken for `lame_duck` seconds; then the
listener closes, streams are told to go, requests in flight get `drain` seconds, and the exit code is 0.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Mapping

from aiohttp import web

from console.sandbox.application import backend, debug, frontend, health
from console.sandbox.application.context import CONTEXT, Context
from console.sandbox.application.faults import FaultSwitch
from console.sandbox.application.metrics import Metrics
from console.sandbox.application.observe import observe, sign
from console.sandbox.application.settings import Component, Settings, SettingsError, settings_from_environment

log = logging.getLogger(__name__)
EX_CONFIG = 78
KEEP_ALIVE = 75.0
"""Seconds an idle connection is kept; longer than clients keep theirs, so that it is the client that closes it."""


def main(environment: Mapping[str, str]) -> int:
    """Run until SIGTERM or SIGINT; the result is the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stdout)
    try:
        settings = settings_from_environment(environment)
    except (SettingsError, ValueError) as error:
        print(f"configuration: {error}", file=sys.stderr, flush=True)
        return EX_CONFIG
    asyncio.run(serve(settings))
    return 0


async def serve(settings: Settings) -> None:
    """Serve until a signal says to stop, then leave in order."""
    context = Context(settings, Metrics(settings), FaultSwitch(settings.faults))
    stop = _stop_signal()
    runner = web.AppRunner(application(context), access_log=None, shutdown_timeout=settings.drain, keepalive_timeout=KEEP_ALIVE)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.host, settings.port, reuse_port=True, backlog=512).start()
        context.faults.arm()
        log.info("%s %s (%s) serves on port %d", settings.component.value, settings.release, settings.slot or "single", settings.port)
        await stop.wait()
        context.draining = True
        log.info("draining")
        await asyncio.sleep(settings.lame_duck)
    finally:
        await runner.cleanup()
    log.info("stopped")


def application(context: Context) -> web.Application:
    """The web application of one component."""
    app = web.Application(middlewares=[observe])
    app[CONTEXT] = context
    app.on_response_prepare.append(sign)
    app.add_routes(health.routes)
    if context.settings.faults_enabled:
        app.add_routes(debug.routes)
    match context.settings.component:
        case Component.BACKEND:
            backend.install(app)
        case Component.FRONTEND:
            frontend.install(app)
    return app


def _stop_signal() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop
