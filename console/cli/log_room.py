"""The logs of all containers of a scope, merged by time: those that appear join, those that end say so.

Everything that came is handed out in batches, ten times a second at most and no more lines at once than leave room for keys;
what comes faster for longer is dropped by the taps, and counted.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from console.cluster.client import KubeClient
from console.cluster.errors import ClusterError
from console.cluster.log_tap import Tap
from console.cluster.logs import LogFollower, LogPlace, read_log
from console.domain.environment import Environment
from console.domain.log_members import MOST, Member, container_of, members
from console.domain.logs import TAIL, LogLine, LogRequest, LogSource, SourceState
from console.domain.pods import SlotPods, slot_pods
from console.domain.views.words import plural
from console.domain.world import World

FLUSH = 0.1
"""Seconds between two batches."""
JOIN = 0.5
"""Seconds between two looks for pods that are new."""
AT_ONCE = 1000
"""Lines of a batch, about 8 ms of work."""
SETTLE = 1.0
"""Seconds that a first batch waits for all logs to begin, so that it is in order."""
BILLION = 10**9


@dataclass(frozen=True)
class Batch:
    """What is new."""

    lines: tuple[LogLine, ...]
    sources: tuple[LogSource, ...]
    left_out: int
    note: str


class LogRoom:
    """One request, served until whoever iterates stops, or until all is read where nothing is followed."""

    def __init__(
        self,
        client: KubeClient,
        environment: Environment,
        request: LogRequest,
        world: Callable[[], World | None],
        *,
        follow: bool = True,
        lossless: bool = False,
        tail: int | None = TAIL,
    ) -> None:
        """`world` is what the cluster says now. `lossless`: nothing is dropped, who writes too much is made to wait."""
        self._client, self._environment, self._request, self._world = client, environment, request, world
        self._follow, self._lossless, self._tail = follow and not request.previous, lossless, tail
        self._taps: list[Tap] = []
        self._sources: list[LogSource] = []
        self._known: dict[Member, int] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._opened = client.server_now()
        self._changed = True
        self._note = ""
        self._pods = SlotPods()
        self._crowded = False
        """Not all logs of the scope are read: another may take the place of one that ends."""

    async def batches(self) -> AsyncGenerator[Batch, None]:
        """Endless while following."""
        began, joined = time.monotonic(), float("-inf")
        try:
            while True:
                if time.monotonic() - joined >= JOIN:
                    joined = time.monotonic()
                    self._join()
                if self._settled(time.monotonic() - began):
                    lines = self._take()
                    if lines or self._changed:
                        self._changed = False
                        yield Batch(lines, tuple(self._sources), sum(tap.left_out for tap in self._taps), self._note)
                        if len(lines) >= AT_ONCE:
                            await asyncio.sleep(0)  # who reads paints between two large batches
                    if self._finished():
                        return
                await asyncio.sleep(FLUSH)
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _settled(self, waited: float) -> bool:
        return waited > SETTLE or (bool(self._sources) and all(each.state != "opening" for each in self._sources))

    def _finished(self) -> bool:
        return not self._follow and all(task.done() for task in self._tasks) and not any(tap.waiting for tap in self._taps)

    def _join(self) -> None:
        """Begin to read what is new in the scope."""
        world = self._world()
        if world is None or (world is self._pods.world and not self._crowded):
            return
        self._pods = slot_pods(self._environment, world, self._pods)
        found = members(self._environment, self._pods, self._request.scope)
        if self._request.previous:
            found = tuple(each for each in found if _was_restarted(world, each))
        reading = sum(not task.done() for task in self._tasks)
        fresh = [each for each in found if each not in self._known]
        for member in fresh[: max(0, MOST - reading)]:
            self._begin(member, world)
        left = len(fresh) - max(0, MOST - reading)
        self._crowded = left > 0
        self._say_of_all(found, left=left)

    def _say_of_all(self, found: tuple[Member, ...], *, left: int) -> None:
        note = ""
        if left > 0:
            note = f"{len(found) - left} of {plural(len(found), 'log')} are read, pods in trouble first"
        elif not found and not self._known:
            note = "no container of these was restarted" if self._request.previous else "no pods"
        if note != self._note:
            self._note, self._changed = note, True

    def _begin(self, member: Member, world: World) -> None:
        index = self._known[member] = len(self._sources)
        tap = Tap(lossless=self._lossless)
        self._taps.append(tap)
        self._sources.append(LogSource(member.slot, member.component, member.pod, member.container))
        self._changed = True
        self._tasks.append(asyncio.create_task(self._reading(member, index, tap, self._place(member, world)), name=f"log of {member.pod}"))

    def _place(self, member: Member, world: World) -> LogPlace:
        """A pod that was made since this began is read from its beginning."""
        pod = world.pods[member.pod]
        new = pod.meta.created is not None and pod.meta.created >= self._opened.replace(microsecond=0) and bool(self._request.since is None)
        since = self._opened - timedelta(seconds=self._request.since) if self._request.since is not None else None
        return LogPlace(world.namespace, member.pod, member.container, None if new else self._tail, since)

    async def _reading(self, member: Member, index: int, tap: Tap, place: LogPlace) -> None:
        def state(state: SourceState, reason: str) -> None:
            self._sources[index] = replace(self._sources[index], state=state, reason=reason)
            self._changed = True

        if self._follow:
            follower = LogFollower(self._client, place, tap, container=lambda: container_of(self._world(), member), state=state)
            await follower.run()
            return
        try:
            await read_log(self._client, place, tap, previous=self._request.previous)
            state("ended", "")
        except ClusterError as error:
            state("away", error.message)
            tap.say(error.message)

    def _take(self) -> tuple[LogLine, ...]:
        waiting = [n for n, tap in enumerate(self._taps) if tap.waiting]
        if not waiting:
            return ()
        share = BILLION if self._lossless else max(20, AT_ONCE // len(waiting))
        now = _nanoseconds(self._client.server_now())
        found = (LogLine(at or now, n, text, notice) for n in waiting for at, text, notice in self._taps[n].take(share))
        return tuple(sorted(found, key=lambda line: line.at))


def _was_restarted(world: World, member: Member) -> bool:
    container = container_of(world, member)
    return container is not None and (container.restarts > 0 or container.last_exit_code is not None)


def _nanoseconds(at: datetime) -> int:
    return int(at.timestamp() * BILLION)


def failed(sources: Iterable[LogSource]) -> tuple[str, ...]:
    """What could not be read, as sentences."""
    return tuple(f"{each.pod}/{each.container}: {each.reason}" for each in sources if each.state == "away")
