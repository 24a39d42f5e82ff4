"""The service proxy and the CONNECT proxy on real loopback connections, with small servers in place of pods."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from console.sandbox.network import Pod, PodNetwork, connect_proxy
from console.sandbox.proxy import Entry, ServiceProxy
from console.sandbox.routing import Conditions, Endpoint, EndpointSlice, Meta, Service, ServicePort, ServiceSpec, SlicePort
from tests.sandbox.waiting import until

SERVICE = Service(Meta("web", "shop"), ServiceSpec([ServicePort(80, "http")]))
READY = Conditions(ready=True, serving=True, terminating=False)
LEAVING = Conditions(ready=False, serving=True, terminating=True)


def slice_of(**pods: Conditions) -> EndpointSlice:
    endpoints = [Endpoint([ADDRESS[pod]], conditions) for pod, conditions in pods.items()]
    return EndpointSlice(Meta("web-1", "shop", {"kubernetes.io/service-name": "web"}), endpoints, [SlicePort("http", 8080)])


ADDRESS = {"blue": "10.244.1.1", "green": "10.244.1.2"}


class Town:
    """A network with two pods that answer each line with their own name, and a proxy in front."""

    def __init__(self) -> None:
        self.network = PodNetwork()
        self.proxy = ServiceProxy(self.network)
        self.entry: Entry = self.proxy.entry("shop", "web")
        self.servers: dict[str, asyncio.Server] = {}

    async def open_pod(self, name: str) -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while await reader.readline():
                writer.write(name.encode() + b"\n")
            writer.write(b"end\n")
            writer.close()

        self.servers[name] = server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        self.network.attach(ADDRESS[name], {8080: port}, pod=Pod("shop", name))

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.entry.reserved.number)

    async def refused(self) -> bool:
        try:
            _, writer = await self.connect()
        except ConnectionRefusedError:
            return True
        await hang_up(writer)
        return False


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    town = Town()
    running = asyncio.create_task(town.proxy.run())
    await town.open_pod("blue")
    await town.open_pod("green")
    yield town
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    for server in town.servers.values():
        server.close()
    for _ in range(5):
        await asyncio.sleep(0)  # the loop notices closed connections only while it runs


async def hang_up(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


async def ask(connection: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> str:
    reader, writer = connection
    writer.write(b"who?\n")
    return (await asyncio.wait_for(reader.readline(), 5)).decode().strip()


async def asked_anew(town: Town) -> str:
    connection = await town.connect()
    answer = await ask(connection)
    await hang_up(connection[1])
    return answer


async def serve_from(town: Town, **pods: Conditions) -> None:
    town.proxy.put_service(SERVICE)
    town.proxy.put_slice(slice_of(**pods))
    await until(lambda: town.entry.listener is not None)


async def test_an_open_connection_stays_and_a_new_one_follows_the_endpoints(town: Town) -> None:
    await serve_from(town, blue=READY)
    kept = await town.connect()
    assert await ask(kept) == "blue"

    town.proxy.put_slice(slice_of(green=READY))

    assert await asked_anew(town) == "green"
    assert await ask(kept) == "blue"
    assert town.entry.open == {"blue": 1}
    assert [forwarded.pod for forwarded in town.entry.record] == ["blue", "green"]
    await hang_up(kept[1])
    await until(lambda: not town.entry.open)


async def test_connections_are_dealt_out_in_turn(town: Town) -> None:
    await serve_from(town, blue=READY, green=READY)
    assert sorted([await asked_anew(town) for _ in range(6)]) == ["blue"] * 3 + ["green"] * 3


async def test_a_leaving_pod_is_only_the_last_resort(town: Town) -> None:
    await serve_from(town, blue=LEAVING, green=READY)
    assert {await asked_anew(town) for _ in range(4)} == {"green"}
    town.proxy.put_slice(slice_of(blue=LEAVING))
    assert await asked_anew(town) == "blue"


async def test_without_endpoints_connections_are_refused_on_the_same_port_before_and_after(town: Town) -> None:
    port = town.entry.reserved.number
    assert await town.refused(), "no Service yet"
    await serve_from(town, blue=READY)
    assert await asked_anew(town) == "blue"
    town.proxy.drop_slice("shop/web-1")
    await until(lambda: town.entry.listener is None)
    assert await town.refused(), "no endpoint any more"
    await serve_from(town, green=READY)
    assert await asked_anew(town) == "green"
    assert town.proxy.loopback_ports() == {"web.shop": {80: port}}


async def test_a_pod_that_died_unnoticed_resets_the_connection_and_nobody_tries_another_one(town: Town) -> None:
    await serve_from(town, blue=READY)
    town.servers["blue"].close()
    await town.servers["blue"].wait_closed()
    reader, writer = await town.connect()
    with pytest.raises(ConnectionResetError):
        await reader.read()
    await hang_up(writer)
    assert [(forwarded.pod, forwarded.refused) for forwarded in town.entry.record] == [("blue", True)]


async def test_a_half_closed_connection_still_brings_the_rest_of_the_answer(town: Town) -> None:
    await serve_from(town, blue=READY)
    reader, writer = await town.connect()
    writer.write(b"who?\n")
    writer.write_eof()
    assert await asyncio.wait_for(reader.read(), 5) == b"blue\nend\n"
    await hang_up(writer)


async def test_large_answers_pass_at_the_reader_s_speed(town: Town) -> None:
    amount = 8 * 1024 * 1024

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(amount // 65536):
            writer.write(b"x" * 65536)
            await writer.drain()
        await hang_up(writer)

    server = await asyncio.start_server(pour, "127.0.0.1", 0)
    town.network.attach(ADDRESS["blue"], {8080: server.sockets[0].getsockname()[1]})
    await serve_from(town, blue=READY)
    reader, writer = await town.connect()
    assert len(await asyncio.wait_for(reader.read(), 20)) == amount
    await hang_up(writer)
    server.close()


async def connect_through(path: Path, target: str, *, early: bytes = b"") -> tuple[str, asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode() + early)
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    return head.decode().split("\r\n")[0], reader, writer


async def test_the_connect_proxy_reaches_pods_by_their_own_addresses(town: Town, tmp_path: Path) -> None:
    async with connect_proxy(town.network, tmp_path / "egress"):
        status, reader, writer = await connect_through(tmp_path / "egress", "10.244.1.2:8080", early=b"who?\n")
        assert status == "HTTP/1.1 200 Connection established"
        assert await asyncio.wait_for(reader.readline(), 5) == b"green\n"
        assert await ask((reader, writer)) == "green"
        await hang_up(writer)


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("10.244.9.9:8080", "no pod or node has 10.244.9.9:8080"),
        ("10.244.1.1:9999", "no pod or node has 10.244.1.1:9999"),
        ("example:x", "this proxy answers CONNECT address:port only"),
    ],
)
async def test_the_connect_proxy_says_why_it_cannot(town: Town, tmp_path: Path, target: str, reason: str) -> None:
    async with connect_proxy(town.network, tmp_path / "egress"):
        status, reader, writer = await connect_through(tmp_path / "egress", target)
        assert " 200 " not in status
        assert reason in (await asyncio.wait_for(reader.read(), 5)).decode()
        await hang_up(writer)


async def test_a_pod_that_listens_no_more_is_a_refused_connection(town: Town, tmp_path: Path) -> None:
    town.servers["blue"].close()
    await town.servers["blue"].wait_closed()
    async with connect_proxy(town.network, tmp_path / "egress"):
        status, reader, writer = await connect_through(tmp_path / "egress", "10.244.1.1:8080")
        assert status.split()[1] == "502"
        assert "dial tcp 10.244.1.1:8080: connect: connection refused" in (await reader.read()).decode()
        await hang_up(writer)
