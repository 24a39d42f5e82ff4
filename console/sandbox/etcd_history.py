"""Makes an etcd forget its past, through the JSON API that it serves beside gRPC."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp

TIMEOUT = aiohttp.ClientTimeout(total=10)


async def compact(socket: Path) -> int:
    """Drop every revision before the current one, which is given back."""
    async with aiohttp.ClientSession("http://etcd", connector=aiohttp.UnixConnector(str(socket)), timeout=TIMEOUT) as session:
        revision = int((await _ask(session, "/v3/kv/range", key="AA==", limit=1))["header"]["revision"])
        await _ask(session, "/v3/kv/compaction", revision=revision, physical=True)
        return revision


async def _ask(session: aiohttp.ClientSession, path: str, **body: object) -> dict[str, Any]:
    async with session.post(path, json=body) as response:
        response.raise_for_status()
        answer: dict[str, Any] = await response.json(content_type=None)
        return answer
