"""The rehearsal's control socket: one line of words in, one JSON line out. `bluegreen sandbox fault` speaks to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from console.sandbox.loadgen import LoadGenerator
from console.sandbox.rehearsal_cluster import SandboxCluster
from console.sandbox.relay import Link

HELP = (
    "crash SLOT · errors SLOT SHARE · slow SLOT SECONDS · unready SLOT · heal SLOT · database stop|start · api up|refused|hung · "
    "credentials expire|renew · release TAG · load"
)
"""Everything that is understood."""
LINKS = {link.name.lower(): link for link in Link}


class NotUnderstood(Exception):
    """The words name no fault."""


@asynccontextmanager
async def serve_control(path: Path, box: SandboxCluster, load: LoadGenerator | None) -> AsyncIterator[None]:
    """Listen on a unix socket for the length of the block."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        words = (await reader.readline()).decode().split()
        try:
            answer = {"ok": True, "said": await obey(box, load, words), "failed": len(load.report().failures) if load else 0}
        except Exception as problem:  # the border: whoever asked reads the sentence
            answer = {"ok": False, "said": str(problem) or type(problem).__name__}
        writer.write(json.dumps(answer).encode() + b"\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_unix_server(handle, path)
    try:
        yield
    finally:
        server.close()
        path.unlink(missing_ok=True)


async def obey(box: SandboxCluster, load: LoadGenerator | None, words: list[str]) -> str:  # noqa: C901 - one case a line
    """Do one thing and say what was done; raises NotUnderstood."""
    faults = box.faults
    match words:
        case ["crash", slot]:
            return f"{await faults.crash(slot)} pods of {slot} crash now"
        case ["errors", slot, share]:
            return f"{await faults.slot(slot, error_rate=float(share))} pods of {slot} fail {float(share):.0%} of their requests"
        case ["slow", slot, seconds]:
            return f"{await faults.slot(slot, delay=float(seconds))} pods of {slot} take {seconds} s longer"
        case ["unready", slot]:
            return f"{await faults.slot(slot, unready=True)} pods of {slot} say they are not ready"
        case ["heal", slot]:
            return f"{await faults.heal(slot)} pods of {slot} are well again"
        case ["database", "stop"]:
            await faults.stop_database()
            return "the database is gone"
        case ["database", "start"]:
            await faults.start_database()
            return "the database is back"
        case ["api", state] if state in LINKS:
            await faults.api(LINKS[state])
            return f"the way to the API server is {state}"
        case ["credentials", "expire"]:
            faults.expire_credentials("operator")
            return "the operator's credentials have expired"
        case ["credentials", "renew"]:
            faults.renew_credentials("operator")
            return "the operator is logged in again"
        case ["release", tag]:
            box.add_release(tag)
            return f"{tag} can be pulled"
        case ["load"] if load:
            return str(load.report())
        case _:
            raise NotUnderstood(f"{' '.join(words)!r} is not understood; say one of: {HELP}")
