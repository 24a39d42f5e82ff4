"""Follows one kind of object for ever: paged list, then watch, then whatever it takes to know the truth again.

What goes wrong on the way has one answer each: a stream that ends goes on from its last version, a version that is too old
(410) lists again, anything else waits with growing, jittered pauses. After about four seconds without a healthy stream the
consumer hears `Lost`; the next `Listed` ends it.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import datetime
from typing import Generic

from console.cluster.answers import sentence
from console.cluster.calls import call_of
from console.cluster.client import KubeClient
from console.cluster.errors import ClusterError, Forbidden, Gone, NotFound, NotSupported, ServerFault, TooManyRequests, Unreachable
from console.cluster.pages import Object, list_all
from console.cluster.resources import kind_of
from console.cluster.stream_health import Health, Pauses
from console.cluster.wire import EVENT, HEAD, MALFORMED, Head, name_in
from console.domain.world import Deleted, Listed, Lost, Upserted

SILENCE = 90.0
"""Seconds without a byte after which a stream counts as dead; the server sends a bookmark about every minute."""
LOST_AFTER = 4.0
"""Seconds of trouble after which the consumer is told."""
CHANGES = frozenset({"ADDED", "MODIFIED", "DELETED"})
"""Events about one object, which therefore has a name."""
REFUSED_PAUSE = 30.0
"""Longest pause in seconds where the server says no (403, 404, 501); shorter at first, since a server that starts says no too."""


async def follow(
    client: KubeClient,
    path: str,
    *,
    decode: Callable[[bytes], Object],
    params: Mapping[str, str] | None = None,
    page: int = 500,
    silence: float = SILENCE,
    lost_after: float = LOST_AFTER,
    pauses: Pauses | None = None,
) -> AsyncGenerator[Listed[Object] | Upserted[Object] | Deleted | Lost, None]:
    """Everything that happens to the objects of `path`, without end; cancel it to stop.

    `decode` turns the JSON of one object into a value with a `.name`; whatever it raises names the object in a `Lost`, and
    the others go on. A list after an outage is preceded by a `Deleted` for everything that is gone.
    """
    follower = Follower(
        client, path, decode=decode, params=params or {}, page=page, silence=silence, lost_after=lost_after, pauses=pauses or Pauses()
    )
    task = asyncio.create_task(follower.run(), name=f"follow {path}")
    try:
        while (event := await follower.events.get()) is not None:
            yield event
        await task  # it never ends by itself: this raises what ended it
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


class Follower(Generic[Object]):
    """The state of one `follow`: what is known, up to which version, and how the link is doing."""

    def __init__(
        self,
        client: KubeClient,
        path: str,
        *,
        decode: Callable[[bytes], Object],
        params: Mapping[str, str],
        page: int,
        silence: float,
        lost_after: float,
        pauses: Pauses,
    ) -> None:
        self.events: asyncio.Queue[Listed[Object] | Upserted[Object] | Deleted | Lost | None] = asyncio.Queue()
        self._client, self._path, self._decode, self._params = client, path, decode, dict(params)
        self._page, self._silence = page, silence
        self._kind = kind_of(call_of("GET", path).resource)
        self._known: set[str] = set()
        self._unreadable: dict[str, str] = {}
        self._version = ""
        self._listed = False
        self._refused = Pauses(longest=REFUSED_PAUSE)
        self._health = Health(lost_after, pauses, self._say_lost)

    async def run(self) -> None:
        """Lists and watches until it is cancelled."""
        try:
            self._health.doubt("the server has not answered yet")
            while True:
                pause = await self._round()
                await asyncio.sleep(pause)
        finally:
            self._health.stop()
            self.events.put_nowait(None)

    async def _round(self) -> float:
        """One list, where needed, and one stream until it ends; the pause before the next."""
        try:
            if not self._version:
                await self._list()
            await self._watch()
            return 0.0 if self._health.proven else self._health.pauses.next()
        except Gone:
            self._version = ""
            return self._health.pauses.next()
        except (Forbidden, NotFound, NotSupported) as error:
            self._version = ""
            self._health.lost(error.message, forbidden=isinstance(error, Forbidden) and not self._listed)
            return self._refused.next()
        except ClusterError as error:
            self._version = "" if isinstance(error, ServerFault) or self._health.said else self._version
            self._health.doubt(error.message)
            return error.retry_after if isinstance(error, TooManyRequests) else self._health.pauses.next()

    async def _list(self) -> None:
        """Reads all pages, then tells what is gone and what there is."""
        self._unreadable.clear()
        objects, version = await list_all(self._client, self._path, decode=self._read, params=self._params, page=self._page)
        names = {each.name for each in objects}
        at = self._client.server_now()
        for name in sorted(self._known - names - self._unreadable.keys()):
            self.events.put_nowait(Deleted(self._kind, name, at))
        self._known, self._version, self._listed = names, version, True
        self.events.put_nowait(Listed(self._kind, objects, version, at))
        self._health.well()
        self._name_unreadable()

    async def _watch(self) -> None:
        """Reads one stream to its end; returns early when a list is due."""
        params = self._params | {
            "watch": "1",
            "allowWatchBookmarks": "true",
            "resourceVersion": self._version,
            "timeoutSeconds": f"{random.uniform(300, 600):.0f}",
        }
        self._health.proven = False
        if not self._health.doubting:
            self._health.doubt(f"the server does not begin to stream {self._path}")
        async with self._client.streaming(self._path, params=params, silence=self._silence) as lines:
            if self._health.said:
                self._version = ""
                return
            with self._health.open():
                async for line in lines:
                    self._take(line)
                    if not self._version:
                        return

    def _take(self, line: bytes) -> None:
        """One line of the stream."""
        try:
            event = EVENT.decode(line)
            head = HEAD.decode(event.object)
        except MALFORMED as error:
            raise self._garbage(line) from error
        if event.type == "ERROR":
            raise _error(head)
        if event.type in CHANGES and not head.metadata.name:
            raise self._garbage(line)
        self._health.prove()
        self._refused.reset()
        self._version = head.metadata.resource_version or self._version
        name, at = head.metadata.name, self._client.server_now()
        match event.type:
            case "ADDED" | "MODIFIED":
                self._upsert(bytes(event.object), name, at)
            case "DELETED":
                self._known.discard(name)
                self.events.put_nowait(Deleted(self._kind, name, at))
                self._readable(name)
            case _:  # BOOKMARK, and what later versions may add, only move the version
                pass

    def _garbage(self, line: bytes) -> Unreachable:
        return Unreachable(f"{self._path} sent something that is no event: {sentence(line, limit=80)}")

    def _upsert(self, raw: bytes, name: str, at: datetime) -> None:
        found = self._read(raw)
        if found is None:
            self._name_unreadable()
            return
        self._known.add(found.name)
        self.events.put_nowait(Upserted(self._kind, found, at))
        self._readable(name)

    def _read(self, raw: bytes) -> Object | None:
        """The decoded object; None, and the problem noted under its name, when that fails."""
        try:
            return self._decode(raw)
        except Exception as error:  # a decoder may raise anything; here it becomes a named fact
            name = name_in(raw)
            self._unreadable[name] = error.message if isinstance(error, ClusterError) else f"cannot read {self._kind} {name}: {error}"
            return None

    def _name_unreadable(self) -> None:
        if self._unreadable:
            first, *others = self._unreadable.values()
            self.events.put_nowait(Lost(self._kind, first + (f" (and {len(others)} more)" if others else "")))

    def _readable(self, name: str) -> None:
        """Forgets a decoding problem; after the last one a list is due, which ends the `Lost`."""
        if self._unreadable.pop(name, None) is not None and not self._unreadable:
            self._version = ""

    def _say_lost(self, reason: str, forbidden: bool) -> None:
        self.events.put_nowait(Lost(self._kind, reason, forbidden))


def _error(head: Head) -> ClusterError:
    """The Status that a stream ends with."""
    if head.code == 410:
        return Gone(head.message, reason=head.reason)
    return ServerFault(f"the watch ended with {head.code} {head.reason}: {head.message}", status=head.code or None, reason=head.reason)
