"""Watches both Services from outside, as any client of the API server can, and says when each of them changed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from console.cluster.client import KubeClient
from console.cluster.decode import decoder
from console.cluster.resources import path_of
from console.cluster.watch import follow
from console.domain.world import Listed, Service, Upserted


@dataclass(frozen=True)
class Switch:
    """One switch of all Services, in seconds of the monotonic clock."""

    first: float
    last: float

    @property
    def split(self) -> float:
        """Seconds between the first Service's change and the last one's."""
        return self.last - self.first


@dataclass
class Switches:
    """What has been seen so far."""

    slot_key: str
    services: tuple[str, ...]
    slots: dict[str, str] = field(default_factory=dict)
    changed: dict[str, float] = field(default_factory=dict)
    seen: list[Switch] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, name: str, selector: Mapping[str, str]) -> None:
        slot = selector.get(self.slot_key, "")
        if name not in self.services or self.slots.get(name) == slot:
            return
        known = name in self.slots
        self.slots[name] = slot
        if known:
            self.changed[name] = time.monotonic()
        if len(self.changed) == len(self.services) and len(set(self.slots.values())) == 1:
            self.seen.append(Switch(min(self.changed.values()), max(self.changed.values())))
            self.changed.clear()
            self.news.set()

    async def next(self, after: int) -> Switch:
        """The switch number `after`, counted from 0, once it was seen."""
        async with asyncio.timeout(60):
            while len(self.seen) <= after:
                self.news.clear()
                await self.news.wait()
        return self.seen[after]


@asynccontextmanager
async def watched(client: KubeClient, namespace: str, *, services: tuple[str, ...], slot_key: str = "version") -> AsyncIterator[Switches]:
    """Watch for the length of the block."""
    switches = Switches(slot_key, services)
    task = asyncio.create_task(_watch(client, namespace, switches))
    try:
        yield switches
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _watch(client: KubeClient, namespace: str, switches: Switches) -> None:
    async for event in follow(client, path_of("Service", namespace), decode=decoder("Service")):
        match event:
            case Listed(objects=objects):
                found = objects
            case Upserted(object=one):
                found = (one,)
            case _:
                continue
        for service in found:
            if isinstance(service, Service):
                switches.take(service.name, service.selector)
