"""The embedded API server as one running thing: store, HTTP listener and controllers."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from aiohttp import web

from console.sandbox import setup_client
from console.sandbox.apiserver import bootstrap
from console.sandbox.apiserver.admission import Admission
from console.sandbox.apiserver.forward import Forwarder
from console.sandbox.apiserver.handlers import Handlers
from console.sandbox.apiserver.rbac import AUTHENTICATED, Authorizer, User
from console.sandbox.apiserver.registry import Registry
from console.sandbox.apiserver.store import Store
from console.sandbox.apiserver.subresources import Subresources
from console.sandbox.apiserver.writes import Clock
from console.sandbox.endpoint import IDENTITIES, ApiEndpoint

HISTORY: Final = 4096
"""Changes per resource that a watch can go back."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class EmbeddedServer:
    """A running server; made by `EmbeddedServer.start`."""

    def __init__(self, endpoint: ApiEndpoint, store: Store, egress_socket: Path) -> None:
        self.endpoint = endpoint
        self.store = store
        self.egress_socket = egress_socket
        """Where the CONNECT proxy to pods and nodes is expected; it may start later, or never."""

    @classmethod
    @contextlib.asynccontextmanager
    async def start(
        cls,
        folder: Path,
        *,
        port: int = 0,
        egress_socket: Path | None = None,
        now: Callable[[], datetime] = _utc_now,
        history: int = HISTORY,
    ) -> AsyncIterator[EmbeddedServer]:
        """A ready server on loopback, with its controllers and the shipped cluster roles, for the length of the block."""
        from console.sandbox.controllers.manager import Controllers  # they are written on this package's parts, and so import it

        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        store = Store(window=history)
        registry = _registry(store, now)
        tokens = {name: secrets.token_urlsafe(24) for name in IDENTITIES}
        egress = egress_socket or folder / "egress.sock"
        forwarder = Forwarder(registry, egress)
        stopping = asyncio.Event()
        users = {tokens[name]: User(name, (*identity.groups, AUTHENTICATED)) for name, identity in IDENTITIES.items()}
        handlers = Handlers(registry, Authorizer(store), Subresources(registry, forwarder), users=users, stopping=stopping)
        async with _listening(handlers, port) as bound, Controllers(registry, now=now).running():
            endpoint = ApiEndpoint(f"http://127.0.0.1:{bound}", None, tokens)
            await setup_client.grant_cluster_rights(endpoint)
            try:
                yield cls(endpoint, store, egress)
            finally:
                stopping.set()
                await forwarder.close()

    async def create_namespace(self, name: str) -> None:
        """Create a namespace in which the users have the rights that are shipped."""
        await setup_client.create_namespace(self.endpoint, name)

    async def delete_namespace(self, name: str) -> None:
        """Ask for a namespace's deletion."""
        await setup_client.delete_namespace(self.endpoint, name)


def _registry(store: Store, now: Clock) -> Registry:
    registry = Registry(store, Admission(store), now=now)
    bootstrap.fill(registry)
    return registry


@contextlib.asynccontextmanager
async def _listening(handlers: Handlers, port: int) -> AsyncIterator[int]:
    """The HTTP listener; the port it got."""
    runner = web.ServerRunner(web.Server(handlers.handle, access_log=None), handle_signals=False, shutdown_timeout=0.5)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port, backlog=1024)
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
