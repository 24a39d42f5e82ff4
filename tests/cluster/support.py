"""Clients for scripted servers, and objects as an API server would send them."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec

from console.cluster.client import KubeClient
from console.cluster.credentials import FileCredentials
from console.cluster.target import Target, User

PODS = "/api/v1/namespaces/shop/pods"


@contextlib.asynccontextmanager
async def client_of(server: str, *, read_only: bool = False, user: User | None = None, **target: Any) -> AsyncIterator[KubeClient]:
    """A client of `server`, closed at the end."""
    who = user or User(token="t0k")
    client = KubeClient(
        Target(server=server, namespace="shop", user=who, **target), FileCredentials(who, reread=lambda: who), read_only=read_only
    )
    try:
        yield client
    finally:
        await client.close()


class ThingMeta(msgspec.Struct, rename="camel"):
    name: str
    resource_version: str = ""


class Thing(msgspec.Struct):
    """The smallest object that can be followed."""

    metadata: ThingMeta
    size: int = 0

    @property
    def name(self) -> str:
        return self.metadata.name


decode: Callable[[bytes], Thing] = msgspec.json.Decoder(Thing).decode


def thing(name: str, version: int = 1, **fields: object) -> dict[str, object]:
    return {"metadata": {"name": name, "resourceVersion": str(version)}, **fields}


def listing(*items: dict[str, object], version: int = 1, more: str = "") -> dict[str, object]:
    return {"kind": "PodList", "metadata": {"resourceVersion": str(version), "continue": more}, "items": list(items)}


def status(code: int, reason: str, message: str = "said the server", **details: object) -> dict[str, object]:
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "code": code,
        "reason": reason,
        "message": message,
        "details": details,
    }
