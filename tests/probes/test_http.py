"""GET against servers that answer, hang, drip, break, lie and are not there."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from console.probes.answer import Failure, Reply
from console.probes.http import LARGEST, HttpGet, failure_of
from console.sandbox.certificates import Authority
from tests.scripted import Handler, Request, forever, scripted
from tests.scripted import Reply as Say


@contextlib.asynccontextmanager
async def getter(*, verify: ssl.SSLContext | None = None) -> AsyncIterator[HttpGet]:
    http = HttpGet(verify=verify or ssl.create_default_context())
    try:
        yield http
    finally:
        await http.close()


async def asked(handler: Handler, *, timeout: float = 2.0) -> Reply | Failure:
    async with scripted(handler) as server, getter() as http:
        return await http.get(server.url + "/api/health", timeout=timeout)


async def failed(handler: Handler, *, timeout: float = 2.0) -> Failure:
    found = await asked(handler, timeout=timeout)
    assert isinstance(found, Failure)
    return found


async def well(_: Request, say: Say) -> None:
    await say.json(200, {"release": "v1"})


async def test_an_answer_with_its_latency() -> None:
    async def slow(_: Request, say: Say) -> None:
        await asyncio.sleep(0.05)
        await say.json(503, {"x": 1}, X_Release="v1")

    found = await asked(slow)
    assert isinstance(found, Reply)
    assert (found.status, found.body, found.headers["x-release"]) == (503, b'{"x": 1}', "v1")
    assert 0.05 <= found.latency < 2.0


async def test_plain_http_waits_for_no_authorities(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.probes.http.authorities", lambda: pytest.fail("the authorities were read"))
    http = HttpGet()
    async with scripted(well) as server:
        assert isinstance(await http.get(server.url, timeout=2.0), Reply)
        assert isinstance(await http.get(server.url, timeout=2.0, fresh=True), Reply)
    await http.close()


async def test_nobody_listens() -> None:
    async with scripted(well) as server, getter() as http:
        url = server.url
    async with getter() as http:
        assert await http.get(url, timeout=2.0) == Failure("refused", "connection refused")


async def test_a_name_that_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(*_: object, **__: object) -> object:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", nothing)
    async with getter() as http:
        assert await http.get("http://web.example/", timeout=2.0) == Failure("dns", "the name cannot be resolved")


async def test_silence_is_a_timeout_at_the_deadline() -> None:
    began = time.monotonic()
    assert await failed(lambda *_: forever(), timeout=0.2) == Failure("timeout", "no answer within 0.2 s")
    assert time.monotonic() - began < 5


async def test_a_body_that_drips_for_ever_is_a_timeout_too() -> None:
    async def drip(_: Request, say: Say) -> None:
        await say.begin()
        while True:
            await say.chunk(b".")
            await asyncio.sleep(0.02)

    assert (await failed(drip, timeout=0.3)).label == "timeout"


async def test_a_connection_that_breaks_before_or_in_the_answer() -> None:
    async def before(_: Request, say: Say) -> None:
        say.reset()

    async def closed(_: Request, say: Say) -> None:
        say.close()

    async def within(_: Request, say: Say) -> None:
        await say.begin()
        await say.chunk(b"half")
        say.close()

    for handler in (before, closed, within):
        assert (await failed(handler)).label == "reset"


async def test_what_is_no_http_is_no_answer() -> None:
    async def other(_: Request, say: Say) -> None:
        await say.raw(b"220 mail.example ESMTP\r\n")
        say.close()

    assert (await failed(other)).label == "reset"


async def test_a_huge_body_is_cut_off() -> None:
    async def huge(_: Request, say: Say) -> None:
        await say.begin()
        with contextlib.suppress(ConnectionError):
            while True:
                await say.chunk(b"x" * 65536)

    found = await asked(huge, timeout=10)
    assert isinstance(found, Reply)
    assert len(found.body) == LARGEST


async def test_redirects_are_answers() -> None:
    async def moved(_: Request, say: Say) -> None:
        await say.whole(302, Location="/elsewhere")

    async with scripted(moved) as server, getter() as http:
        found = await http.get(server.url + "/", timeout=2.0)
        assert isinstance(found, Reply)
        assert found.status == 302
        assert len(server.requests) == 1


async def test_fresh_opens_a_connection_each_time_and_the_other_keeps_them() -> None:
    async with scripted(well) as server, getter() as http:
        for fresh in (False, False, True, True, True, False):
            await http.get(server.url, timeout=2.0, fresh=fresh)
        assert [request.connection for request in server.requests] == [1, 1, 2, 3, 4, 1]


async def test_certificates_are_verified(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    pair = authority.serving("web", hosts=["127.0.0.1"])
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pair.certificate, pair.key)
    async with scripted(well, tls=tls) as server:
        async with getter() as http:
            found = await http.get(server.url, timeout=2.0)
            assert isinstance(found, Failure)
            assert found.label == "tls"
            assert "unable to get local issuer certificate" in found.detail
        trusting = ssl.create_default_context(cafile=authority.file)
        async with getter(verify=trusting) as http:
            assert isinstance(await http.get(server.url, timeout=2.0), Reply)
            name = await http.get(server.url.replace("127.0.0.1", "localhost"), timeout=2.0)
            assert isinstance(name, Failure)
            assert name.label == "tls"


async def test_tls_to_a_plain_server_is_a_tls_failure() -> None:
    async def plain(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.0 400 Bad Request\r\n\r\n")
        writer.close()

    listener = await asyncio.start_server(plain, "127.0.0.1", 0)
    async with listener, getter() as http:
        found = await http.get(f"https://127.0.0.1:{listener.sockets[0].getsockname()[1]}/", timeout=2.0)
    assert isinstance(found, Failure)
    assert found.label == "tls"


async def test_the_environments_proxies_and_passwords_are_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login u password p\n")
    netrc.chmod(0o600)
    for name, value in {
        "HTTP_PROXY": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
        "NETRC": str(netrc),
        "NO_PROXY": "",
    }.items():
        monkeypatch.setenv(name, value)
    async with scripted(well) as server, getter() as http:
        assert isinstance(await http.get(server.url, timeout=2.0), Reply)
    assert server.requests[0].header("authorization") == ""


@pytest.mark.parametrize("url", ["web.example/health", "ftp://web.example", "http://", "http://[::1"])
async def test_what_is_no_address_is_named(url: str) -> None:
    async with getter() as http:
        found = await http.get(url, timeout=1.0)
    assert isinstance(found, Failure)
    assert found.detail


def test_the_cause_is_found_through_groups() -> None:
    error = httpx.ConnectError("All connection attempts failed")
    error.__cause__ = ExceptionGroup("several", [OSError("x"), ConnectionRefusedError(111, "Connection refused")])
    assert failure_of(error).label == "refused"
    unreachable = httpx.ConnectError("All connection attempts failed")
    unreachable.__cause__ = OSError(113, "No route to host")
    assert failure_of(unreachable) == Failure("refused", "No route to host")
