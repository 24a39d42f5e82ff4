"""What is happening: Kubernetes' events and the entries of runs, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from heapq import nlargest

from console.domain.entry import Entry
from console.domain.views.entries import saying
from console.domain.views.marks import Mark
from console.domain.views.standing import standing_words
from console.domain.views.state import ConsoleState
from console.domain.views.words import clock
from console.domain.world import Event

ROUTINE = frozenset({"Scheduled", "Pulling", "Pulled", "Created", "SuccessfulCreate"})
"""What every pod says when all goes well; the columns say it, too."""
MOST = 200
"""Rows kept; the feed says when there were more."""


@dataclass(frozen=True)
class FeedRow:
    time: str
    subject: str
    """`pod traider-backend-green-7d9f`, `run 41`."""
    mark: Mark
    text: str


@dataclass(frozen=True)
class FeedView:
    rows: tuple[FeedRow, ...]
    left_out: int = 0
    """Older rows that are not shown."""
    note: str = ""
    """Said instead of rows where there are none."""
    age: str = ""
    """What of it is not fresh: `events LOST 12s`, `runs LOST`."""


def feed_view(state: ConsoleState) -> FeedView:
    """Rows of both sources, newest first."""
    timed: list[tuple[datetime, int, Event | Entry]] = []
    world = state.snapshot.world if state.snapshot else None
    if world is not None:
        timed += [(e.last_seen, 0, e) for e in world.events.values() if e.last_seen is not None and e.reason not in ROUTINE]
    for entries in state.entries.values():
        timed += [(e.at, e.seq, e) for e in entries if _worth_a_row(e)]
    newest = nlargest(MOST, timed, key=lambda row: (row[0], row[1]))  # words are made of what is shown alone: there may be thousands
    seen = standing_words(state.snapshot.of_kinds("Event"), state.now) if state.snapshot else ""
    old = [f"events {seen}"] if seen else []
    old += ["runs LOST"] if "runs" in state.trouble and state.runs is not None else []
    note = "" if timed else ("no events, no runs" if world is not None and state.runs is not None else "not read yet")
    return FeedView(tuple(_row(each, state) for _, _, each in newest), max(0, len(timed) - MOST), note, ", ".join(old))


def _row(found: Event | Entry, state: ConsoleState) -> FeedRow:
    return _event_row(found, state) if isinstance(found, Event) else _entry_row(found, state)


def _event_row(event: Event, state: ConsoleState) -> FeedRow:
    mark = Mark.BROKEN if event.type == "Warning" else Mark.TO_COME
    times = f" ({event.count} times)" if event.count > 1 else ""
    text = f"{event.reason}: {event.message}" if event.message else event.reason
    kind = event.object_kind[:1].lower() + event.object_kind[1:]
    return FeedRow(clock(event.last_seen, state.zone, seconds=True), f"{kind} {event.object_name}", mark, text + times)


def _entry_row(entry: Entry, state: ConsoleState) -> FeedRow:
    words = saying(entry)
    record = state.run(words.run) if words.run is not None else None
    step = next((f"step {n}: " for n, s in enumerate(record.steps, 1) if s.name == words.step), "") if record else ""
    subject = f"run {words.run}" if words.run is not None else "journal"
    return FeedRow(clock(words.at, state.zone, seconds=True), subject, words.mark, step + words.text)


def _worth_a_row(entry: Entry) -> bool:
    """A step's start is said by its intent or result; its own line would only push others out."""
    return entry.type != "step.started"
