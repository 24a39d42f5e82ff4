"""The rehearsal as a process of its own: starts everything, says where it is, obeys its control socket, ends with its owner.

`python -m console.sandbox.serve FOLDER [--real BINARIES] [--rate N]`. One JSON line on standard output says `ready` or `failed`; end of
file on standard input ends it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp

from console.sandbox.background import Background
from console.sandbox.control import serve_control
from console.sandbox.loadgen import LoadGenerator
from console.sandbox.rehearsal_cluster import DEFAULT_SIZE, SandboxCluster, Size
from console.sandbox.rehearsal_config import write_config

RELEASES: dict[str, dict[str, str]] = {
    "v1.4.1": {},
    "v1.4.2": {},
    "v1.5.0": {},
    "v1.5.1": {},
    "v1.6.0-errors": {"FAULT_ERROR_RATE": "0.3"},
    "v1.6.0-slow": {"FAULT_DELAY": "1.5"},
    "v1.6.0-crash": {"FAULT_CRASH_AFTER": "0.5"},
    "v1.6.0-unready": {"FAULT_UNREADY": "1"},
}
"""Images that the rehearsal's nodes can pull: good ones, and some that go wrong in a way that their name says."""


async def serve(folder: Path, *, shipped: Path, real: Path | None, rate: float, size: Size = DEFAULT_SIZE) -> None:
    """Run until standard input ends."""
    async with AsyncExitStack() as stack:
        box = await stack.enter_async_context(SandboxCluster.start(folder, real=real, size=size))
        for tag, faults in RELEASES.items():
            box.add_release(tag, variables=faults)
        config = write_config(
            folder / "config", shipped=shipped, kubeconfig=box.kubeconfig("operator"), namespace=box.namespace, url=box.url,
            prometheus=box.prometheus_url,
        )  # fmt: skip
        load = LoadGenerator(box.url("traider-frontend") + "/api/quotes", rate=rate, fresh=0.5) if rate else None
        users = Background()
        stack.push_async_callback(users.stop)
        if load:
            users.start("users", _users(load, box.url("traider-frontend")))
        await stack.enter_async_context(serve_control(folder / "control.sock", box, load))
        say({"state": "ready", "config": str(config), "server": box.endpoint.server})
        await _until_stdin_ends()


async def _users(load: LoadGenerator, url: str) -> None:
    """Users come once the first release serves."""
    async with aiohttp.ClientSession() as session:
        while not await _serves(session, url + "/api/health"):
            await asyncio.sleep(0.2)
    async with load.run():
        await asyncio.Event().wait()


async def _serves(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url, timeout=aiohttp.ClientTimeout(total=2)) as answer:
            return answer.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False


def say(what: dict[str, Any]) -> None:
    """One line for the owner."""
    print(json.dumps(what), flush=True)


async def _until_stdin_ends() -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.read(4096):
        pass


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--shipped", type=Path, required=True)
    parser.add_argument("--real", type=Path)
    parser.add_argument("--rate", type=float, default=0.0)
    given = parser.parse_args()
    try:
        asyncio.run(serve(given.folder, shipped=given.shipped, real=given.real, rate=given.rate))
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as problem:  # the border of the process: its owner prints the sentence
        say({"state": "failed", "reason": f"{type(problem).__name__}: {problem}"})
        sys.exit(1)


if __name__ == "__main__":
    main()
