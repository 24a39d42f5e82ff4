"""Watches: a reader of the history that keeps its own place, so nobody waits for a slow one."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from console.sandbox.apiserver.decode import Decoder
from console.sandbox.apiserver.errors import ApiError, expired
from console.sandbox.apiserver.lists import Filter
from console.sandbox.apiserver.resources import Object, Resource
from console.sandbox.apiserver.schema import of
from console.sandbox.apiserver.store import Change, Collection, Store

BOOKMARK_SECONDS: Final = 60.0
BEFORE_END_SECONDS: Final = 2.0
"""A last bookmark is sent this long before the stream's end, so that the next watch starts close to it."""
SHORTEST_SECONDS: Final = 1800.0
INITIAL_EVENTS_END: Final = "k8s.io/initial-events-end"


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """How a watch was asked for."""

    revision: int
    """Changes after this version are wanted; 0 begins with everything there is."""
    bookmarks: bool
    seconds: float
    initial_events: bool
    """Whether the present state is wanted first, although a version is given."""


def options_of(query: Mapping[str, str]) -> WatchOptions:
    """Read the query of a watch."""
    text, timeout = query.get("resourceVersion", ""), query.get("timeoutSeconds", "")
    if (text and not text.isdecimal()) or (timeout and not timeout.isdecimal()):
        raise _not_a_number(text or timeout)
    return WatchOptions(
        revision=int(text or 0),
        bookmarks=query.get("allowWatchBookmarks") in ("true", "1"),
        seconds=float(timeout) if timeout and timeout != "0" else SHORTEST_SECONDS * (1 + random.random()),
        initial_events=query.get("sendInitialEvents") in ("true", "1"),
    )


async def stream(store: Store, resource: Resource, wanted: Filter, options: WatchOptions) -> AsyncIterator[bytes]:
    """The lines of a watch, as many as there are at once; ends with its time, or when the reader fell behind the history."""
    collection = store.of(resource)
    if options.revision == 0 or options.initial_events:
        position, lines = _first_state(store, collection, wanted, options)
        if lines:
            yield b"".join(lines)
    else:
        found = collection.position_after(options.revision)
        if found is None:
            yield _error_line(expired(f"too old resource version: {options.revision} ({collection.oldest_readable})"))
            return
        position = found
    reader = _Reader(store, collection, wanted, options, position)
    async for lines_now in reader.follow():
        yield lines_now


def _first_state(store: Store, collection: Collection, wanted: Filter, options: WatchOptions) -> tuple[int, list[bytes]]:
    lines = [b'{"type":"ADDED","object":' + item.encoded() + b"}\n" for item in collection.all(wanted.namespace) if wanted.matches(item)]
    if options.bookmarks:
        lines.append(bookmark(collection.resource, store.revision, initial=True))
    position = collection.position_after(store.revision)
    assert position is not None
    return position, lines


class _Reader:
    """One watcher's place in the history."""

    def __init__(self, store: Store, collection: Collection, wanted: Filter, options: WatchOptions, position: int) -> None:
        self._store = store
        self._collection = collection
        self._wanted = wanted
        self._bookmarks = options.bookmarks
        self._position = position
        self._clock = asyncio.get_running_loop()
        self._end = self._clock.time() + options.seconds

    async def follow(self) -> AsyncIterator[bytes]:
        """Lines as they come, bookmarks between them, until the time is over."""
        next_bookmark = self._next_bookmark()
        while (now := self._clock.time()) < self._end:
            if await self._collection.grown(self._position, max(0.0, min(self._end, next_bookmark) - now)):
                changes = self._collection.changes_from(self._position)
                if changes is None:
                    return
                self._position += len(changes)
                lines = b"".join(line for change in changes if (line := seen_as(change, self._wanted)))
                if lines:
                    yield lines
            elif self._bookmarks and self._clock.time() >= next_bookmark:
                yield bookmark(self._collection.resource, self._store.revision)
                next_bookmark = self._next_bookmark()

    def _next_bookmark(self) -> float:
        """A minute from now, or shortly before the end where that comes first."""
        now = self._clock.time()
        last = self._end - BEFORE_END_SECONDS
        regular = now + BOOKMARK_SECONDS * random.uniform(0.9, 1.0)
        return last if now < last < regular else regular


def seen_as(change: Change, wanted: Filter) -> bytes:
    """The event by which a filtered watcher learns of a change; empty when it concerns it not."""
    if wanted.everything:
        return change.line
    before, after = wanted.matches(change.old), wanted.matches(change.new)
    match before, after:
        case True, True:
            return change.line
        case False, True:
            return change.appeared_line
        case True, False:
            return change.gone_line
        case _:
            return b""


def bookmark(resource: Resource, revision: int, *, initial: bool = False) -> bytes:
    """A line that only carries a version."""
    metadata: Object = {"resourceVersion": str(revision)}
    if initial:
        metadata["annotations"] = {INITIAL_EVENTS_END: "true"}
    empty = Decoder().read({"metadata": metadata}, of(resource.group, resource.version, resource.kind))
    return (
        b'{"type":"BOOKMARK","object":' + msgspec.json.encode({"kind": resource.kind, "apiVersion": resource.api_version} | empty) + b"}\n"
    )


def _not_a_number(text: str) -> ApiError:
    """A watch answers 500 here where a list answers 400."""
    return ApiError(500, "", f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax')


def _error_line(error: ApiError) -> bytes:
    return b'{"type":"ERROR","object":' + msgspec.json.encode(error.status()) + b"}\n"
