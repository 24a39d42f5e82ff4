"""A namespace of the embedded server behind the fault layer, and what an operator connects with."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from console.cluster.connect import connect
from console.cluster.kube import KubeCluster
from console.sandbox.endpoint import write_kubeconfig
from tests.faults.proxy import FaultProxy, fault_proxy
from tests.planes import ApiServer, fresh_namespace


@dataclass(frozen=True)
class Behind:
    """A cluster through the fault layer, and the same past it."""

    proxy: FaultProxy
    through: KubeCluster
    past: KubeCluster


@contextlib.asynccontextmanager
async def connected_behind(server: ApiServer, folder: Path) -> AsyncIterator[Behind]:
    """A fresh namespace of any API server behind a layer of its own."""
    async with fresh_namespace(server) as namespace, fault_proxy(server.endpoint, folder) as proxy, contextlib.AsyncExitStack() as stack:
        found = []
        for name, endpoint, user in (("through", proxy.endpoint, "operator"), ("past", server.endpoint, "admin")):
            file = write_kubeconfig(folder / f"{name}.kubeconfig", endpoint, user, namespace)
            cluster = KubeCluster(await connect(kubeconfig=file, context=None))
            stack.push_async_callback(cluster.close)
            found.append(cluster)
        yield Behind(proxy, found[0], found[1])


@pytest.fixture
async def behind(embedded_server: ApiServer, tmp_path: Path) -> AsyncIterator[Behind]:
    async with connected_behind(embedded_server, tmp_path) as found:
        yield found
