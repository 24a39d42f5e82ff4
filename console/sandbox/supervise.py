"""Child processes that stop with their owner, whatever happens to the owner.

Each child runs under a guard (guard.py) in its own session and writes into its own log file. Starting, waiting until it answers and
stopping are coroutines that belong to no particular event loop; a child that fails names itself, the reason and its last log lines.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NewType

Pid = NewType("Pid", int)
Probe = Callable[[], Awaitable[bool]]

GUARD = Path(__file__).with_name("guard.py")
POLL_SECONDS = 0.02
LOG_LINES_SHOWN = 12


class ChildFailed(Exception):
    """A child process could not be started, ended by itself, or did not become ready or stop in time."""

    def __init__(self, name: str, what: str, log: Path) -> None:
        self.name, self.what, self.log = name, what, log
        lines = last_lines(log)
        shown = "".join(f"\n  | {line}" for line in lines) if lines else "\n  (its log is empty)"
        super().__init__(f"{name} {what}. Last lines of {log}:{shown}")


@dataclass(frozen=True)
class Account:
    """A user to run a child as; only root may name another one than itself."""

    uid: int
    gid: int


@dataclass(frozen=True, kw_only=True)
class Command:
    """What to run, and where its output goes."""

    name: str
    """What people call it; used in messages."""
    argv: tuple[str, ...]
    log: Path
    """Standard output and error, appended: a restart continues the same file."""
    environment: Mapping[str, str] | None = None
    """The whole environment, not an addition; nothing inherits the owner's."""
    folder: Path | None = None
    account: Account | None = None
    grace: float = 5.0
    """Seconds between SIGTERM and SIGKILL when the owner is gone."""


class Child:
    """One running command; the guard's process is the handle on it."""

    def __init__(self, command: Command, guard: subprocess.Popen[bytes], pid: Pid) -> None:
        self.command, self.pid = command, pid
        self._guard = guard

    @property
    def exit_code(self) -> int | None:
        """None while it runs, else its exit code, 128 + n after signal n."""
        return self._guard.poll()

    def send(self, number: signal.Signals) -> None:
        """Signal the child; SIGKILL, SIGSTOP and SIGCONT reach its whole group. Nothing happens when it has already ended."""
        with contextlib.suppress(OSError, ValueError):  # its pipe is broken, or closed since it ended
            _stdin(self._guard).write(b"%d\n" % number)

    async def ready(self, probe: Probe, *, within: float) -> None:
        """Return when the probe first says yes; raise ChildFailed when the child ends before, or after `within` seconds."""
        deadline = time.monotonic() + within
        while not await probe():
            if self.exit_code is not None:
                raise self._failed(f"ended with exit code {self.exit_code} before it was ready")
            if time.monotonic() > deadline:
                raise self._failed(f"was not ready within {within:g} s")
            await asyncio.sleep(POLL_SECONDS)

    async def ended(self, *, within: float) -> int:
        """Wait for the end of the child and of its group; its exit code, or ChildFailed after `within` seconds."""
        deadline = time.monotonic() + within
        while (code := self.exit_code) is None:
            if time.monotonic() > deadline:
                raise self._failed(f"did not end within {within:g} s")
            await asyncio.sleep(POLL_SECONDS)
        self._close()
        return code

    async def stop(self, *, grace: float | None = None) -> int:
        """SIGTERM, then SIGKILL after `grace` seconds (the command's own by default); its exit code."""
        self.send(signal.SIGTERM)
        self.send(signal.SIGCONT)
        with contextlib.suppress(ChildFailed):
            return await self.ended(within=self.command.grace if grace is None else grace)
        return await self.kill()

    async def kill(self) -> int:
        """SIGKILL, at once, as a crash would; its exit code."""
        self.send(signal.SIGKILL)
        return await self.ended(within=10)

    def _failed(self, what: str) -> ChildFailed:
        return ChildFailed(self.command.name, what, self.command.log)

    def _close(self) -> None:
        for pipe in (self._guard.stdin, self._guard.stdout):
            if pipe is not None:
                pipe.close()


async def start(command: Command) -> Child:
    """Start the command under a guard of its own; it runs until it ends, is stopped, or this process is gone."""
    command.log.parent.mkdir(parents=True, exist_ok=True)
    guard = subprocess.Popen(  # noqa: ASYNC220 - belongs to no event loop; forking takes about a millisecond
        _guarded(command),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
        env=None if command.environment is None else dict(command.environment),
        cwd=command.folder,
        start_new_session=True,
    )
    assert guard.stdin is not None
    assert guard.stdout is not None
    try:
        answer = await asyncio.to_thread(guard.stdout.readline)
    except BaseException:
        guard.stdin.close()  # end of file: the guard stops what it has started
        await asyncio.to_thread(guard.wait)
        guard.stdout.close()
        raise
    if not answer.strip().isdigit():
        code = await asyncio.to_thread(guard.wait)
        guard.stdin.close()
        guard.stdout.close()
        raise ChildFailed(command.name, f"could not be started: its guard ended with exit code {code}", command.log)
    return Child(command, guard, Pid(int(answer)))


@contextlib.asynccontextmanager
async def running(command: Command, *, probe: Probe, within: float) -> AsyncIterator[Child]:
    """The command, ready, for the length of the block."""
    child = await start(command)
    try:
        await child.ready(probe, within=within)
        yield child
    finally:
        await child.stop()


def last_lines(log: Path, count: int = LOG_LINES_SHOWN) -> list[str]:
    """The end of a log file, as text, empty when there is none."""
    try:
        with log.open(encoding="utf-8", errors="replace") as lines:
            return [line.rstrip() for line in deque(lines, maxlen=count)]
    except FileNotFoundError:
        return []


def _guarded(command: Command) -> list[str]:
    account = command.account or Account(-1, -1)
    described = (os.getpid(), command.grace, command.log.absolute(), account.uid, account.gid)
    return [sys.executable, "-I", "-S", str(GUARD), *map(str, described), *command.argv]


def _stdin(guard: subprocess.Popen[bytes]) -> IO[bytes]:
    assert guard.stdin is not None
    return guard.stdin
