"""Whatever is sent, the server answers with a Status and goes on."""

from __future__ import annotations

import asyncio
import io
import json
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from yarl import URL

from console.sandbox.apiserver import EmbeddedServer
from console.sandbox.apiserver.handlers import LARGEST_BODY
from tests.sandbox.apiserver.exchange import PATCHES

AS_JSON = {"Content-Type": "application/json"}
ROOT = "/api/v1/namespaces/default"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
WEB: dict[str, Any] = {
    "metadata": {"name": "web", "labels": {"a": "b"}},
    "spec": {
        "replicas": 0,
        "selector": {"matchLabels": {"a": "b"}},
        "template": {
            "metadata": {"labels": {"a": "b"}},
            "spec": {
                "containers": [{"name": "c", "image": "x", "env": [{"name": "A", "value": "1"}], "ports": [{"containerPort": 80}]}],
                "volumes": [{"name": "v", "configMap": {"name": "x"}}],
            },
        },
    },
}
ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2**70,
    1.5,
    "",
    "x",
    "\u0000",
    "💥",
    [],
    [None],
    [[]],
    {},
    {"": None},
    {"$patch": "replace"},
    [{"name": None}],
)


BROKEN = ("", "{", "[]", "null", '"x"', "{}", "\ufeff{}", "{not yaml: [", "a: b: c", "[" * 2000)
ODD_PATHS = (
    "/api/v1/namespaces//pods",
    "/api/v1/namespaces/%00/pods",
    "/api/v1/%2e%2e/%2e%2e",
    "/apis/apps",
    "/apis/apps/v2",
    "/api/v1/pods/a/b/c/d",
    "/openapi/v3/x",
    "/%ff%fe",
)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[EmbeddedServer]:
    async with EmbeddedServer.start(tmp_path, tls=False) as running:
        yield running


@pytest.fixture
async def session(server: EmbeddedServer) -> AsyncIterator[aiohttp.ClientSession]:
    headers = {"Authorization": f"Bearer {server.endpoint.users['admin']}"}
    async with aiohttp.ClientSession(base_url=server.endpoint.server, headers=headers, timeout=aiohttp.ClientTimeout(total=10)) as found:
        yield found


def damaged(value: Any, chance: random.Random) -> Any:
    """The document with one place replaced by something odd."""
    if not isinstance(value, dict | list) or not value or chance.random() < 0.15:
        return chance.choice(ODD)
    copied = dict(value) if isinstance(value, dict) else list(value)
    place = chance.choice(list(value)) if isinstance(value, dict) else chance.randrange(len(value))
    copied[place] = damaged(value[place], chance)
    return copied


@pytest.mark.parametrize("seed", range(8))
async def test_damaged_documents_are_refused_or_kept_but_never_an_accident(session: aiohttp.ClientSession, seed: int) -> None:
    chance = random.Random(seed)
    async with session.post(DEPLOYMENTS, json=WEB) as created:
        assert created.status == 201
    for _ in range(100):
        kind = chance.choice(["POST", "PUT", *PATCHES])
        method = "PATCH" if kind in PATCHES else kind
        document = damaged({"apiVersion": "apps/v1", "kind": "Deployment", **WEB}, chance)
        if kind == "JSON":
            document = [damaged({"op": "replace", "path": "/spec/template/spec/containers/0", "value": document}, chance)]
        headers = {"Content-Type": PATCHES.get(kind, "application/json")}
        path = DEPLOYMENTS if kind == "POST" else f"{DEPLOYMENTS}/web"
        query = {"fieldManager": "fuzz", **({"force": "true"} if kind == "APPLY" else {})}
        async with session.request(method, path, data=json.dumps(document), headers=headers, params=query) as answer:
            text = await answer.text()
            assert "Internal error occurred" not in text, (kind, document, text)
            assert json.loads(text)["kind"] in ("Status", "Deployment")


@pytest.mark.parametrize("content_type", ["application/json", *PATCHES.values(), "application/yaml"])
async def test_broken_bodies_are_refused(session: aiohttp.ClientSession, content_type: str) -> None:
    requests = (("POST", f"{ROOT}/configmaps"), ("PUT", f"{ROOT}/configmaps/x"), ("PATCH", f"{ROOT}/configmaps/kube-root-ca.crt"))
    headers = {"Content-Type": content_type}
    for body in BROKEN:
        for method, path in requests:
            async with session.request(method, path, data=body.encode(), headers=headers, params={"fieldManager": "x"}) as answer:
                text = await answer.text()
                assert "Internal error occurred" not in text, (method, body, text)
                assert answer.status in (200, 400, 404, 415, 422), (method, body, text)


async def test_a_body_that_is_too_large_is_refused(session: aiohttp.ClientSession) -> None:
    document = {"metadata": {"name": "large"}, "data": {"x": "y" * LARGEST_BODY}}
    async with session.post(f"{ROOT}/configmaps", data=io.BytesIO(json.dumps(document).encode())) as answer:
        assert (answer.status, (await answer.json())["reason"]) == (413, "RequestEntityTooLarge")
    document["data"] = {"x": "y" * (LARGEST_BODY // 2)}
    async with session.post(f"{ROOT}/configmaps", data=io.BytesIO(json.dumps(document).encode()), headers=AS_JSON) as answer:
        assert answer.status == 201


async def test_odd_paths_are_answered(session: aiohttp.ClientSession) -> None:
    for path in ODD_PATHS:
        async with session.get(URL(path, encoded=True)) as answer:
            assert answer.status < 500 or answer.status == 501, path


async def test_a_watcher_that_leaves_is_forgotten(session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(5):
        async with session.get(f"{ROOT}/configmaps", params={"watch": "1"}) as watching:
            await watching.content.readline()
    async with session.post(f"{ROOT}/configmaps", json={"metadata": {"name": "a"}}) as answer:
        assert answer.status == 201
    await asyncio.sleep(0)
    assert not caplog.records


async def test_without_a_token_one_is_nobody_and_with_a_wrong_one_unauthorized(server: EmbeddedServer) -> None:
    async with aiohttp.ClientSession(base_url=server.endpoint.server) as stranger:
        async with stranger.get("/livez") as answer:
            assert (answer.status, await answer.text()) == (200, "ok")
        async with stranger.get(f"{ROOT}/pods") as answer:
            assert answer.status == 403
            assert 'User "system:anonymous" cannot list' in (await answer.json())["message"]
        async with stranger.get("/livez", headers={"Authorization": "Bearer nobody's"}) as answer:
            assert (answer.status, (await answer.json())["reason"]) == (401, "Unauthorized")
