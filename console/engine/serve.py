"""The runner's process from inside: connect, say so, wait for one run, drive it, end.

While it waits, the end of its pipe ends it. Once it has a run, only the run's end or SIGTERM does, and that at a safe point.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, suppress

from console.domain.errors import BluegreenError
from console.engine.deps import Deps
from console.engine.lease import lease_name
from console.engine.runner import Drive, claim

Parts = Callable[[], AbstractAsyncContextManager[Deps]]
"""Builds everything a run is driven with, and takes it apart."""


async def serve_runner(source: int, parts: Parts, *, sink: int = 1) -> int:
    """Serve one run; the exit code of DESIGN.md section 8 (0 when there was none). `source`, `sink`: the pipe's file descriptors."""
    pipe = _Pipe(source, sink)
    ending = _Ending()
    try:
        async with parts() as deps:
            with suppress(BluegreenError):
                await _warm(deps)
            gc.collect()
            gc.freeze()
            pipe.say("ready")
            return await _serve(pipe, deps, ending)
    except BluegreenError as error:
        pipe.say(f"failed {_line(error)}")
        return error.exit_code


async def _serve(pipe: _Pipe, deps: Deps, ending: _Ending) -> int:
    async for line in pipe.lines(ending):
        if line == "warm":
            with suppress(BluegreenError):
                await _warm(deps)
            continue
        try:
            drive = await claim(line, deps)
        except BluegreenError as error:
            pipe.say(f"failed {_line(error)}")
            return error.exit_code
        ending.ends(drive)
        pipe.say(f"accepted {line}")
        return (await drive.run()).exit_code
    return 0


async def _warm(deps: Deps) -> None:
    """Open connections and run the code that the first second of a run needs; what fails now is met again, patiently, by the run."""
    lease = deps.cluster.lease(lease_name(deps.environment.application))
    await asyncio.gather(deps.cluster.observe(), lease, deps.cluster.fingerprint())


class _Ending:
    """SIGTERM ends an idle runner at once and a driving one at its next safe point; SIGHUP nothing."""

    def __init__(self) -> None:
        self.idle = asyncio.Event()
        self._drive: Drive | None = None
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._told)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGTSTP, signal.SIG_IGN)

    def ends(self, drive: Drive) -> None:
        """From now on this is what SIGTERM ends."""
        self._drive = drive
        if self.idle.is_set():
            self._told()

    def _told(self) -> None:
        self.idle.set()
        if self._drive:
            self._drive.end("the runner was told to end (SIGTERM)")


class _Pipe:
    """Lines from and to the parent. The parent may be gone at any time."""

    def __init__(self, source: int, sink: int) -> None:
        self._source = source
        self._sink = os.dup(sink)
        os.dup2(2, sink)  # what a library prints must not be taken for an answer

    def say(self, line: str) -> None:
        with suppress(OSError):
            os.write(self._sink, f"{line}\n".encode())

    async def lines(self, ending: _Ending) -> AsyncIterator[str]:
        """What the parent says, until the pipe ends or we are told to end."""
        reader = asyncio.StreamReader()
        file = os.fdopen(os.dup(self._source), "rb", buffering=0)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), file)
        told = asyncio.ensure_future(ending.idle.wait())
        try:
            while True:
                line = asyncio.ensure_future(reader.readline())
                await asyncio.wait({line, told}, return_when=asyncio.FIRST_COMPLETED)
                if not line.done() or not line.result():
                    line.cancel()
                    return
                yield line.result().decode(errors="replace").strip()
        finally:
            told.cancel()
            transport.close()


def _line(error: BluegreenError) -> str:
    return " ".join(str(error).split())
