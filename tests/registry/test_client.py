"""The digest of a tag, from registries that answer, ask for a token, lie or are away."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from console.registry.client import RegistryClient, split_registry

DIGEST = "sha256:" + "a" * 64


def client(handler: Callable[[httpx.Request], httpx.Response], tmp_path: Path) -> RegistryClient:
    return RegistryClient(transport=httpx.MockTransport(handler), docker_config=tmp_path / "config.json")


@pytest.mark.parametrize(
    ("repository", "expected"),
    [
        ("traider-backend", None),
        ("traider/backend", None),
        ("registry.example.com/traider/backend", ("registry.example.com", "traider/backend")),
        ("localhost:5000/backend", ("localhost:5000", "backend")),
    ],
)
def test_the_registry_is_the_first_part_when_it_looks_like_a_host(repository: str, expected: tuple[str, str] | None) -> None:
    assert split_registry(repository) == expected


async def test_the_digest_comes_from_the_answer_to_head(tmp_path: Path) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, headers={"Docker-Content-Digest": DIGEST})

    assert await client(answer, tmp_path).digest("registry.example.com/shop/web:v2") == DIGEST
    assert [(r.method, str(r.url)) for r in asked] == [("HEAD", "https://registry.example.com/v2/shop/web/manifests/v2")]
    assert "oci.image.index" in asked[0].headers["Accept"]


async def test_a_token_challenge_is_answered_with_the_kept_login(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"auths": {"registry.example.com": {"auth": "Ym9iOnB3"}}}))

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/token":
            assert request.headers["Authorization"] == "Basic Ym9iOnB3"
            assert request.url.params["scope"] == "repository:shop/web:pull"
            return httpx.Response(200, json={"token": "t0k"})
        if request.headers.get("Authorization") == "Bearer t0k":
            return httpx.Response(200, headers={"Docker-Content-Digest": DIGEST})
        challenge = 'Bearer realm="https://auth.example.com/token",service="registry",scope="repository:shop/web:pull"'
        return httpx.Response(401, headers={"WWW-Authenticate": challenge})

    assert await client(answer, tmp_path).digest("registry.example.com/shop/web:v2") == DIGEST


async def test_a_login_is_never_sent_to_a_plain_http_realm(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"auths": {"registry.example.com": {"auth": "Ym9iOnB3"}}}))
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(401, headers={"WWW-Authenticate": 'Bearer realm="http://elsewhere.example.com/token"'})

    assert await client(answer, tmp_path).digest("registry.example.com/shop/web:v2") is None
    assert set(asked) == {"registry.example.com"}


@pytest.mark.parametrize(
    "answer",
    [
        lambda r: httpx.Response(404),
        lambda r: httpx.Response(200),
        lambda r: httpx.Response(200, headers={"Docker-Content-Digest": "sha256:short"}),
        lambda r: httpx.Response(502, text="<html>bad gateway</html>"),
    ],
    ids=["unknown tag", "no digest", "damaged digest", "html 502"],
)
async def test_what_is_no_digest_leaves_the_tag(answer: Callable[[httpx.Request], httpx.Response], tmp_path: Path) -> None:
    assert await client(answer, tmp_path).digest("registry.example.com/shop/web:v2") is None


async def test_an_unreachable_registry_leaves_the_tag(tmp_path: Path) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    assert await client(refuse, tmp_path).digest("registry.example.com/shop/web:v2") is None


async def test_a_digest_is_its_own_answer(tmp_path: Path) -> None:
    def never(request: httpx.Request) -> httpx.Response:
        raise AssertionError("nothing is asked")

    assert await client(never, tmp_path).digest(f"shop/web@{DIGEST}") == DIGEST
