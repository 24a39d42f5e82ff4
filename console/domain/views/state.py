"""All that the screens show, as one value: what the desk told last, and what time it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from typing import Literal

from console.domain.charts import ChartPage
from console.domain.connections import Connections
from console.domain.entry import Entry
from console.domain.environment import Environment
from console.domain.ids import RunId
from console.domain.logs import LogPage
from console.domain.object_diff import DiffView
from console.domain.position import Position
from console.domain.run import RunRecord
from console.domain.runbook import Runbook
from console.domain.snapshot import LINK, Snapshot
from console.domain.views.derived import Derived, derive
from console.domain.views.first_use import FirstUse
from console.domain.views.plan import PlanView
from console.domain.views.readiness import Readiness


@dataclass(frozen=True)
class Notice:
    """The last thing that was said to the person at the screen."""

    text: str
    severity: Literal["info", "error"]
    at: datetime


@dataclass(frozen=True)
class PlanDraft:
    """A plan that is being made, read or confirmed."""

    title: str
    """What is wanted, until the plan has its own title."""
    runbook: str
    inputs: Mapping[str, str]
    plan: PlanView | None = None
    problem: str = ""
    """Why no plan could be made."""
    notice: str = ""
    """Why it is shown again."""
    reason: str = ""
    """What the person gave as reason before it was shown again."""
    starting: bool = False
    """It was confirmed, and its run is being opened."""
    diff: DiffView | None = None
    """What it would change in each object, once somebody asked."""
    diff_problem: str = ""
    """Why that cannot be told."""


@dataclass(frozen=True)
class ConsoleState:
    """Latest values; replaced as a whole, never changed in place."""

    now: datetime
    zone: tzinfo
    connecting: str
    """What the console connects to, in words; shown until `connected`."""
    environment: Environment | None = None
    """None until the settings are read."""
    connected: bool = False
    trouble: Mapping[str, str] = field(default_factory=dict)
    """What does not work right now, by source (`desk`, `snapshots`, `runs`): message and when it is tried again."""
    identity: str = ""
    read_only: bool = False
    runbooks: Mapping[str, Runbook] = field(default_factory=dict)
    snapshot: Snapshot | None = None
    snapshot_at: datetime | None = None
    """Local time at which the snapshot came."""
    derived: Derived | None = None
    """What follows from the snapshot's world; None while that cannot be said."""
    runs: tuple[RunRecord, ...] | None = None
    """Newest first; None until the journal was read."""
    older: tuple[RunRecord, ...] = ()
    """Runs from before those, newest first, as far back as somebody asked for."""
    oldest_known: bool = False
    """There is no run before the last one of `older`."""
    entries: Mapping[RunId, tuple[Entry, ...]] = field(default_factory=dict)
    usual: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Median seconds by runbook and step."""
    readiness: Readiness | None = None
    """The way back as it was planned last; None until it was."""
    connections: Connections | None = None
    """As they were looked at last; only somebody who looks at them keeps them new."""
    draft: PlanDraft | None = None
    first_use: FirstUse | None = None
    """There are no settings; what to do about it."""
    charts: ChartPage | None = None
    """Only while a screen wants it; of the request that was wanted last."""
    logs: LogPage | None = None
    """Only while a screen wants it; of the request that was wanted last."""
    notice: Notice | None = None
    split_since: datetime | None = None
    """Local time at which the Services were first seen to disagree."""

    @property
    def position(self) -> Position | None:
        """Where traffic goes; None while nothing is known of the Services."""
        return self.derived.position if self.derived else None

    @property
    def open_run(self) -> RunRecord | None:
        """The newest run that is on."""
        return next((run for run in self.runs or () if run.open), None)

    @property
    def recorded(self) -> tuple[RunRecord, ...]:
        """Every run that was read, newest first."""
        return (*(self.runs or ()), *self.older)

    def run(self, run: RunId) -> RunRecord | None:
        return next((r for r in self.recorded if r.id == run), None)

    @property
    def server_now(self) -> datetime:
        """The API server's time as its last answer told it; this machine's own where it tells none. Waits and deadlines are in it."""
        seen = self.snapshot
        source = seen.sources.get(LINK) if seen else None
        if seen is None or seen.link.server_time is None or source is None or source.confirmed is None:
            return self.now
        return seen.link.server_time + (self.now - source.confirmed)

    def seconds_since(self, at: datetime) -> float:
        return (self.now - at).total_seconds()


def with_snapshot(state: ConsoleState, snapshot: Snapshot, now: datetime) -> ConsoleState:
    """`state` with a newer snapshot; remembers since when the Services disagree."""
    same_world = state.snapshot is not None and snapshot.world is state.snapshot.world
    derived = state.derived if same_world or state.environment is None else derive(state.environment, snapshot.world)
    split = derived is not None and derived.position.split
    since = (state.split_since or now) if split else None
    return replace(state, snapshot=snapshot, snapshot_at=now, now=now, derived=derived, split_since=since)


def with_run(state: ConsoleState, record: RunRecord) -> ConsoleState:
    """`state` with a newer record of one run; an older one changes nothing."""
    known = state.run(record.id)
    if known is None:
        return replace(state, runs=_newest_first((*(state.runs or ()), record)))
    if known.last_seq >= record.last_seq:
        return state
    runs = state.runs and tuple(record if r.id == record.id else r for r in state.runs)
    return replace(state, runs=runs, older=tuple(record if r.id == record.id else r for r in state.older))


def with_runs(state: ConsoleState, records: tuple[RunRecord, ...]) -> ConsoleState:
    """`state` with the list of the newest runs; a record that is known newer stays, and one that left the list is an older run."""
    known = {r.id: r for r in state.recorded}
    newer = [known[r.id] if r.id in known and known[r.id].last_seq > r.last_seq else r for r in records]
    listed = {r.id for r in newer}
    last = min(listed, default=0)
    left = [r for r in known.values() if r.id not in listed]
    runs = (*newer, *(r for r in left if r.id > last))  # a run that was opened after the list was made
    return replace(state, runs=_newest_first(runs), older=_newest_first(r for r in left if r.id < last))


def with_older(state: ConsoleState, records: tuple[RunRecord, ...], *, whole: bool) -> ConsoleState:
    """`state` with runs from further back; `whole`: there are none before them."""
    known = {r.id for r in state.recorded}
    fresh = (r for r in records if r.id not in known)
    return replace(state, older=_newest_first((*state.older, *fresh)), oldest_known=whole)


def _newest_first(records: Iterable[RunRecord]) -> tuple[RunRecord, ...]:
    return tuple(sorted(records, key=lambda r: r.id, reverse=True))
