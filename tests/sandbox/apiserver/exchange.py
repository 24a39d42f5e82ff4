"""Requests with the answers a real kube-apiserver gave: read from files, sent to any server, compared without what differs each time.

A file in exchanges/ is one conversation in one fresh namespace. `do` is `METHOD apiVersion plural[/name[/subresource]]`, where JSON, MERGE,
STRATEGIC and APPLY are patches of these kinds; `as` names another user than the administrator.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from console.sandbox.apiserver.resources import BY_PATH
from console.sandbox.endpoint import ApiEndpoint
from console.sandbox.setup_client import connected

NAMESPACE = "golden"
FOLDER = Path(__file__).parent
PATCHES = {
    "JSON": "application/json-patch+json",
    "MERGE": "application/merge-patch+json",
    "STRATEGIC": "application/strategic-merge-patch+json",
    "APPLY": "application/apply-patch+yaml",
}
UID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TIME = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
DOCUMENT = re.compile(r'Invalid value: "\{.*\}": (json|strict)')
RECORD = re.compile(r"in record \(\d+\)")
ADDRESS = re.compile(r"10\.96\.\d+\.\d+")
CHANGING = {"resourceVersion": "VERSION", "nodePort": "PORT"}
UNORDERED = {"conditions", "managedFields"}


@dataclass(frozen=True)
class Exchange:
    """One request."""

    title: str
    do: str
    query: dict[str, str] = field(default_factory=dict)
    body: Any = None
    user: str = "admin"
    namespace: str = NAMESPACE

    @property
    def path(self) -> str:
        """Where it is sent."""
        _, version, place = self.do.split()
        group, _, short = version.rpartition("/")
        root = f"/apis/{group}/{short}" if group else f"/api/{short}"
        resource = BY_PATH[group, short, place.split("/")[0]]
        return f"{root}/namespaces/{self.namespace}/{place}" if resource.namespaced else f"{root}/{place}"

    @property
    def method(self) -> str:
        """The HTTP method."""
        verb = self.do.split()[0]
        return "PATCH" if verb in PATCHES else verb

    @property
    def content_type(self) -> str:
        """What the body is."""
        return PATCHES.get(self.do.split()[0], "application/json")


def conversations() -> Sequence[str]:
    """The names of the files."""
    return sorted(path.stem for path in (FOLDER / "exchanges").glob("*.yml"))


def read(name: str) -> list[Exchange]:
    """The requests of one conversation."""
    documents = yaml.safe_load((FOLDER / "exchanges" / f"{name}.yml").read_text())
    return [Exchange(**{("user" if key == "as" else key): value for key, value in document.items()}) for document in documents]


def answers_file(name: str) -> Path:
    """Where the answers of a conversation are kept."""
    return FOLDER / "answers" / f"{name}.json"


async def hold(endpoint: ApiEndpoint, exchanges: Sequence[Exchange]) -> list[dict[str, Any]]:
    """Send every request in order, in a namespace that is empty, and return the answers."""
    async with connected(endpoint) as admin, connected(endpoint, "viewer") as viewer:
        sessions = {"admin": admin._session, "viewer": viewer._session}
        created = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
        async with admin._session.post("/api/v1/namespaces", json=created) as response:
            assert response.status == 201, await response.text()
        return [await _ask(sessions[exchange.user], exchange) for exchange in exchanges]


async def _ask(session: aiohttp.ClientSession, exchange: Exchange) -> dict[str, Any]:
    headers = {"User-Agent": "golden/1"}
    data = None
    if exchange.body is not None:
        headers["Content-Type"] = exchange.content_type
        data = json.dumps(exchange.body)
    async with session.request(exchange.method, exchange.path, params=exchange.query, data=data, headers=headers) as response:
        text = await response.text()
        warnings = response.headers.getall("Warning", [])
        body = json.loads(text) if response.content_type == "application/json" else text
        return {"title": exchange.title, "status": response.status, "warnings": warnings, "body": comparable(body)}


def comparable(value: Any, key: str = "") -> Any:
    """A body without identities, times, versions and allocated numbers, and with unordered lists in order."""
    if key in CHANGING:
        return CHANGING[key]
    if isinstance(value, dict):
        return {UID.sub("UID", name): comparable(each, name) for name, each in sorted(value.items())}
    if isinstance(value, list):
        listed = [comparable(each) for each in value]
        return sorted(listed, key=lambda each: json.dumps(each, sort_keys=True)) if key in UNORDERED else listed
    if isinstance(value, str):
        text = DOCUMENT.sub(r"Invalid value: DOCUMENT: \1", RECORD.sub("in record (VERSION)", value))
        return ADDRESS.sub("ADDRESS", TIME.sub("TIME", UID.sub("UID", text)))
    return value
