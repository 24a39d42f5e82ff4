"""An operator in this process at a namespace of the real control plane, with pods that are ready at once, and everybody else's hands."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from console.cluster.connect import connect
from console.cluster.kube import KubeCluster
from console.journal import open_journal
from console.sandbox.control_plane import ControlPlane
from console.sandbox.endpoint import write_kubeconfig
from tests.actions.driving import environment
from tests.actions.owner import an_application
from tests.contract.conftest import api, namespace, node, paths, user
from tests.contract.node import Node
from tests.contract.objects import Paths
from tests.contract.wire import Api
from tests.controlplane.build import ensure_binaries
from tests.hands.operator import SHORT, Operator, deps_of

__all__ = ["api", "namespace", "node", "paths", "user"]

Kubectl = Callable[..., Awaitable[str]]
Opens = Callable[..., AbstractAsyncContextManager[Operator]]


@pytest.fixture
def server(real_plane: ControlPlane) -> ControlPlane:
    """The API server under test: what others' writes become is Kubernetes' own affair."""
    return real_plane


@pytest.fixture
def operator(server: ControlPlane, namespace: str, tmp_path: Path) -> Opens:
    """`async with operator() as o`: the operator's rights, or another user's; `manifests` for an application of ours."""

    @contextlib.asynccontextmanager
    async def open_operator(user: str = "operator", *, manifests: bool = False, home: str = "home", **more: Any) -> AsyncIterator[Operator]:
        file = write_kubeconfig(tmp_path / f"{user}.kubeconfig", server.endpoint, user, namespace)
        cluster = KubeCluster(await connect(kubeconfig=file, context=None))
        described = replace(environment(namespace, manifests=manifests), **{"waits": SHORT, **more})
        journal = await open_journal(tmp_path / home / "journal.db", described.name)
        try:
            yield Operator(await deps_of(cluster, described, journal, tmp_path / home))
        finally:
            await journal.close()
            await cluster.close()

    return open_operator


@pytest.fixture
def kubectl(server: ControlPlane, namespace: str, tmp_path: Path) -> Kubectl:
    """Runs the real kubectl as the administrator, as in a shell; what it says is returned, a failure is an AssertionError."""
    file = write_kubeconfig(tmp_path / "kubectl.kubeconfig", server.endpoint, "admin", namespace)
    folder = ensure_binaries().etcd.parent

    async def run(words: str, *, editor: str = "false") -> str:
        process = await asyncio.create_subprocess_shell(
            f"{folder}/kubectl --kubeconfig {file} {words}",
            env={"PATH": os.defpath, "HOME": str(tmp_path), "KUBE_EDITOR": editor},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        assert process.returncode == 0, said.decode()
        return said.decode()

    return run


@pytest.fixture
async def adopted(api: Api, paths: Paths, node: Node) -> AsyncIterator[None]:
    """An application that its owner applied with kubectl: blue serves v1 with two pods each, green is at zero."""
    await an_application(api, paths)
    async with node.attending():
        yield
