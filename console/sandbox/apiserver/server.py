"""The embedded API server as one running thing: store, HTTP listener and controllers."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import ssl
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from console.sandbox import setup_client
from console.sandbox.apiserver import bootstrap
from console.sandbox.apiserver.admission import Admission
from console.sandbox.apiserver.forward import Forwarder
from console.sandbox.apiserver.handlers import LARGEST_BODY, Handlers
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
        tls: bool = True,
        egress_socket: Path | None = None,
        now: Callable[[], datetime] = _utc_now,
        history: int = HISTORY,
        controllers: bool = True,
    ) -> AsyncIterator[EmbeddedServer]:
        """A ready server on loopback, with its controllers and the shipped cluster roles, for the length of the block.

        Without `tls` it speaks plain http; kubectl sends no token over that. Without `controllers` nothing moves by itself.
        """
        _make_private(folder)
        store = Store(window=history)
        registry = _registry(store, now)
        tokens = {name: secrets.token_urlsafe(24) for name in IDENTITIES}
        egress = egress_socket or folder / "egress.sock"
        forwarder = Forwarder(registry, egress)
        users = {tokens[name]: User(name, (*identity.groups, AUTHENTICATED)) for name, identity in IDENTITIES.items()}
        handlers = Handlers(registry, Authorizer(store), Subresources(registry, forwarder), users=users)
        authority, context = _certified(folder / "pki") if tls else (None, None)
        async with _listening(handlers, port, context) as bound, _running(registry, now, authority, wanted=controllers):
            endpoint = ApiEndpoint(f"http{'s' if tls else ''}://127.0.0.1:{bound}", authority, tokens)
            await setup_client.grant_cluster_rights(endpoint)
            async with contextlib.aclosing(forwarder):
                yield cls(endpoint, store, egress)

    async def create_namespace(self, name: str) -> None:
        """Create a namespace in which the users have the rights that are shipped."""
        await setup_client.create_namespace(self.endpoint, name)

    async def delete_namespace(self, name: str) -> None:
        """Ask for a namespace's deletion."""
        await setup_client.delete_namespace(self.endpoint, name)


def _make_private(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def _registry(store: Store, now: Clock) -> Registry:
    registry = Registry(store, Admission(store), now=now)
    bootstrap.fill(registry)
    return registry


@contextlib.asynccontextmanager
async def _running(registry: Registry, now: Clock, authority: Path | None, *, wanted: bool) -> AsyncIterator[None]:
    """The controllers, imported here because they are built on this package."""
    from console.sandbox.controllers.manager import Controllers

    if not wanted:
        yield
        return
    certificate = authority.read_text() if authority else ""
    async with Controllers(registry, now=now, authority=certificate).running():
        yield


def _certified(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A new authority and a server's side that shows its certificate."""
    from console.sandbox.certificates import Authority

    authority = Authority(folder)
    pair = authority.serving("serving", hosts=["127.0.0.1", "localhost"])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pair.certificate, pair.key)
    return authority.file, context


def _request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
    return web.BaseRequest(message, payload, protocol, writer, task, asyncio.get_running_loop(), client_max_size=LARGEST_BODY)


@contextlib.asynccontextmanager
async def _listening(handlers: Handlers, port: int, context: ssl.SSLContext | None) -> AsyncIterator[int]:
    """The HTTP listener; the port it got."""
    listener = web.Server(handlers.handle, request_factory=_request, access_log=None, handler_cancellation=True)
    runner = web.ServerRunner(listener, handle_signals=False, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port, backlog=1024, ssl_context=context)
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
