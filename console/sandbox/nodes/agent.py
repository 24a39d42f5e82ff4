"""The agent of all nodes: follows the pods of the namespaces it serves, has them scheduled, and gives each node its own."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence

from console.cluster.client import KubeClient
from console.sandbox.background import Background
from console.sandbox.certificates import Authority
from console.sandbox.following import keep
from console.sandbox.nodes.events import Recorder
from console.sandbox.nodes.host import Host, Shared, now
from console.sandbox.nodes.kubelet_server import kubelet_endpoint
from console.sandbox.nodes.node import KUBELET_PORT, Node, Plan
from console.sandbox.nodes.objects import Pod, decode_pod
from console.sandbox.nodes.scheduler import NAME, Scheduler


class NodeAgent:
    """All nodes of a rehearsal."""

    def __init__(self, client: KubeClient, shared: Shared, plans: Sequence[Plan]) -> None:
        self._client, self._shared = client, shared
        self._recorders = {plan.name: Recorder(shared.api, component="kubelet", host=plan.name, clock=now) for plan in plans}
        self._recorders[NAME] = Recorder(shared.api, component=NAME, host="", clock=now)
        self.nodes = tuple(
            Node(plan, Host(name=plan.name, address=plan.address, shared=shared, events=self._recorders[plan.name])) for plan in plans
        )
        self._scheduler = Scheduler(shared.api, self._recorders[NAME], [node.room for node in self.nodes])
        self._known: dict[tuple[str, str], Pod] = {}
        """By namespace and name, as the API last told."""
        self._background = Background()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Nodes that are registered and ready to serve, for the length of the block; all containers end with it."""
        async with contextlib.AsyncExitStack() as stack:
            authority = Authority(self._shared.folder / "kubelets")
            for node in self.nodes:
                path = self._shared.folder / f"{node.plan.name}.sock"
                certificate = authority.serving(node.plan.name, hosts=[node.plan.address, node.plan.name])
                await stack.enter_async_context(kubelet_endpoint(path, node.find, certificate))
                self._shared.network.attach(node.plan.address, {KUBELET_PORT: path})
            stack.push_async_callback(self._background.stop)
            for name, recorder in self._recorders.items():
                self._background.start(f"events of {name}", recorder.run())
            self._background.start(NAME, self._scheduler.run())
            for node in self.nodes:
                self._background.start(node.plan.name, node.run())
            yield

    def serve(self, namespace: str) -> None:
        """Take care of the pods of one more namespace."""
        if (name := f"pods of {namespace}") not in self._background:
            path = f"/api/v1/namespaces/{namespace}/pods"
            work = keep(self._client, path, decode=decode_pod, put=self._put, drop=lambda gone: self._drop(namespace, gone))
            self._background.start(name, work)

    def _put(self, pod: Pod) -> None:
        key = (pod.metadata.namespace, pod.name)
        if key in self._known and self._known[key].uid != pod.uid:
            self._drop(*key)  # replaced while nobody looked
        self._known[key] = pod
        self._scheduler.put(pod)
        for node in self.nodes:
            if node.plan.name == pod.spec.node_name:
                node.put(pod)

    def _drop(self, namespace: str, name: str) -> None:
        pod = self._known.pop((namespace, name), None)
        if pod is None:
            return
        self._scheduler.drop(pod.uid)
        for node in self.nodes:
            node.drop(pod.uid)
