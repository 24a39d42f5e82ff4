"""A whole cluster for rehearsing, on loopback: API server, nodes, service proxy, database, metrics, images, and faults to switch on.

`async with SandboxCluster.start(folder) as box` runs on the embedded API server, with `real=` on a real control plane. Everything it
starts, and all that it writes, is gone with the block; the processes also end when this process does.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import aiohttp

from console.cluster.connect import connect
from console.cluster.errors import Conflict
from console.sandbox.apiserver import EmbeddedServer
from console.sandbox.application.schema import create_schema
from console.sandbox.binaries import find_binaries
from console.sandbox.control_plane import ControlPlane
from console.sandbox.data_plane import TARGETS_FILE, DataPlane
from console.sandbox.endpoint import ApiEndpoint, write_kubeconfig
from console.sandbox.nodes.images import Image, ImageCatalog
from console.sandbox.plane_process import remote_plane
from console.sandbox.plane_views import Plane, PlaneConfig
from console.sandbox.postgres import Postgres, running_postgres
from console.sandbox.prometheus import running_metrics
from console.sandbox.rehearsal_faults import RehearsalFaults
from console.sandbox.rehearsal_users import RehearsalUsers
from console.sandbox.relay import relay_to

Given = TypeVar("Given")
NAMESPACE = "traider-prod"
COMPONENTS = ("backend", "frontend")
SERVICES = tuple(f"traider-{component}{slot}" for component in COMPONENTS for slot in ("", "-blue", "-green"))
SECRET, DATABASE = "traider-secrets", "traider"
"""What the shipped manifests read their database URL and signing secret from; and the database behind it."""


class Server(Protocol):
    """An API server of either kind."""

    @property
    def endpoint(self) -> ApiEndpoint: ...

    async def create_namespace(self, name: str) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large the rehearsal is, and how fast it loses patience."""

    nodes: int = 2
    cpu: str = "16"
    """Of each node, as memory."""
    memory: str = "64Gi"
    backoff_scale: float = 1.0
    """Factor on crash and pull back-off; 1 is Kubernetes' own 10 s to 5 min."""
    own_process: bool = True
    """Nodes and service proxy run in a process of their own rather than on this event loop."""
    scrape_seconds: float = 1.0


DEFAULT_SIZE = Size()


class SandboxCluster:
    """A running rehearsal; made by `SandboxCluster.start`."""

    def __init__(
        self,
        *,
        server: Server,
        plane: Plane,
        images: ImageCatalog,
        database: Postgres,
        users: RehearsalUsers,
        faults: RehearsalFaults,
        prometheus_url: str,
    ) -> None:
        self.server, self.plane, self.images, self.database = server, plane, images, database
        self.users, self.faults, self.prometheus_url = users, faults, prometheus_url
        self.namespace = NAMESPACE
        self._urls: dict[tuple[str, str], str] = {}

    @classmethod
    @contextlib.asynccontextmanager
    async def start(
        cls,
        folder: Path,
        *,
        real: Path | None = None,
        namespaces: Sequence[str] = (NAMESPACE,),
        services: Sequence[str] = SERVICES,
        size: Size = DEFAULT_SIZE,
    ) -> AsyncIterator[SandboxCluster]:
        """A ready cluster without any workload, for the length of the block.

        `real` is a folder with etcd, kube-apiserver and kube-controller-manager. The first of the `namespaces` is `box.namespace`;
        `services` are those whose URLs are known at once.
        """
        async with AsyncExitStack() as stack:
            run = Path(stack.enter_context(_run_folder(folder)))
            box = await _assemble(cls, stack, run, real=real, size=size)
            box.namespace = namespaces[0]
            for namespace in namespaces:
                await box.create_namespace(namespace, services=services)
            yield box

    @property
    def endpoint(self) -> ApiEndpoint:
        """The API server as the console reaches it: through the relay whose faults can be switched on."""
        return self.users.endpoint

    def kubeconfig(self, user: str = "operator", namespace: str = "") -> Path:
        """A kubeconfig for one of the rehearsal's users, with a token file that can expire."""
        return self.users.kubeconfig(user, namespace or self.namespace)

    def url(self, service: str, namespace: str = "") -> str:
        """The entry point of a Service, which stays the same for as long as the rehearsal runs; see `open_entry` for others."""
        return self._urls[namespace or self.namespace, service]

    async def open_entry(self, service: str, namespace: str = "") -> str:
        """The entry point of any Service, there already or not."""
        key = (namespace or self.namespace, service)
        self._urls[key] = await self.plane.open_entry(*key)
        return self._urls[key]

    async def create_namespace(self, name: str, *, services: Sequence[str] = SERVICES) -> None:
        """A namespace that nodes serve, with the example application's Secret in it."""
        await self.server.create_namespace(name)
        await self.plane.serve(name)
        await _create_secret(self.users.kubeconfig("admin", name), name, self.database_url)
        for service in services:
            await self.open_entry(service, name)

    @property
    def database_url(self) -> str:
        """The example application's database."""
        return self.database.url(DATABASE)

    def add_release(
        self,
        tag: str,
        *,
        components: Sequence[str] = COMPONENTS,
        repository: str = "traider-{component}",
        variables: Mapping[str, str] | None = None,
    ) -> dict[str, str]:
        """Push images of the example application; component to digest. `variables` are its environment, such as FAULT_ERROR_RATE=0.3."""
        environment = {"RELEASE": tag, "DEBUG_FAULTS": "1", **(variables or {})}
        return {
            component: self.images.add(
                repository.format(component=component),
                tag,
                Image(application=True, port=8080, environment={"COMPONENT": component, **environment}),
            )
            for component in components
        }


