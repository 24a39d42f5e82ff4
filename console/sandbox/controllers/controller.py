"""What every controller is: changes become keys, a key is brought from what is to what should be, again and again."""

from __future__ import annotations

import asyncio
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Final, Generic

from console.sandbox.apiserver.errors import ApiError
from console.sandbox.apiserver.resources import Resource
from console.sandbox.apiserver.store import Change, Store
from console.sandbox.controllers.queue import KeyT, WorkQueue

LONG_WORK_SECONDS: Final = 0.005
REST_PER_WORK: Final = 1.5
"""A key that takes long to look at rests for this many times as long, so that requests are answered in between."""

log: Final = logging.getLogger(__name__)


class Controller(ABC, Generic[KeyT]):
    """One level-triggered loop. `reconcile` runs without awaiting, so the store cannot change under it."""

    watched: Sequence[Resource] = ()

    def __init__(self) -> None:
        self.queue: WorkQueue[KeyT] = WorkQueue()

    @abstractmethod
    def keys_of(self, resource: Resource, change: Change) -> Iterable[KeyT]:
        """The keys that a change may concern."""

    @abstractmethod
    def reconcile(self, key: KeyT) -> float | None:
        """Bring one key closer to its wanted state; seconds after which to look again by itself, if so."""

    def observe(self, store: Store) -> None:
        """Follow the store from now on, and look at everything that is in it already."""
        for resource in self.watched:
            collection = store.of(resource)
            collection.listen(lambda change, resource=resource: self._on_change(resource, change))  # type: ignore[misc]
            for stored in collection.all():
                self._on_change(resource, Change(stored.revision, stored.key, None, stored))

    def _on_change(self, resource: Resource, change: Change) -> None:
        for key in self.keys_of(resource, change):
            self.queue.add(key)

    async def run(self) -> None:
        """Work on keys until cancelled; between two keys everybody else gets a turn."""
        while True:
            key = await self.queue.next()
            began = time.perf_counter()
            self._work_on(key)
            took = time.perf_counter() - began
            if took > LONG_WORK_SECONDS:
                self.queue.rest(key, took * REST_PER_WORK)
            await asyncio.sleep(0)

    def _work_on(self, key: KeyT) -> None:
        try:
            again = self.reconcile(key)
        except ApiError as error:
            log.debug("%s: %s: %s", type(self).__name__, key, error)
            self.queue.failed(key)
        except Exception:
            log.exception("%s failed on %s", type(self).__name__, key)
            self.queue.failed(key)
        else:
            self.queue.done(key)
            if again is not None:
                self.queue.add_after(key, again)
