"""Tokens and certificates that change while the console runs."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
import yaml

from console.cluster.connect import connect
from console.cluster.credentials import Credential, FileCredentials
from console.cluster.errors import CredentialsError, KubeconfigError, Unauthorized
from console.cluster.target import OidcSpec, Pem, User
from tests.cluster.support import PODS, client_of, status
from tests.scripted import Reply, Request, scripted


def credentials(user: User, *, later: User | None = None, now: float = 0.0) -> FileCredentials:
    return FileCredentials(user, reread=lambda: later or user, now=lambda: now)


def id_token(expires: float) -> str:
    claims = base64.urlsafe_b64encode(json.dumps({"exp": expires}).encode()).decode().rstrip("=")
    return f"head.{claims}.signature"


def oidc(token: str) -> User:
    return User(name="bob", oidc=OidcSpec(issuer="https://id.example", client_id="kubectl", id_token=token, source="/home/bob/kc"))


async def test_a_token_file_is_read_for_every_request_and_stripped(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("  first\n")
    found = credentials(User(token_file=file))
    assert (await found.current()).authorization == "Bearer first"
    file.write_text("second\n\n")
    assert (await found.current()).authorization == "Bearer second"


async def test_a_token_file_wins_over_a_token(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("file")
    found = credentials(User(token="inline", token_file=tmp_path / "token"))
    assert (await found.current()).authorization == "Bearer file"


@pytest.mark.parametrize(("content", "said"), [(None, "No such file"), ("\n", "is empty")])
async def test_a_token_file_that_is_missing_or_empty_is_named(tmp_path: Path, content: str | None, said: str) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_text(content)
    with pytest.raises(CredentialsError, match=f"token file {file} .*{said}|{said}"):
        await credentials(User(name="bob", token_file=file)).current()


async def test_after_a_rejection_the_kubeconfig_is_read_again() -> None:
    found = credentials(User(token="old"), later=User(token="new"))
    old = await found.current()
    assert await found.renew(old)
    assert (await found.current()).authorization == "Bearer new"
    assert await found.renew(old), "another request was rejected with the old token: the new one is there already"
    assert not await found.renew(await found.current())


async def test_a_rotated_client_certificate_is_another_credential(tmp_path: Path) -> None:
    for name in ("crt", "key"):
        (tmp_path / name).write_bytes(b"one")
    found = credentials(User(certificate=Pem(file=tmp_path / "crt"), key=Pem(file=tmp_path / "key")))
    first = await found.current()
    assert not await found.renew(first)
    (tmp_path / "crt").write_bytes(b"two")
    assert await found.renew(first)


async def test_a_valid_id_token_is_sent() -> None:
    token = id_token(expires=1000)
    assert (await credentials(oidc(token), now=999).current()).authorization == f"Bearer {token}"


async def test_an_expired_id_token_is_refused_with_what_to_do() -> None:
    with pytest.raises(CredentialsError) as error:
        await credentials(oidc(id_token(expires=1000)), now=1001).current()
    assert "the OIDC id-token of user bob in /home/bob/kc expired at 1970-01-01 00:16 UTC" in str(error.value)
    assert "run any kubectl command, which renews it, or log in again" in str(error.value)


async def test_an_id_token_that_kubectl_renewed_is_picked_up() -> None:
    renewed = id_token(expires=5000)
    found = credentials(oidc(id_token(expires=1000)), later=oidc(renewed), now=1001)
    assert (await found.current()).authorization == f"Bearer {renewed}"


async def test_a_missing_id_token_is_refused() -> None:
    with pytest.raises(CredentialsError, match="user bob in /home/bob/kc has no OIDC id-token"):
        await credentials(oidc("")).current()


async def test_a_token_that_says_nothing_of_its_end_is_sent() -> None:
    assert (await credentials(oidc("opaque"), now=1).current()).authorization == "Bearer opaque"


async def test_a_401_is_answered_once_with_the_new_token() -> None:
    async def answer(request: Request, reply: Reply) -> None:
        fresh = request.header("authorization") == "Bearer new"
        await reply.json(200 if fresh else 401, {} if fresh else status(401, "Unauthorized"))

    who = [User(token="old"), User(token="new")]
    async with scripted(answer) as server, client_of(server.url) as client:
        client._credentials = FileCredentials(who[0], reread=lambda: who[1])
        await client.request("GET", PODS)
        await client.request("PATCH", f"{PODS}/a", body={})
    assert [request.header("authorization") for request in server.requests] == ["Bearer old", "Bearer new", "Bearer new"]


async def test_a_401_that_stays_is_told() -> None:
    async def answer(_: Request, reply: Reply) -> None:
        await reply.json(401, status(401, "Unauthorized", "token expired"))

    async with scripted(answer) as server, client_of(server.url) as client:
        with pytest.raises(Unauthorized, match="token expired"):
            await client.request("GET", PODS)
        with pytest.raises(Unauthorized, match="token expired"):
            await anext(client.stream(PODS, params={}, silence=1))
    assert len(server.requests) == 2


async def test_logging_in_again_elsewhere_helps_an_open_connection(tmp_path: Path) -> None:
    async def answer(request: Request, reply: Reply) -> None:
        fresh = request.header("authorization") == "Bearer new"
        await reply.json(200 if fresh else 401, {} if fresh else status(401, "Unauthorized"))

    def login(server: str, token: str) -> Path:
        file = tmp_path / "kc"
        document = {
            "clusters": [{"name": "c", "cluster": {"server": server}}],
            "users": [{"name": "u", "user": {"token": token}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "x",
        }
        file.write_text(yaml.safe_dump(document))
        return file

    async with scripted(answer) as server:
        client = await connect(kubeconfig=login(server.url, "old"), context=None, environ={})
        login(server.url, "new")
        await client.request("GET", PODS)
        login("https://elsewhere.example", "newer")
        with pytest.raises(KubeconfigError, match=r"context x meant .* and now means https://elsewhere.example"):
            await client._credentials.renew(Credential("Bearer new"))
        await client.close()