async def _assemble(cls: type[SandboxCluster], stack: AsyncExitStack, run: Path, *, real: Path | None, size: Size) -> SandboxCluster:
    """Start the parts, at the same time where they do not need each other."""
    egress = run / "egress.sock"
    images = ImageCatalog(run / "images.json")
    starting_database = asyncio.create_task(stack.enter_async_context(running_postgres(run / "postgres")))
    try:
        server = await stack.enter_async_context(_server(run / "server", egress, real))
        targets = run / "nodes" / TARGETS_FILE
        config = _plane_config(run, egress, images_file=run / "images.json", server=server, size=size)
        plane = await stack.enter_async_context(_plane(config, own_process=size.own_process))
        metrics = await stack.enter_async_context(running_metrics(run / "prometheus", targets, interval=size.scrape_seconds))
        relay = await stack.enter_async_context(relay_to(_port(server.endpoint)))
    finally:
        database = await starting_database
    await create_schema(await database.create_database(DATABASE))
    session = await stack.enter_async_context(aiohttp.ClientSession())
    users = RehearsalUsers(run / "users", server.endpoint, relay)
    faults = RehearsalFaults(plane=plane, relay=relay, database=database, users=users, session=session)
    return cls(server=server, plane=plane, images=images, database=database, users=users, faults=faults, prometheus_url=metrics)


def _server(folder: Path, egress: Path, real: Path | None) -> AbstractAsyncContextManager[Server]:
    if real is None:
        return EmbeddedServer.start(folder, egress_socket=egress)
    return ControlPlane.start(find_binaries(real), folder, egress)


def _plane(config: PlaneConfig, *, own_process: bool) -> AbstractAsyncContextManager[Plane]:
    return remote_plane(config) if own_process else DataPlane.start(config)


def _plane_config(run: Path, egress: Path, *, images_file: Path, server: Server, size: Size) -> PlaneConfig:
    return PlaneConfig(
        kubeconfig=str(write_kubeconfig(run / "node-agent.kubeconfig", server.endpoint, "node-agent", NAMESPACE)),
        folder=str(run / "nodes"),
        egress_socket=str(egress),
        catalogue=str(images_file),
        namespaces=(),
        nodes=size.nodes,
        cpu=size.cpu,
        memory=size.memory,
        backoff_scale=size.backoff_scale,
    )


async def _create_secret(kubeconfig: Path, namespace: str, database_url: str) -> None:
    """The Secret that the shipped manifests name; one that is there already is left."""
    document = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": SECRET},
        "stringData": {"database-url": database_url, "jwt-secret": secrets.token_urlsafe(32)},
    }
    client = await connect(kubeconfig=kubeconfig, context=None)
    try:
        with contextlib.suppress(Conflict):
            await client.request("POST", f"/api/v1/namespaces/{namespace}/secrets", body=document)
    finally:
        await client.close()


def _run_folder(folder: Path) -> tempfile.TemporaryDirectory[str]:
    """A fresh private folder: nothing of an earlier run is met again."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return tempfile.TemporaryDirectory(prefix="run-", dir=folder, ignore_cleanup_errors=True)


def _port(endpoint: ApiEndpoint) -> int:
    return int(endpoint.server.rpartition(":")[2])
