"""The one bridge from the desk to the state: connects, follows, and tries again for ever. It never ends the console."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Protocol, TypeVar

from console.app.desk import Desk, FirstUseNeeded, Watch, WatchFactory
from console.domain.entry import Entry
from console.domain.errors import BluegreenError
from console.domain.ids import RunId
from console.domain.run import RunRecord
from console.domain.snapshot import Snapshot
from console.domain.views.state import ConsoleState, with_run, with_runs, with_snapshot

T = TypeVar("T")
Change = Callable[[ConsoleState], ConsoleState]
Job = Callable[[], Coroutine[None, None, None]]
Work = Callable[[str, Job], None]
"""Runs a named job beside the screens."""

FIRST_WAIT, LONGEST_WAIT = 1.0, 15.0
"""Seconds before a first and between later tries."""


class Holder(Protocol):
    """Who keeps the state (the App)."""

    @property
    def state(self) -> ConsoleState: ...
    def update(self, change: Change) -> None: ...
    def now(self) -> datetime: ...


class Link:
    """Owns the desk once there is one."""

    def __init__(self, holder: Holder, factory: WatchFactory, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._holder = holder
        self._factory = factory
        self._sleep = sleep
        self.desk: Desk | None = None
        self._watch: Watch | None = None
        self.first_use: FirstUseNeeded | None = None
        """What was missing when the console was last to connect without settings."""
        self._reading = False
        self._asked: set[tuple[str, int]] = set()
        """Runbooks whose usual times were asked for, and how many of their runs had ended then."""

    async def run(self) -> None:
        """Connect and follow snapshots; follow runs as soon as there is a desk. Until cancelled."""
        watch = self._watch = await self._tried(self._factory)
        self._holder.update(lambda s: replace(_watched(s, watch), first_use=None))
        await asyncio.gather(self.followed("snapshots", watch.snapshots, self._take_snapshot), self._follow_runs(watch))

    async def _follow_runs(self, watch: Watch) -> None:
        desk = self.desk = await self._tried(watch.desk)
        self._holder.update(lambda s: _introduced(s, desk))
        await asyncio.gather(
            self.followed("runs", desk.runs, lambda records: self._holder.update(lambda s: with_runs(s, records))),
            self.followed("way back", desk.readiness, lambda made: self._holder.update(lambda s: replace(s, readiness=made))),
        )

    async def follow_run(self, run: RunId) -> None:
        """Every new entry of one run at once; ends with the run."""
        desk = self.desk
        if desk is not None:
            async for record in desk.follow(run):
                self._take(record)

    def complete(self, runs: tuple[RunId, ...], work: Work) -> None:
        """Read what is missing of these runs' journals and usual times, one reading at a time."""
        state = self._holder.state
        behind = tuple(r for r in runs if (record := state.run(r)) and record.last_seq > _last(state, r))
        wanted = {(record.runbook, _ended(state, record.runbook)) for r in runs if (record := state.run(r))}
        unknown = wanted - self._asked
        if self.desk is None or self._reading or not (behind or unknown):
            return
        self._reading = True
        self._asked |= unknown
        work("journal", partial(self._completed, self.desk, behind, unknown))

    async def _completed(self, desk: Desk, behind: tuple[RunId, ...], unknown: set[tuple[str, int]]) -> None:
        try:
            for run in behind:
                newer = await desk.entries(run, _last(self._holder.state, run))
                self._holder.update(partial(_with_entries, run=run, newer=newer))
            for runbook, _ in unknown:
                usual = await desk.usual(runbook)
                self._holder.update(partial(_with_usual, runbook=runbook, usual=usual))
            self._trouble("journal", "")
        except Exception as error:
            self._trouble("journal", f"the journal cannot be read: {sentence(error)}")
            await self._sleep(FIRST_WAIT)
        finally:
            self._reading = False

    async def close(self) -> None:
        if self._watch is not None:
            await self._watch.close()

    async def _tried(self, connect: Callable[[], Awaitable[T]]) -> T:
        """Until it succeeds."""
        wait = FIRST_WAIT
        while True:
            try:
                return await connect()
            except FirstUseNeeded as needed:
                self.first_use, view = needed, needed.view
                self._holder.update(partial(replace, first_use=view, trouble={}))
                wait = FIRST_WAIT
            except Exception as error:
                self._holder.update(lambda s: replace(s, first_use=None))
                self._trouble("desk", f"cannot connect: {sentence(error)}; trying again in {wait:.0f} s")
            await self._sleep(wait)
            wait = min(LONGEST_WAIT, wait * 2)

    async def followed(self, name: str, source: Callable[[], AsyncIterator[T]], take: Callable[[T], None]) -> None:
        """Hand on what a source gives, for ever; one that ends or fails is said and opened again."""
        wait = FIRST_WAIT
        while True:
            try:
                async for value in source():
                    take(value)
                    self._trouble(name, "")
                    wait = FIRST_WAIT
                problem = "ended"
            except Exception as error:
                problem = sentence(error)
            self._trouble(name, f"{name}: {problem}; trying again in {wait:.0f} s")
            await self._sleep(wait)
            wait = min(LONGEST_WAIT, wait * 2)

    def _take_snapshot(self, snapshot: Snapshot) -> None:
        self._holder.update(lambda s: with_snapshot(s, snapshot, self._holder.now()))

    def _take(self, record: RunRecord) -> None:
        self._holder.update(lambda s: with_run(s, record))

    def _trouble(self, name: str, text: str) -> None:
        self._holder.update(lambda s: _with_trouble(s, name, text))


def sentence(error: BaseException) -> str:
    """What a person reads of an error: our own errors speak for themselves, others are named."""
    return str(error) if isinstance(error, BluegreenError) else f"{type(error).__name__}: {error}"


def _watched(state: ConsoleState, watch: Watch) -> ConsoleState:
    return replace(state, environment=watch.environment, read_only=watch.read_only, trouble=_without_desk(state))


def _introduced(state: ConsoleState, desk: Desk) -> ConsoleState:
    return replace(
        state,
        environment=desk.environment,
        identity=desk.identity,
        read_only=desk.read_only,
        runbooks=desk.runbooks,
        connected=True,
        trouble=_without_desk(state),
    )


def _without_desk(state: ConsoleState) -> Mapping[str, str]:
    return {k: v for k, v in state.trouble.items() if k != "desk"}


def _with_trouble(state: ConsoleState, name: str, text: str) -> ConsoleState:
    if state.trouble.get(name, "") == text:
        return state
    return replace(state, trouble={k: v for k, v in {**state.trouble, name: text}.items() if v})


def _last(state: ConsoleState, run: RunId) -> int:
    known = state.entries.get(run, ())
    return known[-1].seq if known else 0


def _ended(state: ConsoleState, runbook: str) -> int:
    return sum(1 for run in state.runs or () if run.runbook == runbook and not run.open)


def _with_entries(state: ConsoleState, *, run: RunId, newer: tuple[Entry, ...]) -> ConsoleState:
    """Entries that are known already are not added again."""
    fresh = tuple(e for e in newer if e.seq > _last(state, run))
    return replace(state, entries={**state.entries, run: (*state.entries.get(run, ()), *fresh)}) if fresh else state


def _with_usual(state: ConsoleState, *, runbook: str, usual: Mapping[str, float]) -> ConsoleState:
    return replace(state, usual={**state.usual, runbook: usual})
