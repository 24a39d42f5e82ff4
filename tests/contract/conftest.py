"""Every test here runs twice: against the real control plane and against the embedded server.

`server` is the API server in turn, `namespace` a fresh one on it, `paths` its addresses, `api` the administrator's requests,
`user("viewer")` another's, and `node` plays the kubelet by hand. Select one side with `-k real` or `-k embedded`.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from console.sandbox.control_plane import ControlPlane
from tests.contract import wire
from tests.contract.egress import Egress, Kubelet, pod_listening
from tests.contract.node import Node
from tests.contract.objects import Paths
from tests.contract.wire import Api
from tests.planes import EMBEDDED_HISTORY, ApiServer, fresh_namespace

Forget = Callable[[], Awaitable[None]]
As = Callable[[str], Awaitable[Api]]
"""Requests as the user of this name; a name nobody has is sent as the token itself."""


@pytest.fixture(params=[pytest.param("real", marks=pytest.mark.real), "embedded"])
def server(request: pytest.FixtureRequest) -> ApiServer:
    """The API server under test."""
    found: ApiServer = request.getfixturevalue("real_plane" if request.param == "real" else "embedded_server")
    return found


@pytest.fixture
def is_embedded(server: ApiServer) -> bool:
    """For the few places where the embedded server may refuse what the real one can do."""
    return not isinstance(server, ControlPlane)


@pytest.fixture
async def namespace(server: ApiServer) -> AsyncIterator[str]:
    """A new namespace with the shipped RBAC bound."""
    async with fresh_namespace(server) as name:
        yield name


@pytest.fixture
def paths(namespace: str) -> Paths:
    """Where the resources of this namespace are found."""
    return Paths(namespace)


@pytest.fixture
async def user(server: ApiServer) -> AsyncIterator[As]:
    """Requests as any user."""
    async with contextlib.AsyncExitStack() as sessions:

        async def connect(name: str) -> Api:
            return await sessions.enter_async_context(wire.connected(server.endpoint, server.endpoint.users.get(name, name)))

        yield connect


@pytest.fixture
async def api(user: As) -> Api:
    """Requests as the administrator."""
    return await user("admin")


@pytest.fixture
def forget(server: ApiServer, api: Api, paths: Paths) -> Forget:
    """Makes the server forget the changes so far, so that versions from before are too old to watch from.

    The real one is made to; the embedded one keeps a bounded number of changes.
    """

    async def restart_or_overflow() -> None:
        if isinstance(server, ControlPlane):
            await server.forget_history()
            return
        for number in range(EMBEDDED_HISTORY + 10):
            change = {"metadata": {"annotations": {"example.test/number": str(number)}}}
            for each in (await api.get(paths.pods)).ok()["items"]:
                (await api.merge_patch(f"{paths.pods}/{each['metadata']['name']}", change)).ok()

    return restart_or_overflow


@pytest.fixture
async def node(user: As, paths: Paths) -> AsyncIterator[Node]:
    """The agent that makes pods real, with the rights of `node-agent` and a node of its own."""
    agent = Node(await user("node-agent"), paths)
    await agent.register()
    yield agent
    await agent.unregister()


@pytest.fixture
def kubelet() -> Kubelet:
    """A node's log endpoint."""
    return Kubelet()


@pytest.fixture
async def egress(server: ApiServer, kubelet: Kubelet, tmp_path: Path) -> AsyncIterator[Egress]:
    """The way from the API server to that endpoint and to one pod, 10.244.210.7:8080."""
    async with kubelet.listening(tmp_path / "pki") as kubelet_port, pod_listening() as pod_port:
        proxy = Egress({f"{kubelet.address}:{kubelet.port}": kubelet_port, "10.244.210.7:8080": pod_port})
        async with proxy.listening(server.egress_socket):
            yield proxy
