"""The few requests an administrator makes to set a rehearsal up: readiness, RBAC, namespaces.

Not a Kubernetes client: what runs on the rehearsal uses console.cluster. A session belongs to one event loop and is closed by its block.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path

import aiohttp

from console.sandbox.endpoint import ApiEndpoint
from console.sandbox.rights import SHIPPED, Document, cluster_documents, namespace_documents

MANAGER = "bluegreen-rehearsal"
PATHS: Mapping[str, str] = {
    "Namespace": "/api/v1/namespaces",
    "ClusterRole": "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "ClusterRoleBinding": "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    "RoleBinding": "/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/rolebindings",
}
TIMEOUT = aiohttp.ClientTimeout(total=10)


class SetupFailed(Exception):
    """The API server refused a request that sets the rehearsal up."""


class SetupClient:
    """Requests of one user on one API server."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def answers(self, path: str) -> bool:
        """Whether the server answers this path with 200; any trouble is a no."""
        try:
            async with self._session.get(path, timeout=aiohttp.ClientTimeout(total=2)) as response:
                return response.status == 200
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False

    async def apply(self, document: Document, *, namespace: str = "") -> None:
        """Server-side apply of one document; the namespace is used where the kind has one."""
        path = f"{PATHS[document['kind']].format(namespace=namespace)}/{document['metadata']['name']}"
        headers = {"Content-Type": "application/apply-patch+yaml"}
        async with self._session.patch(path, params={"fieldManager": MANAGER, "force": "true"}, headers=headers, json=document) as response:
            if response.status >= 400:
                raise SetupFailed(f"{document['kind']} {document['metadata']['name']}: {response.status} {await response.text()}")

    async def apply_all(self, documents: Iterable[Document], *, namespace: str = "") -> None:
        """Apply several documents at once."""
        await asyncio.gather(*(self.apply(document, namespace=namespace) for document in documents))

    async def delete_namespace(self, name: str) -> None:
        """Ask for the namespace's deletion; its content goes in the background."""
        async with self._session.delete(f"{PATHS['Namespace']}/{name}") as response:
            if response.status not in (200, 202, 404, 409):
                raise SetupFailed(f"Namespace {name}: {response.status} {await response.text()}")


@contextlib.asynccontextmanager
async def connected(endpoint: ApiEndpoint, user: str = "admin") -> AsyncIterator[SetupClient]:
    """A client for the length of the block."""
    verify: ssl.SSLContext | bool = True
    if endpoint.ca_file is not None:
        verify = ssl.create_default_context(cafile=str(endpoint.ca_file))
    async with aiohttp.ClientSession(
        base_url=endpoint.server,
        headers={"Authorization": f"Bearer {endpoint.users[user]}"},
        connector=aiohttp.TCPConnector(ssl=verify),
        timeout=TIMEOUT,
    ) as session:
        yield SetupClient(session)


async def grant_cluster_rights(endpoint: ApiEndpoint, *, shipped: Path = SHIPPED) -> None:
    """Apply the ClusterRoles that namespaces are bound to."""
    async with connected(endpoint) as client:
        await client.apply_all(cluster_documents(shipped))


async def create_namespace(endpoint: ApiEndpoint, name: str, *, shipped: Path = SHIPPED) -> None:
    """Create a namespace and bind the shipped roles in it; doing so again changes nothing."""
    async with connected(endpoint) as client:
        await client.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        await client.apply_all(namespace_documents(shipped), namespace=name)


async def delete_namespace(endpoint: ApiEndpoint, name: str) -> None:
    """Ask for a namespace's deletion."""
    async with connected(endpoint) as client:
        await client.delete_namespace(name)
