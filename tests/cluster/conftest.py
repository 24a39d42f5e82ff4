"""`cluster("operator")` connects to a fresh namespace of the real control plane and of the embedded server in turn."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from console.cluster.connect import connect
from console.cluster.kube import KubeCluster
from console.sandbox.endpoint import write_kubeconfig
from tests.contract.conftest import api, egress, kubelet, namespace, node, paths, server, user
from tests.planes import ApiServer

__all__ = ["api", "egress", "kubelet", "namespace", "node", "paths", "server", "user"]

Connect = Callable[[str], Awaitable[KubeCluster]]


@pytest.fixture
async def cluster(server: ApiServer, namespace: str, tmp_path: Path) -> AsyncIterator[Connect]:
    """Connects as a user; `read-only` after the name makes the connection so."""
    async with contextlib.AsyncExitStack() as stack:

        async def connected(user: str) -> KubeCluster:
            name, _, limit = user.partition(" ")
            file = write_kubeconfig(tmp_path / f"{name}.kubeconfig", server.endpoint, name, namespace)
            found = KubeCluster(await connect(kubeconfig=file, context=None, read_only=limit == "read-only"))
            stack.push_async_callback(found.close)
            return found

        yield connected
