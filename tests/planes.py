"""API servers for tests: one real control plane per test session, a fresh namespace and a kubeconfig per test.

Import the fixtures where they are needed (in a conftest.py, or in the test module itself):

    from tests.planes import kubeconfig, namespace, real_plane

- `real_plane` (session): a running `ControlPlane`. Starting and stopping it belongs to no event loop, so tests of any loop scope use it.
  Its faults (`kill`, `pause`, `restart`) hit every test of the session: bring the part back before the test ends.
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
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import NoReturn, Protocol, TypeVar

import pytest

from console.sandbox import setup_client
from console.sandbox.binaries import Binaries
from console.sandbox.control_plane import ControlPlane
from console.sandbox.endpoint import ApiEndpoint, write_kubeconfig
from tests.controlplane.build import BuildImpossible, ensure_binaries

T = TypeVar("T")

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
    with short_folder() as folder, in_background_of_no_loop() as run:
        block = ControlPlane.start(binaries, folder / "plane")
        plane = run(block.__aenter__())
        try:
            yield plane
        finally:
            run(block.__aexit__(None, None, None))


@pytest.fixture
async def namespace(real_plane: ControlPlane) -> str:
    """A new namespace of the real control plane."""
    return await fresh_namespace(real_plane)


@pytest.fixture
def kubeconfig(real_plane: ControlPlane, namespace: str, tmp_path: Path) -> Callable[[str], Path]:
    """Writes a kubeconfig for the user it is called with."""
    return lambda user: write_kubeconfig(tmp_path / f"{user}.kubeconfig", real_plane.endpoint, user, namespace)


async def fresh_namespace(server: ApiServer) -> str:
    """Create a namespace nobody has used, in which every user has the rights that are shipped."""
    name = f"t{os.getpid()}-{next(_numbers)}"
    await setup_client.create_namespace(server.endpoint, name)
    return name


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
def in_background_of_no_loop() -> Iterator[Callable[[Awaitable[T]], T]]:
    """Run coroutines one by one from a fixture that is not itself asynchronous, without touching the thread's own loop."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        yield lambda work: runner.run(_as_coroutine(work))


async def _as_coroutine(work: Awaitable[T]) -> T:
    return await work


def _unavailable(reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
