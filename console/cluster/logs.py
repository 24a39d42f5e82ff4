"""Reads one container's log into a tap, over cuts, restarts and silence, until the pod is gone.

The server's `sinceTime` is cut to whole seconds, so an answer after a cut repeats lines; the tap leaves those out and tells
whether anything can be missing between them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from console.cluster.client import KubeClient
from console.cluster.errors import BadRequest, ClusterError, Forbidden, Invalid, NotFound, TimedOut
from console.cluster.log_tap import Tap
from console.cluster.resources import path_of
from console.cluster.stream_health import Pauses
from console.domain.logs import SourceState
from console.domain.world import ContainerState

SILENCE = 60.0
"""Seconds without a byte after which a followed log is asked for again from its last line: a connection may be dead without a sign."""
POLL = 0.5
"""Seconds between two looks at what the cluster says of a container that is waited for."""
REFUSED_PAUSE = 15.0
"""Seconds until a log is asked for again that we may not read."""
ANSWERED_AWAY = 1.0
"""Seconds of trouble from which on it is worth a line that the log goes on."""

State = Callable[[SourceState, str], None]


@dataclass(frozen=True, slots=True)
class LogPlace:
    """Whose log, and from where on."""

    namespace: str
    pod: str
    container: str
    tail: int | None = None
    """Only the last lines."""
    since: datetime | None = None
    """By the server's clock."""

    @property
    def path(self) -> str:
        return path_of("Pod", self.namespace, self.pod, "log")

    def params(self, *, since: datetime | None, **more: str) -> dict[str, str]:
        """The query; a later `since` replaces the first lines that were asked for."""
        first = {"tailLines": str(self.tail)} if self.tail is not None and since is None else {}
        moment = since or self.since
        from_ = {"sinceTime": moment.strftime("%Y-%m-%dT%H:%M:%SZ")} if moment else {}
        return {"container": self.container, "timestamps": "true", **first, **from_, **more}


async def read_log(client: KubeClient, place: LogPlace, tap: Tap, *, previous: bool = False, limit_bytes: int | None = None) -> None:
    """The log as it is now, to its end. Raises what the cluster raises."""
    more = ({"previous": "true"} if previous else {}) | ({"limitBytes": str(limit_bytes)} if limit_bytes else {})
    await _pour(client, place, place.params(since=None, **more), tap)


async def _pour(client: KubeClient, place: LogPlace, params: Mapping[str, str], tap: Tap, begun: Callable[[], None] = lambda: None) -> None:
    whole = False
    try:
        async with client.streaming(place.path, params=params, silence=SILENCE, whole_lines=False) as chunks:
            begun()
            async for chunk in chunks:
                tap.feed(chunk)
                await tap.has_room()
            whole = True
    finally:
        tap.end(whole=whole)


class LogFollower:
    """Follows one container's log, instance after instance."""

    def __init__(
        self,
        client: KubeClient,
        place: LogPlace,
        tap: Tap,
        *,
        container: Callable[[], ContainerState | None],
        state: State,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`container` is what the cluster says of it now, None once the pod is gone; `state` is told how reading goes."""
        self._client, self._place, self._tap = client, place, tap
        self._container, self._state, self._sleep = container, state, sleep
        self._pauses = Pauses()
        self._restarts = 0
        self._begun = False
        """The latest answer has begun."""
        self._away: float | None = None
        """Since when it cannot be read, by the monotonic clock."""

    async def run(self) -> None:
        """Read until the pod is gone."""
        while (now := self._container()) is not None:
            if await self._has_a_log(now):
                self._restarts = now.restarts
                try:
                    await self._read()
                except NotFound:
                    break
                except ClusterError as error:
                    await self._trouble(error)
                else:
                    await self._ended()
        self._state("ended", "the pod is gone")
        self._tap.say("the pod is gone")

    async def _has_a_log(self, now: ContainerState) -> bool:
        if now.state != "waiting" or now.restarts or now.last_exit_code is not None:
            return True
        self._state("waiting", now.reason or "not started yet")
        await self._sleep(POLL)
        return False

    async def _read(self) -> None:
        """One answer, from the last line that is known."""
        last = self._tap.last
        params = self._place.params(since=last, follow="true")

        def begun() -> None:
            self._begun = True
            self._state("following", "")
            away = time.monotonic() - self._away if self._away is not None else 0.0
            if last is not None:
                gap = "the log was cut: lines may be missing here" if self._away is not None else ""
                self._tap.resume(gap, f"read on after {away:.0f} s: nothing is missing" if away > ANSWERED_AWAY else "")
            self._away = None

        self._begun, opened = False, time.monotonic()
        await _pour(self._client, self._place, params, self._tap, begun)
        if time.monotonic() - opened > 1.0:
            self._pauses.reset()

    async def _ended(self) -> None:
        """The answer ended well: the container has ended, as a rule; wait until the next instance has a log."""
        now, pause = self._container(), self._pauses.next()
        if now is None or now.restarts != self._restarts:
            self._again()
            return
        if now.state == "running":  # the server ended the answer, or the cluster is heard of later than the log
            await self._sleep(pause)
            return
        code = now.exit_code if now.exit_code is not None else now.last_exit_code
        self._state("ended", "" if code is None else f"exit {code}")
        self._tap.say("the container has ended" + ("" if code is None else f" with exit code {code}"))
        while self._still_ended():
            await self._sleep(POLL)
        self._again()

    def _still_ended(self) -> bool:
        now = self._container()
        return now is not None and now.restarts == self._restarts and now.state != "running"

    def _again(self) -> None:
        self._pauses.reset()
        if self._container() is not None:
            self._tap.say("the container was started again")

    async def _trouble(self, error: ClusterError) -> None:
        """It cannot be read right now: say so, and wait before the next try."""
        if isinstance(error, TimedOut) and self._begun:
            return  # mere silence: ask again from the last line, at once
        if isinstance(error, BadRequest | Invalid):
            self._state("waiting", _short(error))
            await self._sleep(POLL)
            return
        self._away = self._away if self._away is not None else time.monotonic()
        self._state("away", _short(error))
        if isinstance(error, Forbidden):
            await self._sleep(REFUSED_PAUSE)
            return
        await self._sleep(self._pauses.next())
        await self._read_what_the_last_instance_said()

    async def _read_what_the_last_instance_said(self) -> None:
        """Where the container was restarted during the cut, the end of its former log is only to be had as the previous one."""
        now, last = self._container(), self._tap.last
        if now is None or last is None or now.restarts == self._restarts:
            return
        if now.restarts == self._restarts + 1:
            self._tap.resume("the log was cut: lines may be missing here")
            try:
                await _pour(self._client, self._place, self._place.params(since=last, previous="true"), self._tap)
                self._away = None
            except ClusterError:
                return
        self._tap.say("the container was started again")
        self._restarts = now.restarts


def _short(error: ClusterError) -> str:
    """The server's own words, without what was asked."""
    _, found, said = error.message.partition(": ")
    return said if found else error.message
