"""Carrying out one probe or hook: an HTTP request, a connection, or a command in the container."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import shlex
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from console.sandbox.network import PodNetwork
from console.sandbox.nodes.logs import LogQuery
from console.sandbox.nodes.objects import Container, ExecAction, HttpGet, Probe, TcpSocket
from console.sandbox.nodes.runtime import Runtime, SpawnFailed, Start

SHOWN = 1024
"""Characters of a command's output that go into a message."""


@dataclass(frozen=True)
class Outcome:
    """What came of one try."""

    success: bool
    output: str = ""
    """What went wrong, in the kubelet's words."""


@dataclass(frozen=True, kw_only=True)
class Inside:
    """A running container, as probes and hooks reach it."""

    container: Container
    address: str
    environment: Mapping[str, str]
    folder: Path
    network: PodNetwork
    session: aiohttp.ClientSession
    runtime: Runtime


async def probe(check: Probe, inside: Inside) -> Outcome:
    """Carry out a probe within its timeout."""
    match check:
        case Probe(http_get=HttpGet() as request):
            return await http_get(request, inside, timeout=check.timeout_seconds)
        case Probe(tcp_socket=TcpSocket() as connection):
            return await _connect(connection, inside, timeout=check.timeout_seconds)
        case Probe(exec=ExecAction() as action):
            return await run(action, inside, timeout=check.timeout_seconds)
    return Outcome(False, "missing probe handler: the rehearsal's nodes know httpGet, tcpSocket and exec")


async def http_get(request: HttpGet, inside: Inside, *, timeout: float) -> Outcome:
    """A GET request to the pod; statuses from 200 to 399 are a success."""
    path = request.path if request.path.startswith("/") else f"/{request.path}"
    scheme = request.scheme.lower()
    try:
        port = inside.container.port_number(request.port)
    except ValueError as error:
        return Outcome(False, str(error))
    shown = f'Get "{scheme}://{inside.address}:{port}{path}"'
    destination = inside.network.find(inside.address, port)
    headers = {"Host": f"{inside.address}:{port}", "User-Agent": "kube-probe/1.37", "Accept": "*/*"}
    headers |= {header.name: header.value for header in request.http_headers}
    try:
        if not isinstance(destination, int):
            raise ConnectionRefusedError(errno.ECONNREFUSED, "connection refused")
        url = f"{scheme}://127.0.0.1:{destination}{path}"
        limit = aiohttp.ClientTimeout(total=timeout)
        async with inside.session.get(url, headers=headers, timeout=limit, allow_redirects=False, ssl=False) as answer:
            if answer.status < 400:
                return Outcome(True)
            return Outcome(False, f"HTTP probe failed with statuscode: {answer.status}")
    except TimeoutError:
        return Outcome(False, f"{shown}: context deadline exceeded (Client.Timeout exceeded while awaiting headers)")
    except (aiohttp.ClientConnectorError, ConnectionRefusedError):
        return Outcome(False, f"{shown}: dial tcp {inside.address}:{port}: connect: connection refused")
    except (aiohttp.ClientError, OSError):
        return Outcome(False, f"{shown}: EOF")


async def run(action: ExecAction, inside: Inside, *, timeout: float | None) -> Outcome:
    """A command beside the container's process; exit code 0 is a success. With no timeout, cancel it to end it."""
    start = Start(argv=action.command, environment=inside.environment, folder=inside.folder)
    try:
        process = await inside.runtime.start(start)
    except SpawnFailed as error:
        return Outcome(False, str(error))
    try:
        async with asyncio.timeout(timeout):
            code = await asyncio.shield(process.exited)
            await process.output_ended.wait()
    except TimeoutError:
        return Outcome(False, f"command timed out: {shlex.join(action.command)!r} timed out after {timeout:g}s")
    finally:
        process.send(signal.SIGKILL)
    output = b"".join([chunk async for chunk in process.log.read(LogQuery())]).decode(errors="replace")
    return Outcome(code == 0, output[:SHOWN] if code == 0 or output else f"command exited with {code}")


async def _connect(connection: TcpSocket, inside: Inside, *, timeout: float) -> Outcome:
    try:
        port = inside.container.port_number(connection.port)
    except ValueError as error:
        return Outcome(False, str(error))
    destination = inside.network.find(inside.address, port)
    shown = f"dial tcp {inside.address}:{port}"
    if not isinstance(destination, int):
        return Outcome(False, f"{shown}: connect: connection refused")
    try:
        async with asyncio.timeout(timeout):
            _, writer = await asyncio.open_connection("127.0.0.1", destination)
    except TimeoutError:
        return Outcome(False, f"{shown}: i/o timeout")
    except OSError:
        return Outcome(False, f"{shown}: connect: connection refused")
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return Outcome(True)
