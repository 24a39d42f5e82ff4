"""A command of the team as its runner sees it: started once, found again by any later runner of this host, ended with its whole group.

The runner may die; the keeper beside the command (`keeper.py`) does not, and writes down how it ended.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from console.domain.redact import redacted
from console.engine.keeper import start_ticks

KEEPER = Path(__file__).with_name("keeper.py")
GRACE = 5.0
"""Seconds between SIGTERM and SIGKILL."""
PIECE = 8192
"""Characters of a line that are looked through for secrets at once."""
LONGEST_LINE = 200

Found = Literal["nothing", "running", "ended", "unknown"]
"""What became of a command that was begun: `nothing`: it was never started, and will not be; `unknown`: nobody saw its end."""


@dataclass(frozen=True)
class Exit:
    """How it ended."""

    code: int | None
    """None: it could not be started. Minus n after signal n."""
    seconds: float
    error: str = ""
    late: bool = False
    """It did not end within its time."""
    stopped: bool = False
    """It was told to end."""

    @property
    def well(self) -> bool:
        return self.code == 0 and not self.late and not self.stopped


class Child:
    """One attempt of one command; all that is known of it is in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._seen = ""
        self._gone: threading.Event | None = None
        """Set once the keeper that we started ourselves has ended."""

    async def start(self, argv: tuple[str, ...], *, directory: Path, environment: Mapping[str, str], within: float) -> None:
        """Begin it. Raises OSError where not even its keeper can be started."""
        await asyncio.to_thread(self._start, argv, directory, environment, within)

    def found(self) -> Found:
        """Look what became of it. What was not started by now will never be."""
        if not self.folder.exists():
            return "nothing"
        lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if (self.folder / "exit").exists():
                return "ended"
            if not (self.folder / "started").exists():
                (self.folder / "abandoned").touch(mode=0o600)
                return "nothing"
            self._end_orphan()
            return "unknown"
        except BlockingIOError:
            return "running"
        finally:
            os.close(lock)

    @property
    def alive(self) -> bool:
        """Somebody still waits for its end."""
        return not self._gone.is_set() if self._gone else self.found() == "running"

    def ended(self) -> Exit | None:
        """How it ended; None while it runs."""
        said = self._read("exit")
        if said is None:
            return None
        code = said.get("code")
        return Exit(
            code if isinstance(code, int) else None, float(said.get("seconds", 0.0)), str(said.get("error", "")), bool(said.get("late")),
            bool(said.get("stopped")),
        )  # fmt: skip

    async def stop(self) -> Exit | None:
        """End it with its group; how it ended, where its keeper lived to tell."""
        if await asyncio.to_thread(self.found) == "running":
            with suppress(OSError, ValueError):
                os.kill(int((self.folder / "keeper").read_text()), signal.SIGTERM)
        for _ in range(int((GRACE + 2) / 0.05)):
            if await asyncio.to_thread(self.found) != "running":
                break
            await asyncio.sleep(0.05)
        return self.ended()

    def news(self) -> tuple[str, ...]:
        """Lines that were printed since the last look, as far as they are kept at hand; without secrets, each cut."""
        try:
            recent = (self.folder / "recent").read_bytes().decode("utf-8", "replace")
        except OSError:
            return ()
        lines = [line for line in recent.replace("\r", "\n").split("\n")[1 if len(recent) >= 4000 else 0 :] if line.strip()]
        before, self._seen = self._seen, "\n".join(lines)
        fresh = _after(lines, before.split("\n") if before else [])
        return tuple(redacted(line)[:LONGEST_LINE] for line in fresh)

    async def keep(self) -> dict[str, object]:
        """Make the output evidence, without secrets; returns what goes into the journal."""
        return await asyncio.to_thread(self._keep)

    def _start(self, argv: tuple[str, ...], directory: Path, environment: Mapping[str, str], within: float) -> None:
        self.folder.mkdir(mode=0o700, parents=True)
        arguments = [str(self.folder), f"{within:.3f}", f"{GRACE:g}", str(directory), *argv]
        with (self.folder / "keeper.log").open("wb") as log:
            keeper = subprocess.Popen(
                [sys.executable, "-I", "-S", str(KEEPER), *arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=dict(environment), start_new_session=True,
            )  # fmt: skip
        (self.folder / "keeper").write_text(str(keeper.pid))
        self._gone = threading.Event()
        threading.Thread(target=_reap, args=(keeper, self._gone), name=f"reap-{keeper.pid}", daemon=True).start()

    def _end_orphan(self) -> None:
        """Its keeper was killed: a command that goes on without it is ended, so that it cannot run beside the next attempt."""
        said = self._read("started") or {}
        pid, ticks = said.get("pid"), said.get("ticks")
        if isinstance(pid, int) and ticks and start_ticks(pid) == ticks:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)

    def _keep(self) -> dict[str, object]:
        raw, kept = self.folder / "output", self.folder / "output.txt"
        source = raw if raw.exists() else kept  # kept already by a runner that died before it could say so
        content = source.read_bytes().decode("utf-8", "replace") if source.exists() else ""
        clean = without_secrets(content).encode()
        kept.touch(mode=0o600)
        kept.write_bytes(clean)
        raw.unlink(missing_ok=True)
        return {"output": str(kept), "sha256": hashlib.sha256(clean).hexdigest(), "bytes": len(clean), "lines": content.count("\n")}

    def _read(self, name: str) -> dict[str, Any] | None:
        try:
            said = json.loads((self.folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return said if isinstance(said, dict) else None


def _reap(keeper: subprocess.Popen[bytes], gone: threading.Event) -> None:
    keeper.wait()
    gone.set()


def without_secrets(text: str) -> str:
    """`text` redacted, in pieces that end at line ends where they can: a flood without line ends is looked through in bounded time."""
    pieces: list[str] = []
    block: list[str] = []
    size = 0
    for line in text.splitlines(keepends=True):
        if len(line) > PIECE:
            pieces += ["".join(block), *(line[start : start + PIECE] for start in range(0, len(line), PIECE))]
            block, size = [], 0
            continue
        block.append(line)
        size += len(line)
        if size > PIECE and "PRIVATE KEY" not in line and not _inside_key(block):
            pieces.append("".join(block))
            block, size = [], 0
    return "".join(redacted(piece) for piece in (*pieces, "".join(block)))


def _inside_key(block: list[str]) -> bool:
    """A private key has begun and not ended: it is not cut in two."""
    text = "".join(block)
    return text.rfind("-----BEGIN") > text.rfind("-----END") and len(text) < 8 * PIECE


def _after(lines: list[str], before: list[str]) -> list[str]:
    """What of `lines` comes after the last lines of `before`."""
    for size in range(min(len(before), len(lines)), 0, -1):
        if lines[:size] == before[-size:]:
            return lines[size:]
    return lines
