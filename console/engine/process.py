"""The runner's process as its parent sees it: a session of its own, fed by a private pipe, let go of once it has a run.

Nothing here kills a runner that has accepted a run: the pipe's end, a closed terminal and the parent's death mean nothing to it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import platformdirs

from console.domain.errors import BluegreenError
from console.engine.scope import in_scope
from console.journal.place import of_the_user

START_SECONDS = 30.0
"""Longest time for a runner to import and connect."""
ACCEPT_SECONDS = 3.0
"""Longest time for a runner that is ready to accept a run."""
REPLACE_SECONDS = 5.0
"""After a run was handed over: the next runner's imports shall not take the processor from it."""


ENDED = ""
"""What is read when the pipe is at its end: no runner says an empty line."""


class RunnerFailed(BluegreenError):
    """No runner took the run; it stays in the journal and can be resumed."""

    exit_code = 4


class WarmRunner:
    """Keeps one runner waiting: imported, connected, idle. Asynchronous context manager."""

    def __init__(self, argv: Sequence[str], *, replaces: bool = True, scope: bool = False, log: Path | None = None) -> None:
        self._argv = in_scope(argv) if scope else tuple(argv)
        """`scope`: in a scope of the user's service manager, where there is one, so that logging out does not end it."""
        self._replaces = replaces
        """Start another one after a run was handed over."""
        self._log = log or of_the_user(platformdirs.user_log_path("bluegreen")) / "runner.log"
        self._child: Child | None = None
        self._replacing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> WarmRunner:
        self._child = Child(self._argv, self._log)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """An idle runner ends with its pipe; one that drives goes on."""
        if self._replacing:
            self._replacing.cancel()
        if self._child:
            self._child.let_go()

    async def drive(self, ref: str) -> int:
        """Hand a run over; returns the process that drives it now. `ref` as of `Opened.ref`.

        Raises RunnerFailed when no runner accepts it, with what the runner said.
        """
        child = await self._ready()
        try:
            await child.hand_over(ref)
        finally:
            self._child = None
            child.let_go()
        if self._replaces:
            self._replacing = asyncio.create_task(self._replace())
        return child.pid

    async def ready(self) -> None:
        """Wait until a runner waits; one is started where none does. Raises RunnerFailed."""
        await self._ready()

    async def prewarm(self) -> None:
        """Let the waiting runner open its connections now: somebody is about to press the key."""
        if self._child:
            self._child.send("warm")

    @property
    def words(self) -> str:
        """Whether a runner waits, for a person who looks at the connections."""
        child = self._child
        if child is None:
            return "the next one is started in a moment" if self._replacing else "none waits"
        return f"waits (process {child.pid})" if child.lives else f"has ended (process {child.pid})"

    @property
    def trouble(self) -> str:
        """Why a run could not be handed over at once; empty while one waits, or is about to."""
        return (
            "" if self._child is None or self._child.lives else f"it ended without a word, see {self._log}; the next start tries a new one"
        )

    async def _ready(self) -> Child:
        """The waiting runner; a new one where that has died meanwhile."""
        for last in (False, True):
            child = self._child = self._child or Child(self._argv, self._log)
            try:
                await child.ready()
            except RunnerFailed:
                self._child = None
                child.let_go()
                if last or child.was_cold:
                    raise
            else:
                return child
        raise AssertionError("the last try returns or raises")

    async def _replace(self) -> None:
        await asyncio.sleep(REPLACE_SECONDS)
        self._child = self._child or Child(self._argv, self._log)


def warm_runner(argv: Sequence[str]) -> WarmRunner:
    """A runner for one run: it imports and connects while the caller makes the plan."""
    return WarmRunner(argv, replaces=False)


