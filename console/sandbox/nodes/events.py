"""Events of pods, told to the API server in the background: equal ones are counted up, as Kubernetes' own components do."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from console.cluster.errors import ClusterError, NotFound
from console.sandbox.nodes.api import NodeApi
from console.sandbox.nodes.objects import Pod
from console.sandbox.nodes.status import stamp

log = logging.getLogger(__name__)
WAITING = 1000
"""Events that wait to be told; when the API server is away for long, further ones are lost."""
REMEMBERED = 2000


@dataclass(frozen=True)
class _Said:
    """An event that was told, to be counted up."""

    name: str
    count: int


@dataclass(frozen=True)
class _Event:
    """One event to tell."""

    pod: Pod
    kind: Literal["Normal", "Warning"]
    reason: str
    message: str
    container: str
    at: datetime

    @property
    def key(self) -> tuple[str, ...]:
        return self.pod.uid, self.kind, self.reason, self.message, self.container


class Recorder:
    """Tells events about pods in the name of one component."""

    def __init__(self, api: NodeApi, *, component: str, host: str, clock: Callable[[], datetime]) -> None:
        self._api, self._component, self._host, self._clock = api, component, host, clock
        self._queue: asyncio.Queue[_Event] = asyncio.Queue(WAITING)
        self._said: dict[tuple[str, ...], _Said] = {}

    def normal(self, pod: Pod, reason: str, message: str, *, container: str = "") -> None:
        """Something happened as it should."""
        self._put(_Event(pod, "Normal", reason, message, container, self._clock()))

    def warning(self, pod: Pod, reason: str, message: str, *, container: str = "") -> None:
        """Something happened that a person may want to know."""
        self._put(_Event(pod, "Warning", reason, message, container, self._clock()))

    async def run(self) -> None:
        """Tell events one after the other, until cancelled."""
        while True:
            event = await self._queue.get()
            try:
                await self._tell(event)
            except ClusterError as error:
                log.info("event %s of %s was not told: %s", event.reason, event.pod.key, error)

    def _put(self, event: _Event) -> None:
        if self._queue.full():
            log.info("event %s of %s was dropped: %d wait already", event.reason, event.pod.key, WAITING)
        else:
            self._queue.put_nowait(event)

    async def _tell(self, event: _Event) -> None:
        namespace = event.pod.metadata.namespace
        said = self._said.get(event.key)
        if said is not None:
            said = replace(said, count=said.count + 1)
            try:
                await self._api.repeat_event(namespace, said.name, {"count": said.count, "lastTimestamp": stamp(event.at)})
            except NotFound:
                said = None
        if said is None:
            said = _Said(f"{event.pod.name}.{secrets.token_hex(8)}", 1)
            await self._api.create_event(namespace, self._document(event, said.name))
        self._said[event.key] = said
        while len(self._said) > REMEMBERED:
            self._said.pop(next(iter(self._said)))

    def _document(self, event: _Event, name: str) -> dict[str, object]:
        meta = event.pod.metadata
        about = {"apiVersion": "v1", "kind": "Pod", "namespace": meta.namespace, "name": meta.name, "uid": meta.uid}
        if event.container:
            about["fieldPath"] = f"spec.containers{{{event.container}}}"
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": name, "namespace": meta.namespace},
            "involvedObject": about,
            "type": event.kind,
            "reason": event.reason,
            "message": event.message,
            "count": 1,
            "firstTimestamp": stamp(event.at),
            "lastTimestamp": stamp(event.at),
            "source": {"component": self._component, **({"host": self._host} if self._host else {})},
            "reportingComponent": self._component,
            "reportingInstance": self._host,
        }
