"""Whole processes: `status`, with byte code as an installed program has it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time

from tests.support.people import ROOT
from tests.support.scenario import Scenario


async def measure(s: Scenario, *, count: int) -> list[float]:
    """Seconds of `status`, from the start of its process to its end."""
    return [await _status(s) for _ in range(count)]


async def _status(s: Scenario) -> float:
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *s.operator.arguments("status"), stdout=subprocess.DEVNULL, env=s.operator.environment(), cwd=s.folder
    )
    code = await process.wait()
    took = time.monotonic() - began
    assert code == 0, f"status left with {code}"
    return took


def compile_everything() -> None:
    """Byte code for all of it; children write none of their own where PYTHONDONTWRITEBYTECODE is set."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    folders = [str(ROOT / name) for name in ("console", "actions", "screens")]
    subprocess.run([sys.executable, "-m", "compileall", "-q", *folders], check=False)
