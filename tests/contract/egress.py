"""A CONNECT proxy on the socket where an API server looks for pods and nodes, one pod's HTTP server and one node's log endpoint.

Addresses of pods and nodes exist nowhere: the proxy maps the few it knows to ports on loopback, as the sandbox's nodes do.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from aiohttp import web

from console.sandbox.certificates import Authority

WAITING = 'container "app" in pod "one" is waiting to start: ContainerCreating'
"""What a kubelet answers, with 400, for a container that has no log yet."""


class Egress:
    """CONNECT for known addresses, 502 for the rest."""

    def __init__(self, targets: Mapping[str, int]) -> None:
        self._targets = targets
        self._tasks: set[asyncio.Task[None]] = set()
        self.opened: list[str] = []
        """The addresses that were asked for, as `host:port`."""

    @contextlib.asynccontextmanager
    async def listening(self, path: Path) -> AsyncIterator[None]:
        """Serve on a unix socket for the length of the block."""
        _remove(path)
        server = await asyncio.start_unix_server(self._accept, path)
        try:
            yield
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request, *_ = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
            method, address, _ = request.split()
            assert method == "CONNECT"
            self.opened.append(address)
            if address not in self._targets:
                writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
                return
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._targets[address])
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            await asyncio.gather(_copy(reader, there_writer), _copy(there_reader, writer))
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()


def _remove(path: Path) -> None:
    """Make room for a socket that an earlier proxy has left."""
    path.unlink(missing_ok=True)


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Everything from one side to the other, until either is gone."""
    try:
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    finally:
        sink.close()


class Kubelet:
    """A node's log endpoint, behind a certificate that no API server knows."""

    address, port = "10.250.0.1", 10250

    def __init__(self) -> None:
        self.logs: dict[str, str] = {}
        """Log text by path."""
        self.asked: list[dict[str, str]] = []
        """The query of each request."""
        self.more = asyncio.Event()
        """Lets a followed log write its last line."""

    @contextlib.asynccontextmanager
    async def listening(self, folder: Path) -> AsyncIterator[int]:
        """Serve TLS on loopback for the length of the block; the port."""
        pair = Authority(folder).serving("kubelet", hosts=[self.address])
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(pair.certificate, pair.key)
        async with _serving(self._answer, tls) as port:
            yield port

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked.append(dict(request.query))
        if (text := self.logs.get(request.path)) is None:
            return web.Response(status=400, text=WAITING)
        if "follow" not in request.query:
            return web.Response(text=text)
        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        await response.prepare(request)
        await response.write(text.encode())
        await self.more.wait()
        await response.write(b"one more line\n")
        return response


async def answer_as_pod(request: web.BaseRequest) -> web.StreamResponse:
    """The application in the pod: tells what it was asked."""
    if request.path == "/broken":
        return web.Response(status=503, text="the application is broken")
    told = {"method": request.method, "path": request.path, "query": request.query_string}
    return web.json_response(told, headers={"X-Release": "v1"})


@contextlib.asynccontextmanager
async def pod_listening() -> AsyncIterator[int]:
    """The application on loopback for the length of the block; the port."""
    async with _serving(answer_as_pod, None) as port:
        yield port


@contextlib.asynccontextmanager
async def _serving(handler: object, tls: ssl.SSLContext | None) -> AsyncIterator[int]:
    runner = web.ServerRunner(web.Server(handler), shutdown_timeout=0.2)  # type: ignore[arg-type]
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
