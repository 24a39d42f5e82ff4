"""The real console in a real terminal: what it draws is read by a thread that does nothing else, so that every byte has its time.

The bytes are interpreted by a terminal emulator afterwards: what was on the screen when is asked of it, not guessed from fragments.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import signal
import struct
import termios
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pyte

from tests.bench import processes

COLUMNS, ROWS = 120, 40
PATIENCE = 60.0
END_SECONDS = 10.0


@dataclass
class Pane:
    """Made by `opened`. Times are of the monotonic clock."""

    pid: int
    began: float
    """Just before the process was started."""
    master: int
    size: tuple[int, int] = (COLUMNS, ROWS)
    """Columns and rows."""
    chunks: list[tuple[float, bytes]] = field(default_factory=list)
    _screen: pyte.Screen = field(init=False)
    _taken: int = 0
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)

    def __post_init__(self) -> None:
        self._screen = pyte.Screen(*self.size)
        self._stream = pyte.ByteStream(self._screen)
        self._reader = threading.Thread(target=self._read, name="pane", daemon=True)
        self._reader.start()

    @property
    def text(self) -> str:
        """The screen after everything that was taken so far."""
        return "\n".join(self._screen.display)

    def type(self, keys: str) -> float:
        """Press keys; returns when."""
        at = time.monotonic()
        os.write(self.master, keys.encode())
        return at

    def resize(self, columns: int, rows: int) -> None:
        """Make the window another size."""
        self.size = (columns, rows)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._screen.resize(rows, columns)

    async def shows(self, *texts: str, within: float = PATIENCE) -> float:
        """When all of these were on the screen for the first time from now on."""
        return await self.until(lambda text: all(t in text for t in texts), within=within, what=" and ".join(map(repr, texts)))

    async def shows_four(self, text: str, *, within: float = PATIENCE) -> float:
        """When this stood there for both components of both slots."""
        return await self.until(lambda shown: shown.count(text) == 4, within=within, what=f"four times {text!r}")

    async def until(self, holds: Callable[[str], object], *, within: float = PATIENCE, what: str = "") -> float:
        """When the screen first looked so; now, where it does already. Fails with the screen."""
        if holds(self.text):
            return self.chunks[self._taken - 1][0] if self._taken else time.monotonic()
        try:
            async with asyncio.timeout(within):
                while True:
                    if (at := self._next()) is None:
                        await self._more()
                    elif holds(self.text):
                        return at
        except TimeoutError:
            raise AssertionError(f"not on the screen within {within:g} s: {what}\n{self.text}") from None

    async def quiet(self, seconds: float, *, within: float = PATIENCE) -> None:
        """Wait until nothing was drawn for so long."""
        deadline = time.monotonic() + within
        while time.monotonic() - (self.chunks[-1][0] if self.chunks else self.began) < seconds:
            assert time.monotonic() < deadline, f"never quiet for {seconds:g} s within {within:g} s"
            await asyncio.sleep(0.05)
        self.catch_up()

    def catch_up(self) -> None:
        """Interpret what has come."""
        while self._next() is not None:
            pass

    def drawn(self, since: float, until: float) -> int:
        """Bytes that came in this time."""
        return sum(len(data) for at, data in self.chunks if since <= at < until)

    def _next(self) -> float | None:
        """Interpret one more chunk; its time, None when there is none."""
        if self._taken == len(self.chunks):
            return None
        at, data = self.chunks[self._taken]
        self._taken += 1
        self._stream.feed(data)
        return at

    async def _more(self) -> None:
        self._news.clear()
        if self._taken == len(self.chunks):
            assert self._reader.is_alive(), f"the console has ended:\n{self.text}"
            await self._news.wait()

    def _read(self) -> None:
        with suppress(OSError):  # the console has ended
            while data := os.read(self.master, 65536):
                self.chunks.append((time.monotonic(), data))
                self._loop.call_soon_threadsafe(self._news.set)
        with suppress(RuntimeError):  # so has our loop
            self._loop.call_soon_threadsafe(self._news.set)

    async def end(self) -> None:
        """Hang up, and wait until the console and what it started have gone."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGHUP)
        deadline = time.monotonic() + END_SECONDS
        while not _reaped(self.pid):
            if time.monotonic() > deadline:
                os.kill(self.pid, signal.SIGKILL)
            await asyncio.sleep(0.02)
        os.close(self.master)


@asynccontextmanager
async def opened(argv: Sequence[str], *, environment: Mapping[str, str], size: tuple[int, int] = (COLUMNS, ROWS)) -> AsyncIterator[Pane]:
    """Run a program in a new terminal, as the leader of a session of its own, for the length of the block."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    name = os.ttyname(slave)
    # Opened by the leader of a session, the terminal becomes the one that controls it.
    files = [(os.POSIX_SPAWN_OPEN, 0, name, os.O_RDWR, 0), (os.POSIX_SPAWN_DUP2, 0, 1), (os.POSIX_SPAWN_DUP2, 0, 2)]
    shown = {**environment, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    began = time.monotonic()
    pane = Pane(_spawned(argv, shown, files), began, master, size)
    os.close(slave)
    try:
        yield pane
    finally:
        children = processes.children(pane.pid)
        await pane.end()
        await processes.gone(children)


def _spawned(argv: Sequence[str], environment: Mapping[str, str], files: Sequence[tuple[Any, ...]]) -> int:
    return os.posix_spawn(argv[0], list(argv), environment, file_actions=files, setsid=True)


def _reaped(pid: int) -> bool:
    return os.waitpid(pid, os.WNOHANG)[0] != 0
