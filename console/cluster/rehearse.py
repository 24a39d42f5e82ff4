"""Objects as JSON, as they are and as the server would make them: for differences, not for deciding."""

from __future__ import annotations

import json
from typing import Any

from console.cluster.client import KubeClient
from console.cluster.errors import NotFound
from console.cluster.resources import path_of
from console.cluster.writes import answer_to
from console.domain.change import Delete, Write


class ServerRehearsal:
    """Implements `console.engine.diffing.Rehearsal`."""

    def __init__(self, client: KubeClient, namespace: str) -> None:
        self._client, self._namespace = client, namespace

    async def current(self, kind: str, name: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = json.loads(await self._client.request("GET", path_of(kind, self._namespace, name)))
        except NotFound:
            return None
        return found

    async def rehearse(self, write: Write) -> dict[str, Any] | None:
        answer = await answer_to(self._client, self._namespace, write, dry_run=True)
        if isinstance(write, Delete):
            return None
        found: dict[str, Any] = json.loads(answer)
        return found
