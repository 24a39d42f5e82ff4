"""Keeping a table of one kind of object in step with the API server, through outages and restarts of it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Protocol, TypeVar

from console.cluster.client import KubeClient
from console.cluster.watch import follow
from console.domain.world import Deleted, Listed, Lost, Upserted

log = logging.getLogger(__name__)
FORBIDDEN_PAUSE = 0.5
"""Seconds until the next try after a refusal: a server that has just started refuses everybody until it has read the rights."""


class Named(Protocol):
    """An object of the API."""

    @property
    def name(self) -> str: ...


Object = TypeVar("Object", bound=Named)


async def keep(
    client: KubeClient, path: str, *, decode: Callable[[bytes], Object], put: Callable[[Object], None], drop: Callable[[str], None]
) -> None:
    """Call `put` for every object that is new or changed and `drop` with the name of every one that is gone, until cancelled."""
    known: set[str] = set()
    while True:
        async with contextlib.aclosing(follow(client, path, decode=decode)) as events:
            async for event in events:
                match event:
                    case Listed(objects=objects):
                        for name in known - {each.name for each in objects}:
                            drop(name)
                        known = {each.name for each in objects}
                        for each in objects:
                            put(each)
                    case Upserted(object=each):
                        known.add(each.name)
                        put(each)
                    case Deleted(name=name):
                        known.discard(name)
                        drop(name)
                    case Lost(reason=reason, forbidden=forbidden):
                        log.info("%s: %s", path, reason)
                        if forbidden:
                            break
        await asyncio.sleep(FORBIDDEN_PAUSE)
