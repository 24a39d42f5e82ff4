"""Both API servers with nodes under them: `town` is a fresh namespace on each in turn (`-k real` or `-k embedded` selects one)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from console.cluster.connect import connect
from console.sandbox.application.schema import create_schema
from console.sandbox.control_plane import ControlPlane
from console.sandbox.endpoint import write_kubeconfig
from console.sandbox.nodes.images import Image, ImageCatalog
from console.sandbox.plane_process import RemotePlane, remote_plane
from console.sandbox.plane_views import PlaneConfig
from console.sandbox.postgres import Postgres, running_postgres
from tests.planes import ApiServer, fresh_namespace, in_thread, short_folder
from tests.sandbox.town import Town

BACKOFF_SCALE = 0.02
"""Crash back-off of 0.2, 0.4, 0.8 … seconds."""
NODE_CPU, NODE_MEMORY = "8", "16Gi"


class Nodes:
    """The nodes of one API server: a process, and the catalogue it pulls from."""

    def __init__(self, server: ApiServer, folder: Path) -> None:
        self.server, self.folder = server, folder
        self.images = ImageCatalog(folder / "images.json")
        self.images.add("tools", "1", Image())
        for release in ("v1.4.0", "v1.5.0"):
            for component in ("backend", "frontend"):
                environment = {"COMPONENT": component, "RELEASE": release, "DEBUG_FAULTS": "1"}
                self.images.add(f"traider-{component}", release, Image(application=True, port=8080, environment=environment))

    def config(self) -> PlaneConfig:
        return PlaneConfig(
            kubeconfig=str(write_kubeconfig(self.folder / "agent.kubeconfig", self.server.endpoint, "node-agent", "default")),
            folder=str(self.folder / "nodes"),
            egress_socket=str(self.server.egress_socket),
            catalogue=str(self.folder / "images.json"),
            namespaces=(),
            cpu=NODE_CPU,
            memory=NODE_MEMORY,
            backoff_scale=BACKOFF_SCALE,
        )


StartNodes = Callable[[ApiServer], tuple[Nodes, RemotePlane]]


@pytest.fixture(scope="module")
def running_nodes() -> Iterator[StartNodes]:
    """Starts the nodes of a server when a test of this module first asks for them."""
    started: dict[int, tuple[Nodes, RemotePlane]] = {}
    with ExitStack() as stack:

        def start(server: ApiServer) -> tuple[Nodes, RemotePlane]:
            if id(server) not in started:
                nodes = Nodes(server, stack.enter_context(short_folder()))
                started[id(server)] = nodes, stack.enter_context(in_thread(remote_plane(nodes.config())))
            return started[id(server)]

        yield start


@pytest.fixture(params=[pytest.param("real", marks=pytest.mark.real), "embedded"])
def server(request: pytest.FixtureRequest) -> ApiServer:
    """The API server under test."""
    found: ApiServer = request.getfixturevalue("real_plane" if request.param == "real" else "embedded_server")
    return found


@pytest.fixture
async def town(server: ApiServer, running_nodes: StartNodes, tmp_path: Path) -> AsyncIterator[Town]:
    """A fresh namespace that nodes serve."""
    async with _a_town(server, running_nodes, tmp_path) as found:
        yield found


@pytest.fixture
async def town_on_real(real_plane: ControlPlane, running_nodes: StartNodes, tmp_path: Path) -> AsyncIterator[Town]:
    """The same, on the real control plane alone."""
    async with _a_town(real_plane, running_nodes, tmp_path) as found:
        yield found


@contextlib.asynccontextmanager
async def _a_town(server: ApiServer, running_nodes: StartNodes, folder: Path) -> AsyncIterator[Town]:
    nodes, plane = await asyncio.to_thread(running_nodes, server)
    async with fresh_namespace(server) as namespace:
        await plane.serve(namespace)
        client = await connect(kubeconfig=write_kubeconfig(folder / "admin", server.endpoint, "admin", namespace), context=None)
        try:
            yield Town(namespace, client, plane, nodes.images)
        finally:
            await client.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def postgres(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Postgres]:
    """A PostgreSQL server."""
    async with running_postgres(tmp_path_factory.mktemp("postgres")) as found:
        yield found


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def database_url(postgres: Postgres) -> str:
    """A database with the example application's schema."""
    url = await postgres.create_database("trading")
    await create_schema(url)
    return url
