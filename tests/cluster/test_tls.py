"""Whom a connection trusts, and how it shows itself: against a real TLS server."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography import x509

from console.cluster import errors
from console.cluster.client import KubeClient
from console.cluster.credentials import Certificate, Credential
from console.cluster.target import Pem, Target, User
from console.sandbox.certificates import Authority, KeyPair
from tests.cluster.support import PODS, client_of
from tests.scripted import Reply, Request, scripted


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "pki")


def serving(authority: Authority, *, host: str = "127.0.0.1") -> ssl.SSLContext:
    """A server that asks for a client certificate and takes any of the authority's."""
    pair = authority.serving(f"serving-{host}", hosts=[host])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    context.load_verify_locations(authority.file)
    context.verify_mode = ssl.CERT_OPTIONAL
    return context


async def ok(_: Request, reply: Reply) -> None:
    await reply.json(200, {})


@pytest.mark.parametrize("inline", [True, False])
async def test_the_kubeconfigs_own_authority_is_trusted(authority: Authority, inline: bool) -> None:
    ca = Pem(data=authority.file.read_bytes()) if inline else Pem(file=authority.file)
    async with scripted(ok, tls=serving(authority)) as server, client_of(server.url, ca=ca) as client:
        await client.request("GET", PODS)


async def test_another_authority_is_not(authority: Authority, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other")
    async with scripted(ok, tls=serving(authority)) as server:
        for ca in (Pem(file=other.file), None):
            async with client_of(server.url, ca=ca) as client:
                with pytest.raises(errors.Unreachable, match=r"the certificate of https://.* is not trusted: ") as refused:
                    await client.request("PATCH", f"{PODS}/a", body={})
                assert refused.value.sent == "no"
    assert server.requests == []


async def test_a_wrong_name_is_refused_unless_the_kubeconfig_names_it(authority: Authority) -> None:
    ca = Pem(file=authority.file)
    async with scripted(ok, tls=serving(authority, host="kubernetes.default")) as server:
        async with client_of(server.url, ca=ca) as client:
            with pytest.raises(errors.Unreachable, match="is not trusted"):
                await client.request("GET", PODS)
        async with client_of(server.url, ca=ca, tls_server_name="kubernetes.default") as client:
            await client.request("GET", PODS)


async def test_insecure_asks_no_questions(authority: Authority) -> None:
    async with scripted(ok, tls=serving(authority)) as server, client_of(server.url, insecure=True) as client:
        await client.request("GET", PODS)


async def test_a_client_certificate_is_shown_and_another_one_makes_a_new_connection(authority: Authority) -> None:
    seen: list[str] = []
    one, two = (_certificate(authority.client(name)) for name in ("alice", "bob"))

    async def answer(_: Request, reply: Reply) -> None:
        der = reply._writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        seen.append(x509.load_der_x509_certificate(der).subject.rfc4514_string())
        await reply.json(200, {})

    class Rotating:
        """The second credential from the third request on."""

        async def current(self) -> Credential:
            return Credential(certificate=one if len(seen) < 2 else two)

        async def renew(self, rejected: Credential) -> bool:
            return False

    async with scripted(answer, tls=serving(authority)) as server:
        target = Target(server=server.url, ca=Pem(file=authority.file))
        client = KubeClient(target, Rotating())
        for _ in range(3):
            await client.request("GET", PODS)
        await client.close()
    assert seen == ["CN=alice", "CN=alice", "CN=bob"]
    assert [request.connection for request in server.requests] == [1, 1, 2]


async def test_no_key_is_left_on_disk(authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    pair = authority.client("alice")
    user = User(certificate=Pem(file=pair.certificate), key=Pem(file=pair.key))
    async with scripted(ok, tls=serving(authority)) as server, client_of(server.url, ca=Pem(file=authority.file), user=user) as client:
        await client.request("GET", PODS)
        assert list((tmp_path / "scratch").iterdir()) == []


async def test_a_broken_certificate_names_the_context(authority: Authority) -> None:
    user = User(certificate=Pem(data=b"rubbish"), key=Pem(data=b"rubbish"))
    async with scripted(ok, tls=serving(authority)) as server, client_of(server.url, user=user, context="prod", source="/kc") as client:
        with pytest.raises(errors.KubeconfigError, match=r"cannot use the certificates of context prod \(/kc\)"):
            await client.request("GET", PODS)


async def test_requests_go_through_the_http_proxy_of_the_kubeconfig(authority: Authority) -> None:
    async with (
        scripted(ok, tls=serving(authority)) as server,
        tunnel(server.port) as (proxy, asked),
        client_of(server.url, ca=Pem(file=authority.file), proxy=proxy) as client,
    ):
        await client.request("GET", PODS)
    assert asked == [f"CONNECT 127.0.0.1:{server.port} HTTP/1.1"]
    assert [request.path for request in server.requests] == [PODS]


async def test_the_refusal_of_a_proxy_is_named(authority: Authority) -> None:
    async def refuse(_: Request, reply: Reply) -> None:
        await reply.whole(407)

    async with (
        scripted(ok, tls=serving(authority)) as server,
        scripted(refuse) as proxy,
        client_of(server.url, ca=Pem(file=authority.file), proxy=proxy.url) as client,
    ):
        with pytest.raises(errors.Unreachable, match=r"the proxy in front of .* does not let it through") as refused:
            await client.request("PATCH", f"{PODS}/a", body={})
        assert refused.value.sent == "no"
    assert server.requests == []


@contextlib.asynccontextmanager
async def tunnel(port: int) -> AsyncIterator[tuple[str, list[str]]]:
    """A proxy that connects to a port of this machine, whatever is asked; its URL and the first lines it was sent."""
    asked: list[str] = []
    pumps: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        asked.append(head.decode().splitlines()[0])
        back, forth = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        pumps.update(asyncio.create_task(pump(*pair)) for pair in ((reader, forth), (back, writer)))

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                sink.write(data)
        finally:
            sink.transport.abort()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}", asked
    finally:
        listener.close()
        for task in pumps:
            task.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)


def _certificate(pair: KeyPair) -> Certificate:
    return Certificate(pair.certificate.read_bytes(), pair.key.read_bytes())
