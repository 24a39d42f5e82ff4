"""Everything below the API server in one event loop: nodes, the pods' network, the service proxy, and the files others read.

`services.json` in its folder gives containers their names of Services, `targets.json` names the pods to scrape, in Prometheus' file form.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import msgspec

from console.cluster.client import KubeClient
from console.cluster.connect import connect
from console.sandbox.background import Background
from console.sandbox.following import keep
from console.sandbox.network import PodNetwork, connect_proxy
from console.sandbox.nodes.agent import NodeAgent
from console.sandbox.nodes.api import NodeApi
from console.sandbox.nodes.host import Shared
from console.sandbox.nodes.images import ImageCatalog
from console.sandbox.nodes.node import Node, Plan
from console.sandbox.nodes.pod import PodLife
from console.sandbox.nodes.runtime import running_runtime
from console.sandbox.plane_views import ContainerView, EntryView, ForwardedView, PlaneConfig, PodView
from console.sandbox.ports import LOOPBACK
from console.sandbox.proxy import Entry, ServiceProxy
from console.sandbox.routing import EndpointSlice, Service

SERVICES_FILE, TARGETS_FILE = "services.json", "targets.json"
SERVICE, SLICE = msgspec.json.Decoder(Service), msgspec.json.Decoder(EndpointSlice)
TARGETS_SECONDS = 0.5
"""How often the list of pods to scrape is brought up to date."""


class DataPlane:
    """A running data plane; made by `DataPlane.start`."""

    def __init__(self, client: KubeClient, agent: NodeAgent, proxy: ServiceProxy, folder: Path) -> None:
        self._client, self._agent, self._proxy, self._folder = client, agent, proxy, folder
        self._background = Background()

    @classmethod
    @contextlib.asynccontextmanager
    async def start(cls, config: PlaneConfig) -> AsyncIterator[DataPlane]:
        """Nodes, network and proxy for the length of the block; every container ends with it."""
        folder = Path(config.folder)
        _make_private(folder)
        network = PodNetwork()
        proxy = ServiceProxy(network)
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(connect_proxy(network, Path(config.egress_socket)))
            client = await connect(kubeconfig=Path(config.kubeconfig), context=None)
            stack.push_async_callback(client.close)
            shared = Shared(
                api=NodeApi(client),
                runtime=await stack.enter_async_context(running_runtime(folder, names=folder / SERVICES_FILE)),
                network=network,
                catalogue=ImageCatalog(Path(config.catalogue)),
                session=await stack.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True, limit=0))),
                services=proxy.loopback_ports,
                folder=folder,
                backoff_scale=config.backoff_scale,
            )
            plans = [Plan(number, cpu=config.cpu, memory=config.memory) for number in range(1, config.nodes + 1)]
            agent = NodeAgent(client, shared, plans)
            plane = cls(client, agent, proxy, folder)
            stack.push_async_callback(plane._background.stop)
            plane._background.start("proxy", proxy.run())
            plane._background.start("targets", plane._write_targets())
            await stack.enter_async_context(agent.running())
            for namespace in config.namespaces:
                await plane.serve(namespace)
            yield plane

    async def serve(self, namespace: str) -> None:
        """Take care of one more namespace."""
        if f"services of {namespace}" in self._background:
            return
        services = keep(
            self._client,
            f"/api/v1/namespaces/{namespace}/services",
            decode=SERVICE.decode,
            put=self._put_service,
            drop=lambda name: self._drop_service(f"{namespace}/{name}"),
        )
        slices = keep(
            self._client,
            f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices",
            decode=SLICE.decode,
            put=self._proxy.put_slice,
            drop=lambda name: self._proxy.drop_slice(f"{namespace}/{name}"),
        )
        self._background.start(f"services of {namespace}", services)
        self._background.start(f"endpoints of {namespace}", slices)
        self._agent.serve(namespace)

    async def open_entry(self, namespace: str, service: str, port_name: str = "") -> str:
        """The URL of a Service's port, the first one where it is not named; fixed from the first time it is asked for."""
        return self._proxy.entry(namespace, service, port_name).url

    async def entry(self, namespace: str, service: str, port_name: str = "") -> EntryView:
        """What goes where on a Service's port."""
        return _entry_view(self._proxy.entry(namespace, service, port_name), self._proxy.pod_name)

    async def pods(self) -> tuple[PodView, ...]:
        """All pods on the nodes."""
        return tuple(_pod_view(life, node) for node in self._agent.nodes for life in node.pods)

    def _put_service(self, service: Service) -> None:
        self._proxy.put_service(service)
        self._write_names()

    def _drop_service(self, name: str) -> None:
        self._proxy.drop_service(name)
        self._write_names()

    def _write_names(self) -> None:
        _replace(self._folder / SERVICES_FILE, msgspec.json.encode(self._proxy.loopback_ports()))

    async def _write_targets(self) -> None:
        written = b""
        while True:
            targets = msgspec.json.encode([target for pod in await self.pods() for target in scrape_targets(pod)])
            if targets != written:
                _replace(self._folder / TARGETS_FILE, targets)
                written = targets
            await asyncio.sleep(TARGETS_SECONDS)


def scrape_targets(pod: PodView) -> list[dict[str, object]]:
    """The pod as Prometheus' file discovery names it, if its annotations ask for scraping and its process runs."""
    if pod.annotations.get("prometheus.io/scrape") != "true":
        return []
    port = pod.ports.get(int(pod.annotations.get("prometheus.io/port", "0")))
    running = next((container for container in pod.containers if container.pid is not None), None)
    if port is None or running is None:
        return []
    labels = {
        "namespace": pod.namespace,
        "pod": pod.name,
        "component": running.variables.get("COMPONENT", ""),
        "slot": running.variables.get("SLOT", ""),
        "__metrics_path__": pod.annotations.get("prometheus.io/path", "/metrics"),
    }
    return [{"targets": [f"{LOOPBACK}:{port}"], "labels": labels}]


def _pod_view(life: PodLife, node: Node) -> PodView:
    meta = life.pod.metadata
    return PodView(
        namespace=meta.namespace,
        name=meta.name,
        node=node.plan.name,
        labels=meta.labels,
        annotations=meta.annotations,
        address=life.ports.address,
        ports=life.ports.numbers(),
        containers=tuple(
            ContainerView(name=each.container.name, pid=each.pid, restarts=each.report.restarts, variables=dict(each.variables))
            for each in life.containers
        ),
    )


def _entry_view(entry: Entry, pod_name: Callable[[str], str]) -> EntryView:
    return EntryView(
        namespace=entry.namespace,
        service=entry.service,
        port_name=entry.port_name,
        url=entry.url,
        targets=tuple(pod_name(target.address) for target in entry.targets),
        open=dict(entry.open),
        forwarded=tuple(ForwardedView(each.at, each.pod, each.refused) for each in entry.record),
    )


def _make_private(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def _replace(file: Path, content: bytes) -> None:
    fresh = file.with_suffix(".new")
    fresh.write_bytes(content)
    fresh.replace(file)
