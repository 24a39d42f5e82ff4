"""What nodes ask of the API server: binding, statuses, deletions, configuration, events and the Node objects themselves."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import msgspec

from console.cluster.client import KubeClient
from console.cluster.errors import Conflict, NotFound
from console.sandbox.nodes.environment import Source
from console.sandbox.nodes.objects import Pod

STRATEGIC = "application/strategic-merge-patch+json"
MERGE = "application/merge-patch+json"
Json = Mapping[str, Any]


class PodGone(Exception):
    """The pod is not there any more, or another one has its name."""


class NodeApi:
    """The requests of one node agent; every failure is a ClusterError, except that a pod is gone."""

    def __init__(self, client: KubeClient) -> None:
        self._client = client

    async def bind(self, pod: Pod, node: str) -> None:
        """Assign the pod to a node; a pod that is gone or bound already is left alone."""
        body = {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {"name": pod.name, "namespace": pod.metadata.namespace, "uid": pod.uid},
            "target": {"apiVersion": "v1", "kind": "Node", "name": node},
        }
        try:
            await self._client.request("POST", f"{pod.path}/binding", body=body)
        except (NotFound, Conflict) as error:
            raise PodGone from error

    async def patch_status(self, pod: Pod, status: Json) -> None:
        """Report a pod's status; PodGone when it is not this pod any more."""
        body = {"metadata": {"uid": pod.uid}, "status": status}
        try:
            await self._client.request("PATCH", f"{pod.path}/status", body=body, content_type=STRATEGIC)
        except (NotFound, Conflict) as error:
            raise PodGone from error

    async def finish_deletion(self, pod: Pod) -> None:
        """Take a pod, of which nothing runs any more, out of the API."""
        body = {"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0, "preconditions": {"uid": pod.uid}}
        try:
            await self._client.request("DELETE", pod.path, body=body)
        except (NotFound, Conflict) as error:
            raise PodGone from error

    async def source(self, namespace: str, source: Source) -> Mapping[str, str] | None:
        """The data of a ConfigMap or Secret, decoded; None when it does not exist."""
        kind, name = source
        plural = {"ConfigMap": "configmaps", "Secret": "secrets"}[kind]
        try:
            raw = await self._client.request("GET", f"/api/v1/namespaces/{namespace}/{plural}/{name}")
        except NotFound:
            return None
        data: dict[str, str] = msgspec.json.decode(raw).get("data") or {}
        return {key: base64.b64decode(value).decode() for key, value in data.items()} if kind == "Secret" else data

    async def create_node(self, node: Json) -> None:
        """Register a node; one that is known already is taken over."""
        try:
            await self._client.request("POST", "/api/v1/nodes", body=node)
        except Conflict:
            name = node["metadata"]["name"]
            await self._client.request("PATCH", f"/api/v1/nodes/{name}", body={"metadata": node["metadata"]}, content_type=MERGE)

    async def patch_node_status(self, name: str, status: Json) -> None:
        """A node's heartbeat."""
        await self._client.request("PATCH", f"/api/v1/nodes/{name}/status", body={"status": status}, content_type=STRATEGIC)

    async def create_event(self, namespace: str, event: Json) -> None:
        """Say that something happened."""
        await self._client.request("POST", f"/api/v1/namespaces/{namespace}/events", body=event)

    async def repeat_event(self, namespace: str, name: str, change: Json) -> None:
        """Say that it happened again."""
        await self._client.request("PATCH", f"/api/v1/namespaces/{namespace}/events/{name}", body=change, content_type=MERGE)
