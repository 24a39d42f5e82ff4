"""The people who operate an application: each has a home, a journal and a kubeconfig of their own, and runs the real command line."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.processes import MARK
from tests.support.terminal import Terminal, open_terminal

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120.0
"""Seconds that any one command may take."""
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    def expect(self, code: int, *texts: str) -> Ran:
        """Itself, if it ended with this exit code and said each of these; else an AssertionError with all that it said."""
        if missing := [text for text in texts if text not in self.out + self.err]:
            raise AssertionError(f"{missing} was not said: {self}")
        if self.code != code:
            raise AssertionError(f"expected exit code {code}: {self}")
        return self

    @property
    def json(self) -> Any:
        """Standard output, where --json was asked for."""
        return json.loads(self.out)

    def __str__(self) -> str:
        return f"exit code {self.code}\n{self.out}{self.err}"


class Begun:
    """A command that was started, and what it says."""

    def __init__(self, process: asyncio.subprocess.Process, out: Path, err: Path) -> None:
        self.process, self._out, self._err = process, out, err

    async def ended(self, *, within: float = PATIENCE) -> Ran:
        """Wait for its end."""
        try:
            async with asyncio.timeout(within):
                code = await self.process.wait()
        except TimeoutError:
            self.process.kill()
            raise AssertionError(f"it did not end within {within:g} s: {self._said(-9)}") from None
        return self._said(code)

    def _said(self, code: int) -> Ran:
        return Ran(code, self._out.read_text(errors="replace"), self._err.read_text(errors="replace"))


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody at a machine."""

    home: Path
    config: Path
    journal: Path
    mark: str
    """Of every process they start."""

    def environment(self) -> dict[str, str]:
        """Their environment variables: nothing of the tests' own but the way to Python."""
        temporary = self.home / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
        own = {"HOME": str(self.home), "TMPDIR": str(temporary), "PATH": path, "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"}
        return {**own, MARK: self.mark}

    def arguments(self, *words: str) -> list[str]:
        """The whole command line of `bluegreen` with these words."""
        shared = ("--config", str(self.config), "--journal", str(self.journal), "--env", "rehearsal")
        return [sys.executable, "-m", "console", *shared, *words]

    async def cli(self, *words: str) -> Ran:
        """Run a command to its end, without a terminal."""
        return await (await self.begin(*words)).ended()

    async def begin(self, *words: str) -> Begun:
        """Start a command, without a terminal, and leave it to itself."""
        return await self._spawn(self.arguments(*words))

    async def terminal(self, *words: str) -> Terminal:
        """Run a command in a terminal."""
        return await open_terminal(self.arguments(*words), environment=self.environment(), folder=self.home)

    async def shell(self, text: str, *, first_on_path: Path) -> Ran:
        """Run commands in a shell."""
        return await (await self._spawn(["env", f"PATH={first_on_path}{os.pathsep}{os.environ['PATH']}", "sh", "-ec", text])).ended()

    def evidence(self, uid: str) -> list[Path]:
        """Files that a run left for whoever looks into its failure."""
        return [file for file in self.home.glob(f".local/state/bluegreen/runs/*/{uid}/**/*") if file.is_file()]

    async def _spawn(self, arguments: Sequence[str]) -> Begun:
        environment = self.environment()
        out, err = (self.home / f"{kind}-{next(_numbers)}" for kind in ("out", "err"))
        with out.open("wb") as standard, err.open("wb") as error:
            process = await asyncio.create_subprocess_exec(
                *arguments, stdin=asyncio.subprocess.DEVNULL, stdout=standard, stderr=error, env=environment, cwd=self.home
            )
        return Begun(process, out, err)
