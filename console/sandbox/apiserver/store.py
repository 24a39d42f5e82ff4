"""The objects, their versions and a bounded history of changes.

One thread, no awaits: a read followed by a write is atomic. Stored objects are shared by everyone and never changed; a writer takes a
`copy()`.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import msgspec

from console.sandbox.apiserver.resources import STORED, Key, Object, Resource

FIRST_REVISION: Final = 200
"""Older versions never existed, so asking for one is asking for compacted history."""


class Stored:
    """One version of one object; the body leaves kind and apiVersion out."""

    __slots__ = ("body", "key", "raw", "resource", "revision")

    def __init__(self, resource: Resource, key: Key, body: Object, revision: int) -> None:
        self.resource = resource
        self.key = key
        self.body = body
        self.revision = revision
        self.raw: Final = msgspec.json.encode(body)

    def encoded(self) -> bytes:
        """The whole object as JSON."""
        return self.resource.head + self.raw[1:]

    def copy(self) -> Object:
        """A body that the caller may change."""
        body: Object = msgspec.json.decode(self.raw)
        return body

    def full_copy(self) -> Object:
        """Like `copy`, with apiVersion and kind in front."""
        return {"apiVersion": self.resource.api_version, "kind": self.resource.kind, **self.copy()}

    @property
    def uid(self) -> str:
        """The object's identity, which a later object of the same name does not share."""
        uid: str = self.body["metadata"]["uid"]
        return uid


@dataclass(frozen=True)
class Change:
    """One write: `old` is None for a creation, `new` is None for a deletion."""

    revision: int
    key: Key
    old: Stored | None
    new: Stored | None

    @cached_property
    def line(self) -> bytes:
        """The watch event for a watcher of everything."""
        if self.new is None:
            return self.gone_line
        return (b'{"type":"ADDED","object":' if self.old is None else b'{"type":"MODIFIED","object":') + self.new.encoded() + b"}\n"

    @cached_property
    def appeared_line(self) -> bytes:
        """The watch event for a watcher whose selector matches since this change."""
        assert self.new is not None
        return b'{"type":"ADDED","object":' + self.new.encoded() + b"}\n"

    @cached_property
    def gone_line(self) -> bytes:
        """The watch event for a watcher that no longer sees the object: its last visible state at this version."""
        assert self.old is not None
        last = self.old.copy()
        last["metadata"]["resourceVersion"] = str(self.revision)
        return b'{"type":"DELETED","object":' + Stored(self.old.resource, self.key, last, self.revision).encoded() + b"}\n"


class Collection:
    """All objects of one resource and the latest changes to them."""

    def __init__(self, resource: Resource, *, window: int, revision: int) -> None:
        self.resource = resource
        self._window = window
        self._objects: dict[Key, Stored] = {}
        self._order: list[Key] = []
        self._changes: list[Change] = []
        self._forgotten = revision
        """The newest version of which the history no longer tells how it came about."""
        self._trimmed = 0
        self._listeners: list[Callable[[Change], None]] = []
        self._waiting: asyncio.Future[None] | None = None

    def get(self, key: Key) -> Stored | None:
        """The object's present version."""
        return self._objects.get(key)

    def __len__(self) -> int:
        return len(self._objects)

    def all(self, namespace: str = "", *, after: Key | None = None) -> Iterator[Stored]:
        """Objects of a namespace, or of all, in key order."""
        start = bisect_left(self._order, (namespace, "")) if namespace else 0
        if after is not None:
            start = max(start, bisect_left(self._order, (after[0], after[1] + "\0")))
        for index in range(start, len(self._order)):
            key = self._order[index]
            if namespace and key[0] != namespace:
                return
            yield self._objects[key]

    def at(self, revision: int, namespace: str = "") -> Sequence[Stored] | None:
        """The objects as they were at a version; None when history does not reach that far."""
        if revision < self._forgotten:
            return None
        objects = dict(self._objects)
        for change in reversed(self._changes):
            if change.revision <= revision:
                break
            if change.old is None:
                objects.pop(change.key, None)
            else:
                objects[change.key] = change.old
        return [objects[key] for key in sorted(objects) if not namespace or key[0] == namespace]

    def position_after(self, revision: int) -> int | None:
        """Where a reader that has seen `revision` goes on; None when that is no longer held."""
        if revision < self._forgotten:
            return None
        return self._trimmed + bisect_left(self._changes, revision + 1, key=lambda change: change.revision)

    def changes_from(self, position: int) -> list[Change] | None:
        """What was changed since; None for a reader that fell behind the history."""
        if position < self._trimmed:
            return None
        return self._changes[position - self._trimmed :]

    @property
    def oldest_readable(self) -> int:
        """The oldest version a watch may start from."""
        return self._forgotten

    async def grown(self, position: int, timeout: float) -> bool:
        """Wait until there are changes at or past a position; False when the time is over."""
        if position < self._trimmed + len(self._changes):
            return True
        if self._waiting is None or self._waiting.done():
            self._waiting = asyncio.get_running_loop().create_future()
        await asyncio.wait((self._waiting,), timeout=timeout)
        return position < self._trimmed + len(self._changes)

    def listen(self, listener: Callable[[Change], None]) -> None:
        """Call a function, which must not block, with every change from now on."""
        self._listeners.append(listener)

    def record(self, change: Change) -> None:
        """Make a change visible to readers, watchers and listeners."""
        if change.new is None:
            del self._objects[change.key]
            del self._order[bisect_left(self._order, change.key)]
        else:
            if change.old is None:
                insort(self._order, change.key)
            self._objects[change.key] = change.new
        self._changes.append(change)
        if len(self._changes) > self._window:
            self._forgotten = self._changes[-self._window - 1].revision
        if len(self._changes) >= 2 * self._window:
            self._drop(self._window)
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)
        for listener in self._listeners:
            listener(change)

    def compact(self) -> None:
        """Forget all history: only the present is left."""
        if self._changes:
            self._forgotten = self._changes[-1].revision
            self._drop(len(self._changes))

    def _drop(self, count: int) -> None:
        """Free changes that nobody may ask for any more; done rarely, because what is behind them moves."""
        del self._changes[:count]
        self._trimmed += count


class Store:
    """Every collection under one counter of versions."""

    def __init__(self, *, window: int = 4096) -> None:
        self.revision = FIRST_REVISION
        self._collections = {resource: Collection(resource, window=window, revision=FIRST_REVISION) for resource in STORED}

    def of(self, resource: Resource) -> Collection:
        """The collection of a resource."""
        return self._collections[resource]

    def put(self, resource: Resource, key: Key, body: Object) -> Stored:
        """Write an object; its resourceVersion becomes the next version."""
        collection = self._collections[resource]
        self.revision += 1
        body["metadata"]["resourceVersion"] = str(self.revision)
        new = Stored(resource, key, body, self.revision)
        collection.record(Change(self.revision, key, collection.get(key), new))
        return new

    def remove(self, resource: Resource, key: Key) -> None:
        """Delete an object that is there."""
        collection = self._collections[resource]
        self.revision += 1
        collection.record(Change(self.revision, key, collection.get(key), None))

    def compact(self) -> None:
        """Forget the history of every collection, as etcd's compaction does."""
        for collection in self._collections.values():
            collection.compact()
