"""Processes that a scenario started, whatever they became: found by a mark in their environment, which every child inherits."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

MARK = "BLUEGREEN_SCENARIO"


def marked(mark: str) -> dict[int, str]:
    """Process id and command line of every process with this mark."""
    wanted = f"{MARK}={mark}".encode()
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    return found


def kill(mark: str) -> None:
    """End what is left, without warning."""
    for pid in marked(mark):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
