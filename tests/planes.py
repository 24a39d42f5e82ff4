"""API servers for tests: one real control plane per test session, a fresh namespace and a kubeconfig per test.

The fixtures are known in every folder of tests:

- `real_plane` (session): a running `ControlPlane`. Starting and stopping it belongs to no event loop, so tests of any loop scope use it.
  Its faults (`kill`, `pause`, `restart`) hit every test of the session: bring the part back before the test ends.
- `embedded_server` (session): the sandbox's own server, on an event loop in a thread of its own.
- `namespace` (function): the name of a new namespace in it, with the shipped RBAC bound; deleted, without waiting, after the test.
- `kubeconfig` (function): `kubeconfig("operator")` is the path of a kubeconfig for that user and this namespace.

Without the programs a test that asks for `real_plane` is skipped with the reason; in CI (`CI=true`) it fails.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import NoReturn, Protocol, TypeVar

import pytest

from console.sandbox import setup_client
from console.sandbox.binaries import Binaries
from console.sandbox.control_plane import ControlPlane
from console.sandbox.endpoint import ApiEndpoint, write_kubeconfig
from tests.controlplane.build import BuildImpossible, ensure_binaries

T = TypeVar("T")

EMBEDDED_HISTORY = 512
"""Changes the embedded server remembers in tests: few enough to outrun."""

_numbers = itertools.count(1)


class ApiServer(Protocol):
    """What a test may ask of either API server."""

    @property
    def endpoint(self) -> ApiEndpoint: ...

    @property
    def egress_socket(self) -> Path:
        """Where the server expects a CONNECT proxy that reaches pods and nodes."""


@pytest.fixture(scope="session")
def real_plane() -> Iterator[ControlPlane]:
    """The control plane of this test session."""
    binaries = control_plane_binaries()
    with short_folder() as folder, in_thread(ControlPlane.start(binaries, folder / "plane")) as plane:
        yield plane


@pytest.fixture(scope="session")
def embedded_server() -> Iterator[ApiServer]:
    """The embedded server of this test session."""
    from console.sandbox.apiserver import EmbeddedServer

    with short_folder() as folder, in_thread(EmbeddedServer.start(folder / "server", history=EMBEDDED_HISTORY)) as server:
        yield server


@pytest.fixture
async def namespace(real_plane: ControlPlane) -> AsyncIterator[str]:
    """A new namespace of the real control plane."""
    async with fresh_namespace(real_plane) as name:
        yield name


@pytest.fixture
def kubeconfig(real_plane: ControlPlane, namespace: str, tmp_path: Path) -> Callable[[str], Path]:
    """Writes a kubeconfig for the user it is called with."""
    return lambda user: write_kubeconfig(tmp_path / f"{user}.kubeconfig", real_plane.endpoint, user, namespace)


@contextlib.asynccontextmanager
async def fresh_namespace(server: ApiServer) -> AsyncIterator[str]:
    """A namespace nobody has used, in which every user has the rights that are shipped; its deletion is asked for, not awaited."""
    name = f"t{os.getpid()}-{next(_numbers)}"
    await setup_client.create_namespace(server.endpoint, name)
    try:
        yield name
    finally:
        await setup_client.delete_namespace(server.endpoint, name)


def control_plane_binaries() -> Binaries:
    """The programs, built when that is possible; else the test is skipped, or fails in CI."""
    try:
        return ensure_binaries()
    except BuildImpossible as reason:
        _unavailable(f"the real control plane is not available: {reason}")


@contextlib.contextmanager
def short_folder() -> Iterator[Path]:
    """A private temporary folder whose path leaves room for unix sockets, which pytest's own may not."""
    with tempfile.TemporaryDirectory(prefix="bg-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextlib.contextmanager
def in_thread(block: AbstractAsyncContextManager[T]) -> Iterator[T]:
    """Keep an asynchronous block open on an event loop in a thread of its own, so that tests of any loop may use what it gives."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="session-fixture", daemon=True)
    thread.start()
    try:
        given = asyncio.run_coroutine_threadsafe(block.__aenter__(), loop).result()
        try:
            yield given
        finally:
            asyncio.run_coroutine_threadsafe(_left(block), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _left(block: AbstractAsyncContextManager[T]) -> None:
    await block.__aexit__(None, None, None)


def _unavailable(reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
