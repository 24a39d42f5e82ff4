"""`cluster("operator")` connects to a fresh namespace of the real control plane and of the embedded server in turn."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from console.cluster.connect import connect
from console.cluster.kube import KubeCluster
from console.sandbox.endpoint import write_kubeconfig
from tests.planes import ApiServer, embedded_server, fresh_namespace, real_plane

__all__ = ["embedded_server", "real_plane"]

As = Callable[[str], Awaitable[KubeCluster]]


@pytest.fixture(params=[pytest.param("real", marks=pytest.mark.real), "embedded"])
def server(request: pytest.FixtureRequest) -> ApiServer:
    """The API server under test."""
    found: ApiServer = request.getfixturevalue("real_plane" if request.param == "real" else "embedded_server")
    return found


@pytest.fixture
async def shop(server: ApiServer) -> AsyncIterator[str]:
    """A new namespace with the shipped RBAC bound."""
    async with fresh_namespace(server) as name:
        yield name


@pytest.fixture
async def cluster(server: ApiServer, shop: str, tmp_path: Path) -> AsyncIterator[As]:
    """Connects as a user; `read-only` at the end of the name makes the connection so."""
    async with contextlib.AsyncExitStack() as stack:

        async def connected(user: str) -> KubeCluster:
            name, _, limit = user.partition(" ")
            file = write_kubeconfig(tmp_path / f"{name}.kubeconfig", server.endpoint, name, shop)
            found = KubeCluster(await connect(kubeconfig=file, context=None, read_only=limit == "read-only"))
            stack.push_async_callback(found.close)
            return found

        yield connected