class Child:
    """One runner process and its pipe."""

    def __init__(self, argv: Sequence[str], log: Path) -> None:
        down_read, self._down = os.pipe()
        self._up, up_write = os.pipe()
        self._log = log
        self._said: asyncio.Queue[str] = asyncio.Queue()
        self._partial = b""
        self._ready = False
        self._ended = threading.Event()
        error = _log_file(log)
        try:
            self.pid = _spawn(argv, stdin=down_read, stdout=up_write, stderr=error)
        except OSError as problem:
            self._close(self._down, self._up)
            raise RunnerFailed(f"the runner cannot be started: {problem.strerror}", hint=f"Command: {argv[0]}") from problem
        finally:
            self._close(down_read, up_write, error)
        threading.Thread(target=self._reap, name=f"reap-{self.pid}", daemon=True).start()
        os.set_blocking(self._up, False)
        asyncio.get_running_loop().add_reader(self._up, self._read)

    @property
    def lives(self) -> bool:
        return not self._ended.is_set()

    @property
    def was_cold(self) -> bool:
        """It never became ready: another one would fail as well."""
        return not self._ready

    async def ready(self) -> None:
        """Wait until it has imported and connected. Raises RunnerFailed with its reason."""
        if self._ready:
            if self._ended.is_set():
                raise RunnerFailed("the waiting runner has died")
            return
        await self._expect("ready", START_SECONDS, "did not start")
        self._ready = True

    async def hand_over(self, ref: str) -> None:
        """Raises RunnerFailed when the run was not accepted; then this runner does not drive it."""
        self.send(ref)
        try:
            await self._expect(f"accepted {ref}", ACCEPT_SECONDS, f"did not accept run {ref}")
        except RunnerFailed:
            self._end()
            raise

    def send(self, line: str) -> None:
        with suppress(OSError):  # its end is seen where an answer is awaited
            os.write(self._down, f"{line}\n".encode())

    def let_go(self) -> None:
        """Close the pipe: an idle runner ends, one that drives does not notice."""
        if self._up >= 0:
            asyncio.get_running_loop().remove_reader(self._up)
            self._close(self._down, self._up)
            self._up = self._down = -1

    async def _expect(self, wanted: str, seconds: float, failure: str) -> None:
        try:
            async with asyncio.timeout(seconds):
                while (line := await self._said.get()) != wanted:
                    if line.startswith("failed "):
                        raise RunnerFailed(line.removeprefix("failed "))
                    if line == ENDED:
                        raise RunnerFailed(f"the runner {failure}: it ended without a word", hint=f"See {self._log}")
        except TimeoutError:
            raise RunnerFailed(f"the runner {failure} within {seconds:g} s", hint=f"See {self._log}") from None

    def _read(self) -> None:
        """Takes what the runner says; its end is a failure for whoever waits."""
        try:
            data = os.read(self._up, 65536)
        except BlockingIOError:
            return
        *lines, self._partial = (self._partial + data).split(b"\n")
        for line in lines:
            self._said.put_nowait(line.decode(errors="replace"))
        if not data:
            asyncio.get_running_loop().remove_reader(self._up)
            self._said.put_nowait(ENDED)

    def _end(self) -> None:
        if not self._ended.is_set():
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)

    def _reap(self) -> None:
        os.waitpid(self.pid, 0)
        self._ended.set()

    def _close(self, *files: int) -> None:
        for file in files:
            with suppress(OSError):
                os.close(file)


def _spawn(argv: Sequence[str], *, stdin: int, stdout: int, stderr: int) -> int:
    """Start `argv` in a session of its own. Not by asyncio, whose subprocesses are killed with their loop."""
    actions = [(os.POSIX_SPAWN_DUP2, file, number) for number, file in enumerate((stdin, stdout, stderr))]
    defaults = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGTSTP]
    return os.posix_spawnp(argv[0], list(argv), os.environ, file_actions=actions, setsid=True, setsigdef=defaults)


def _log_file(log: Path) -> int:
    """Where a runner's tracebacks go; nowhere when that cannot be written."""
    with suppress(OSError):
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    return os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)


def runner_argv(arguments: Sequence[str]) -> list[str]:
    """This program's hidden `runner` command with the same settings."""
    return [sys.executable, "-m", "console", *arguments, "runner"]
