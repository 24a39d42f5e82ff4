"""Processes of the example application on a real PostgreSQL, without any cluster around them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from console.sandbox.ports import free_port


@dataclass(frozen=True)
class Running:
    """One process of the application that answers."""

    process: asyncio.subprocess.Process
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)


@contextlib.asynccontextmanager
async def application(**environment: str) -> AsyncIterator[Running]:
    """A process of the application with this environment, once it answers; killed at the end if it has not left by then."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "console.sandbox.application",
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[3]), "PORT": str(port), **environment},
        stdout=asyncio.subprocess.DEVNULL,
    )
    running = Running(process, port)
    try:
        async with asyncio.timeout(15), aiohttp.ClientSession() as session:
            while not await _answers(session, running):
                assert process.returncode is None, f"the application ended with exit code {process.returncode}"
        yield running
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _answers(session: aiohttp.ClientSession, running: Running) -> bool:
    try:
        async with session.get(f"{running.url}/api/health/live") as answer:
            return answer.status == 200
    except aiohttp.ClientConnectorError:
        await asyncio.sleep(0.02)
        return False
