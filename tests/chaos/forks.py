"""The zygote as its parent sees it: processes to be started, waited for and killed."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path

from tests.chaos.zygote import Job
from tests.support.people import ROOT
from tests.support.scenario import Scenario

_numbers = itertools.count(1)


class Forked:
    """One process."""

    def __init__(self, pid: int, said: Path) -> None:
        self.pid, self._said = pid, said
        self.status: int | None = None
        self.ended = asyncio.Event()

    def kill(self) -> bool:
        """SIGKILL; False where it has ended by itself."""
        if self.ended.is_set():
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
            return True
        return False

    @property
    def said(self) -> str:
        """What it was asked for."""
        return self._said.read_text() if self._said.exists() else ""

    @property
    def log(self) -> str:
        """What went wrong."""
        return Path(f"{self._said}.log").read_text(errors="replace")


class Forks:
    """Made by `running_forks`."""

    def __init__(self, s: Scenario, process: asyncio.subprocess.Process) -> None:
        self._s, self._process = s, process
        self._folder = s.folder / "forks"
        self._folder.mkdir(exist_ok=True)
        self._alive: dict[int, Forked] = {}
        self._started: asyncio.Queue[int] = asyncio.Queue()
        self._one_at_a_time = asyncio.Lock()

    async def start(self, *, ref: str = "", runbook: str = "", inputs: tuple[tuple[str, str], ...] = (), reason: str = "") -> Forked:
        """A process that drives the run `ref`, or opens a run of `runbook`."""
        said = self._folder / f"{next(_numbers)}"
        job = Job(str(self._s.operator.config), str(self._s.operator.journal), str(said), ref, runbook, inputs, reason)
        assert self._process.stdin is not None
        async with self._one_at_a_time:
            self._process.stdin.write((json.dumps(asdict(job)) + "\n").encode())
            await self._process.stdin.drain()
            pid = await self._started.get()
            forked = self._alive[pid] = Forked(pid, said)
        return forked

    async def listen(self) -> None:
        """Takes in what the zygote says, until it ends."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            told = json.loads(line)
            if "status" not in told:
                self._started.put_nowait(told["pid"])
                await asyncio.sleep(0)
                continue
            asyncio.get_running_loop().call_soon(self._end, told["pid"], told["status"])

    def _end(self, pid: int, status: int) -> None:
        forked = self._alive.pop(pid, None)
        if forked is None:  # it ended before its start was heard of
            asyncio.get_running_loop().call_later(0.01, self._end, pid, status)
            return
        forked.status = status
        forked.ended.set()


@contextlib.asynccontextmanager
async def running_forks(s: Scenario) -> AsyncIterator[Forks]:
    """A zygote for the length of the block; nothing that it started outlives it."""
    environment = s.operator.environment()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.chaos.zygote", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env=environment, cwd=ROOT
    )
    forks = Forks(s, process)
    listening = asyncio.create_task(forks.listen())
    try:
        yield forks
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
