"""A person's terminal: a program in a session of its own behind a real pty, to be read, typed into, and closed in the middle."""

from __future__ import annotations

import asyncio
import os
import pty
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tests.sandbox.waiting import until

CONTROLLING = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
"""Makes standard input the controlling terminal of the new session: closing it then hangs up on everything in the foreground."""
_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07]*\x07|\r")


class Terminal:
    """Made by `open_terminal`."""

    def __init__(self, process: asyncio.subprocess.Process, master: int) -> None:
        self.process = process
        self._master: int | None = master
        self._seen = b""
        asyncio.get_running_loop().add_reader(master, self._read)

    @property
    def text(self) -> str:
        """Everything that was shown, without control sequences."""
        return _CONTROL.sub("", self._seen.decode("utf-8", "replace"))

    def type(self, text: str) -> None:
        """Press these keys."""
        assert self._master is not None, "the terminal is closed"
        os.write(self._master, text.encode())

    async def shows(self, text: str, *, within: float = 60.0) -> None:
        """Wait until this text was shown."""
        await until(lambda: text in self.text or self.process.returncode is not None, within=within, what=f"{text!r} on the terminal")
        assert text in self.text, f"it ended with {self.process.returncode} and never showed {text!r}:\n{self.text}"

    def close(self) -> None:
        """Close the window: what runs in it is hung up on."""
        if self._master is not None:
            asyncio.get_running_loop().remove_reader(self._master)
            os.close(self._master)
            self._master = None

    async def ended(self, *, within: float = 60.0) -> int:
        """The exit code, once the program has ended; minus n for signal n."""
        async with asyncio.timeout(within):
            return await self.process.wait()

    def _read(self) -> None:
        assert self._master is not None
        data = b""
        with suppress(OSError):  # EIO: the other side is gone
            data = os.read(self._master, 65536)
        self._seen += data
        if not data:
            asyncio.get_running_loop().remove_reader(self._master)


async def open_terminal(arguments: Sequence[str], *, environment: Mapping[str, str], folder: Path) -> Terminal:
    """Run a program in a new terminal of 80 by 24."""
    master, slave = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CONTROLLING, *arguments,
        stdin=slave, stdout=slave, stderr=slave, env={**environment, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}, cwd=folder,
        start_new_session=True,
    )  # fmt: skip
    os.close(slave)
    return Terminal(process, master)
