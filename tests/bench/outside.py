"""What any client of the API server sees of an application: when its Services were switched, and when its Deployments were filled."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from console.cluster.client import KubeClient
from console.cluster.decode import decoder
from console.cluster.resources import path_of
from console.cluster.watch import follow
from console.domain.world import Deployment, Kind, KubeObject, Listed, Service, Upserted

PATIENCE = 60.0


@dataclass(frozen=True)
class Span:
    """From the first object's change to the last one's, in seconds of the monotonic clock."""

    first: float
    last: float

    @property
    def seconds(self) -> float:
        return self.last - self.first


@dataclass
class Outside:
    """What has been seen so far."""

    slot_key: str
    services: tuple[str, ...]
    slots: dict[str, str] = field(default_factory=dict)
    """Slot that each Service selects now."""
    switches: list[Span] = field(default_factory=list)
    fillings: list[Span] = field(default_factory=list)
    """From the change of the first Deployment to the completion of the last: the pods' own readiness."""
    _switched: dict[str, float] = field(default_factory=dict)
    _changed: dict[str, float] = field(default_factory=dict)
    _complete: dict[str, float] = field(default_factory=dict)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, found: KubeObject) -> None:
        """One object as it is now."""
        match found:
            case Service():
                self._take_service(found, time.monotonic())
            case Deployment():
                self._take_deployment(found, time.monotonic())
        self._news.set()

    def _take_service(self, service: Service, now: float) -> None:
        slot = service.selector.get(self.slot_key, "")
        if service.name not in self.services or self.slots.get(service.name) == slot:
            return
        if service.name in self.slots:
            self._switched[service.name] = now
        self.slots[service.name] = slot
        if len(self._switched) == len(self.services) and len(set(self.slots.values())) == 1:
            self.switches.append(Span(min(self._switched.values()), max(self._switched.values())))
            self._switched.clear()

    def _take_deployment(self, found: Deployment, now: float) -> None:
        counts = {found.desired, found.replicas, found.updated, found.ready, found.available}
        if found.observed_generation < found.generation or len(counts) > 1:
            self._changed.setdefault(found.name, now)
            self._complete.pop(found.name, None)
        elif found.name in self._changed and found.desired:
            self._complete[found.name] = now
        if len(self._complete) == len(self.services):
            self.fillings.append(Span(min(self._changed[name] for name in self._complete), max(self._complete.values())))
            self.forget()

    def forget(self) -> None:
        """What Deployments did until now is of no interest."""
        self._changed.clear()
        self._complete.clear()

    async def switched(self, since: float) -> Span:
        """The first switch since then, once it was seen."""
        return await self._first(self.switches, since)

    async def filled(self, since: float) -> Span:
        """The first filling since then, once it was seen. A note on a Deployment looks like another, very short one."""
        return await self._first(self.fillings, since)

    async def _first(self, spans: list[Span], since: float) -> Span:
        async with asyncio.timeout(PATIENCE):
            while not (found := [span for span in spans if span.first >= since]):
                self._news.clear()
                await self._news.wait()
        return found[0]


@asynccontextmanager
async def watched(client: KubeClient, namespace: str, *, services: tuple[str, ...], slot_key: str = "version") -> AsyncIterator[Outside]:
    """Watch for the length of the block."""
    outside = Outside(slot_key, services)
    kinds: Iterable[Kind] = ("Service", "Deployment")
    tasks = [asyncio.create_task(_watch(client, namespace, kind, outside)) for kind in kinds]
    try:
        yield outside
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _watch(client: KubeClient, namespace: str, kind: Kind, outside: Outside) -> None:
    async for event in follow(client, path_of(kind, namespace), decode=decoder(kind)):
        match event:
            case Listed(objects=objects):
                for found in objects:
                    outside.take(found)
            case Upserted(object=found):
                outside.take(found)
            case _:
                continue
