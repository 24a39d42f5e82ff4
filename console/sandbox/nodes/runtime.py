"""The node's side of the zygote: starts containers' processes, collects their output, signals them and learns of their end."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from console.sandbox import supervise
from console.sandbox.nodes.logs import ContainerLog
from console.sandbox.supervise import Child, Command

START_SECONDS = 20.0
ORDER_BYTES = 60_000
"""Orders larger than this are refused: arguments and environment together."""


class SpawnFailed(Exception):
    """The process could not be started; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Start:
    """One process to start."""

    argv: Sequence[str] | None
    """None runs the example application."""
    environment: Mapping[str, str]
    folder: Path
    namespace: str = ""
    """The pod's, where a Service's name stands alone."""


class Process:
    """One container's process."""

    def __init__(self, runtime: Runtime, number: int) -> None:
        self._runtime, self._number = runtime, number
        self.log = ContainerLog()
        self.pid: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.exited: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        """Resolves to the exit code: 128 + n after signal n, as container runtimes count."""
        self.output_ended = asyncio.Event()

    def send(self, number: int) -> None:
        """Signal the process and all it has started."""
        if not self.exited.done():
            self._runtime.order({"id": self._number, "signal": int(number)})


class Runtime:
    """Starts processes through one zygote."""

    def __init__(self, link: socket.socket, names: Path) -> None:
        self._link = link
        self._names = names
        self._numbers = itertools.count(1)
        self._processes: dict[int, Process] = {}
        self._unread = b""
        self._gone = False
        asyncio.get_running_loop().add_reader(link, self._readable)

    async def start(self, start: Start) -> Process:
        """Start a process; SpawnFailed when the zygote does not take it."""
        number = next(self._numbers)
        process = self._processes[number] = Process(self, number)
        reading, writing = os.pipe()
        try:
            await _collect(reading, process)
            order: dict[str, object] = {"id": number, "signal": None, "argv": start.argv, "environment": dict(start.environment)}
            around = {"folder": str(start.folder), "names": str(self._names), "namespace": start.namespace}
            self.order(order | around, output=writing)
        except BaseException:
            self._processes.pop(number)
            raise
        finally:
            os.close(writing)
        await process.pid
        return process

    def order(self, order: Mapping[str, object], *, output: int | None = None) -> None:
        """Send one order to the zygote."""
        line = json.dumps(order).encode() + b"\n"
        if len(line) > ORDER_BYTES:
            raise SpawnFailed(f"arguments and environment are {len(line)} bytes; a rehearsal's container takes {ORDER_BYTES} at most")
        if self._gone:
            raise SpawnFailed("the parent of all containers is gone")
        sent = socket.send_fds(self._link, [line], [] if output is None else [output])
        self._link.sendall(line[sent:])

    def close(self) -> None:
        """Drop the link: the zygote kills all that still runs."""
        if not self._gone:
            asyncio.get_running_loop().remove_reader(self._link)
            self._gone = True
        self._link.close()

    def _readable(self) -> None:
        data = self._link.recv(65536)
        if not data:
            return self._lost()
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            self._hear(json.loads(line))

    def _hear(self, report: Mapping[str, int]) -> None:
        process = self._processes[report["id"]]
        if "pid" in report:
            process.pid.set_result(report["pid"])
        else:
            del self._processes[report["id"]]
            code = report["exit"]
            process.exited.set_result(code if code >= 0 else 128 - code)

    def _lost(self) -> None:
        """The zygote has ended, and every container with it."""
        asyncio.get_running_loop().remove_reader(self._link)
        self._gone = True
        for process in self._processes.values():
            for future in (process.pid, process.exited):
                if not future.done():
                    future.set_result(137)
        self._processes.clear()


@contextlib.asynccontextmanager
async def running_runtime(folder: Path, *, names: Path) -> AsyncIterator[Runtime]:
    """A zygote, loaded and ready, for the length of the block; all containers end with it."""
    path = folder / "zygote.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(str(path))
        listening.listen(1)
        listening.setblocking(False)
        child = await supervise.start(_zygote(folder, path))
        try:
            link = await _connected(child, listening)
            runtime = Runtime(link, names)
            try:
                yield runtime
            finally:
                runtime.close()
                await child.ended(within=5)
        finally:
            if child.exit_code is None:
                await child.kill()
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)


def _zygote(folder: Path, path: Path) -> Command:
    return Command(
        name="zygote",
        argv=(sys.executable, "-m", "console.sandbox.nodes.zygote", str(path)),
        log=folder / "zygote.log",
        environment={**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)},
        grace=0.5,
    )


async def _connected(child: Child, listening: socket.socket) -> socket.socket:
    loop = asyncio.get_running_loop()
    connecting = asyncio.ensure_future(loop.sock_accept(listening))
    try:

        async def connected() -> bool:
            return connecting.done()

        await child.ready(connected, within=START_SECONDS)
    except BaseException:
        connecting.cancel()
        raise
    link, _ = await connecting
    link.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    greeting = b""
    while not greeting.endswith(b"\n"):
        greeting += await loop.sock_recv(link, 64)
    return link


async def _collect(reading: int, process: Process) -> None:
    """Write what comes out of the pipe into the process' log."""

    class Collector(asyncio.Protocol):
        def data_received(self, data: bytes) -> None:
            process.log.write(data, datetime.now(UTC))

        def connection_lost(self, error: Exception | None) -> None:
            process.log.end(datetime.now(UTC))
            process.output_ended.set()

    await asyncio.get_running_loop().connect_read_pipe(Collector, os.fdopen(reading, "rb", buffering=0))
