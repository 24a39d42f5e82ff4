"""What the kernel says of a process: its memory, the processor time it used, its children."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterable
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
GONE_SECONDS = 10.0


def resident(pid: int) -> int:
    """Bytes of memory in use."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))


def cpu_seconds(pid: int) -> float:
    """Processor time used so far, of all threads."""
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / TICK


def children(pid: int) -> tuple[int, ...]:
    """Its own children that run."""
    return tuple(other for other in _running() if _parent(other) == pid)


async def gone(pids: Iterable[int]) -> None:
    """Wait until none of them runs any more."""
    deadline = time.monotonic() + GONE_SECONDS
    while left := [pid for pid in pids if _runs(pid)]:
        assert time.monotonic() < deadline, f"processes {left} still run"
        await asyncio.sleep(0.02)


def _runs(pid: int) -> bool:
    """It is there and has not ended: who adopted it may take its time to notice that."""
    try:
        return _stat(pid)[0] not in "ZX"
    except OSError:
        return False


def _running() -> Iterable[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _parent(pid: int) -> int | None:
    try:
        return int(_stat(pid)[1])
    except OSError:
        return None


def _stat(pid: int) -> list[str]:
    """Fields after the program's name, which may hold anything."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
