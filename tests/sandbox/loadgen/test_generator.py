"""Each kind of failure is counted as what it is, on a server that misbehaves in exactly one way."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from console.sandbox.loadgen import Expectation, LoadGenerator, Outcome
from console.sandbox.ports import reserve_port
from tests.sandbox.waiting import until

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def answer(body: bytes = b"hello", *, status: str = "200 OK", headers: bytes = b"X-Slot: blue\r\nX-Release: v1\r\n") -> bytes:
    return b"HTTP/1.1 " + status.encode() + b"\r\n" + headers + b"Content-Length: %d\r\n\r\n" % len(body) + body


async def well(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await reader.readuntil(b"\r\n\r\n"):
        writer.write(answer())


async def chunked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await reader.readuntil(b"\r\n\r\n"):
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n")


async def broken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await reader.readuntil(b"\r\n\r\n"):
        writer.write(answer(b"sorry", status="503 Service Unavailable"))


async def mistaken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await reader.readuntil(b"\r\n\r\n"):
        writer.write(answer(b"goodbye"))


async def not_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"220 mail.example ESMTP\r\n\r\n")
    await reader.read()


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    await reader.read()


async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(answer()[:-2])
    await writer.drain()


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def one_each(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Promises to keep the connection, and closes it when the second request comes."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(answer())
    await reader.readuntil(b"\r\n\r\n")


@contextlib.asynccontextmanager
async def serving(behaviour: Behaviour) -> AsyncIterator[str]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await behaviour(reader, writer)
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/page"


@pytest.mark.parametrize(
    ("behaviour", "fresh", "expected"),
    [
        (well, 0.5, Outcome.OK),
        (chunked, 0.5, Outcome.OK),
        (broken, 0.5, Outcome.STATUS),
        (mistaken, 0.5, Outcome.WRONG_BODY),
        (not_http, 0.5, Outcome.WRONG_BODY),
        (silent, 0.5, Outcome.TIMEOUT),
        (cut, 0.5, Outcome.RESET),
        (reset, 1.0, Outcome.RESET),
    ],
)
async def test_an_outcome_is_counted_as_what_it_is(behaviour: Behaviour, fresh: float, expected: Outcome) -> None:
    async with serving(behaviour) as url:
        load = LoadGenerator(
            url, rate=200, fresh=fresh, timeout=0.2 if expected is Outcome.TIMEOUT else 10.0, expect=Expectation(contains=b"hello")
        )
        async with load.run():
            await until(lambda: load.report().sent >= 5)
    report = load.report()
    assert set(report.outcomes()) == {expected}, str(report)
    assert bool(report.failures) == (expected is not Outcome.OK)
    answered = expected in (Outcome.STATUS, Outcome.WRONG_BODY) and behaviour is not not_http
    if report.failures:
        assert report.failures_by_slot() == {("blue" if answered else "", expected): report.sent}


async def test_nobody_listening_is_a_refused_connection() -> None:
    port = reserve_port()
    load = LoadGenerator(f"http://127.0.0.1:{port.number}/", rate=200)
    async with load.run():
        await until(lambda: load.report().sent >= 5)
    port.release()
    assert set(load.report().outcomes()) == {Outcome.REFUSED}


async def test_a_pooled_connection_that_was_closed_meanwhile_is_a_reconnect_and_no_failure() -> None:
    async with serving(one_each) as url:
        load = LoadGenerator(url, rate=100, fresh=0)
        async with load.run():
            await until(lambda: load.report().reconnects >= 3)
    assert not load.report().failures
    assert load.report().by_slot() == {"blue": load.report().sent}


async def test_the_rate_holds_and_half_of_the_connections_are_fresh() -> None:
    connections = 0

    async def counting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await well(reader, writer)

    async with serving(counting) as url:
        load = LoadGenerator(url, rate=100, fresh=0.5)
        async with load.run():
            await until(lambda: load.now() > 0.5)
    report = load.report()
    assert 40 <= report.sent <= 60
    assert abs(report.fresh().sent - report.sent / 2) <= 1
    assert report.fresh().sent < connections <= report.fresh().sent + 5, "pooled requests share a few connections"
