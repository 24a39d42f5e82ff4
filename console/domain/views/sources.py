"""Every connection with its state, age, latency, last error and retry: where the facts on all screens come from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from console.domain.connections import Connections, LeaseSeen
from console.domain.freshness import Freshness
from console.domain.ids import SlotName
from console.domain.snapshot import LINK, LIVE, METRICS, PROBES, Snapshot
from console.domain.views.lines import Line, Span, span
from console.domain.views.marks import Mark, Tone
from console.domain.views.run import Said
from console.domain.views.state import ConsoleState
from console.domain.views.table import Column, Row, Table
from console.domain.views.words import clock, limit, milliseconds, plural, whole_duration
from console.domain.world import KINDS, Kind, World

COLUMNS = (
    Column("", 1),
    Column("source", 22),
    Column("state", 8),
    Column("age", 6, right=True),
    Column("latency", 8, right=True, rank=1),
    Column("what it says"),
    Column("last error", rank=2),
)
ASKED = "asked"
"""Begins what is said of a source that is asked again and again."""


@dataclass(frozen=True)
class SourceRow:
    """One connection."""

    name: str
    state: str
    """FRESH, STALE, LOST, UNKNOWN, or a word of its own (`waits`, `held`, `none`)."""
    mark: Mark
    age: float | None = None
    """Seconds since it gave a sign of life."""
    latency: float | None = None
    says: str = ""
    """What it gives: `12 objects`, `4 checks ok`, where it is."""
    error: str = ""
    """The last thing that was wrong, also when that is over."""
    error_at: datetime | None = None
    retry: str = ""
    """How it is asked, and when again after a failure."""
    place: str = ""
    """Address, file or process."""


def sources_table(state: ConsoleState) -> Table:
    """All of them; what a person opened this screen for stands first: what is not fresh."""
    rows = source_rows(state)
    bad = sum(1 for row in rows if row.mark in (Mark.UNKNOWN, Mark.BROKEN))
    note = f"{plural(bad, 'source')} not to be trusted now" if bad else "all fresh"
    return Table(COLUMNS, tuple(_row(row) for row in rows), len(rows), note)


def source_rows(state: ConsoleState) -> tuple[SourceRow, ...]:
    """In the order in which they depend on each other."""
    snapshot = state.snapshot
    if snapshot is None:
        return (
            SourceRow(
                "Kubernetes API", "UNKNOWN", Mark.UNKNOWN, says=f"connecting to {state.connecting}", error=state.trouble.get("desk", "")
            ),
        )
    watched = [_kind(kind, snapshot, state) for kind in KINDS]
    asked = [_probes(target, snapshot, state) for target in _targets(state)]
    figures = [_metrics(snapshot, state)] if state.environment and state.environment.prometheus else []
    return (_link(snapshot, state), *watched, *asked, *figures, *_rest(state))


def about_source(row: SourceRow, state: ConsoleState) -> tuple[Said, ...]:
    """What does not fit a row: address, retry, the whole of the last error."""
    lines = [Said("", row.mark, f"{row.state}{f', {row.says}' if row.says else ''}")]
    lines += [Said("", None, row.place, "dim")] if row.place else []
    lines += [Said("", None, row.retry)] if row.retry else []
    if row.error:
        when = f" at {clock(row.error_at, state.zone, seconds=True)}" if row.error_at else ""
        lines.append(Said("", Mark.BROKEN, f"last error{when}: {row.error}"))
    elif row.state in ("FRESH", "STALE"):
        lines.append(Said("", None, "no error since this console was opened", "dim"))
    return tuple(lines)


def _row(row: SourceRow) -> Row:
    tone: Tone = "plain" if row.mark in (Mark.WELL, Mark.OFF, Mark.RUNNING) else row.mark.tone
    cells: tuple[Line, ...] = (
        (Span(row.mark.glyph, row.mark.tone),),
        (span(row.name),),
        (span(row.state, tone),),
        (Span("" if row.age is None else whole_duration(row.age), "dim"),),
        (Span("" if row.latency is None else milliseconds(row.latency)),),
        (span(row.says),),
        (span(row.error, "dim" if row.mark is Mark.WELL else "broken"),),
    )
    return Row(row.name, cells)


def _link(snapshot: Snapshot, state: ConsoleState) -> SourceRow:
    connections = state.connections
    sent = f"{plural(sum(connections.requests.values()), 'request')} sent" if connections else "answers"
    verbs = ", ".join(f"{verb} {count}" for verb, count in sorted(connections.requests.items())) if connections else ""
    place = connections.server if connections else state.connecting
    retry = f"{ASKED} every 2s whether it lives, without limit" + (f". Sent: {verbs}" if verbs else "")
    return _watched("Kubernetes API", LINK, snapshot, state, latency=snapshot.link.latency, says=sent, retry=retry, place=place)


def _kind(kind: Kind, snapshot: Snapshot, state: ConsoleState) -> SourceRow:
    count = _count(kind, snapshot.world)
    refused = snapshot.world is not None and kind in snapshot.world.unread
    says = "may not be listed" if refused else "" if count is None else plural(count, "object")
    retry = "watched; lists again after a pause of 0.2s to 5s" + (", up to 30s while it is refused" if refused else "")
    return _watched(_plural(kind), kind, snapshot, state, says=says, retry=retry)


def _probes(target: SlotName, snapshot: Snapshot, state: ConsoleState) -> SourceRow:
    environment = state.environment
    name = "health, users' entry" if target == LIVE else f"health, {target}"
    every = limit(environment.health.every) if environment else "?"
    tallies = list(snapshot.probes.get(target, {}).values())
    retry = f"{ASKED} every {every}, each within {limit(environment.health.timeout) if environment else '?'}"
    idle = state.derived is not None and target != LIVE and state.derived.slots[target].empty
    if idle or not tallies:
        says = "nothing to ask: no pods" if idle else "not asked yet"
        return SourceRow(name, "none" if idle else "UNKNOWN", Mark.OFF if idle else Mark.UNKNOWN, says=says, retry=retry)
    failing = [t for t in tallies if t.ok is False]
    well = sum(1 for t in tallies if t.ok)
    worst = max(failing, key=lambda t: t.failed) if failing else None
    latency = max((t.latest.latency for t in tallies if t.latest.latency is not None), default=None)
    source = snapshot.of(PROBES)
    newest = max((t.latest.at for t in tallies if t.latest.at), default=source.at)
    error = f"{worst.latest.component} {worst.latest.check}: {worst.latest.detail or worst.latest.label}" if worst else source.reason
    mark = Mark.UNKNOWN if source.state in ("LOST", "UNKNOWN") else Mark.BROKEN if failing else Mark.WELL
    places = ", ".join(
        dict.fromkeys(t.latest.url or (f"pod {t.latest.pod}, through the API server" if t.latest.pod else "") for t in tallies)
    )
    return SourceRow(
        name,
        source.state,
        mark,
        None if newest is None else max(0.0, state.seconds_since(newest)),
        latency,
        f"{well} of {plural(len(tallies), 'check')} ok",
        error,
        worst.since if worst else None,
        retry,
        places.strip(", "),
    )


def _metrics(snapshot: Snapshot, state: ConsoleState) -> SourceRow:
    environment = state.environment
    assert environment is not None
    retry = f"{ASKED} every {limit(environment.metrics.every)}, and every 2s whether it answers at all"
    readings = [r for metrics in snapshot.metrics.values() for r in metrics.readings.values()]
    says = f"{sum(1 for r in readings if r.value is not None)} of {plural(len(readings), 'figure')}" if readings else ""
    return _watched("Prometheus", METRICS, snapshot, state, says=says, retry=retry, place=environment.prometheus)


def _rest(state: ConsoleState) -> Iterable[SourceRow]:
    connections = state.connections
    if connections is None:
        says = state.trouble.get("connections") or state.trouble.get("desk") or "being looked at"
        yield SourceRow("journal, runner, lease", "UNKNOWN", Mark.UNKNOWN, says=says)
        return
    age = max(0.0, state.seconds_since(connections.at))
    yield _journal(connections, state, age)
    ended = bool(connections.runner_trouble)
    waits = connections.runner.startswith("waits")
    runner_state = "LOST" if ended else "waits" if waits else "none"
    runner_mark = Mark.BROKEN if ended else Mark.WELL if waits else Mark.OFF
    retry = "kept waiting, so that a run starts at once; a run that is on has a process of its own"
    yield SourceRow("runner", runner_state, runner_mark, age, says=connections.runner, error=connections.runner_trouble, retry=retry)
    yield _lease(connections.lease, state)
    if state.connected and state.runbooks:
        yield _way_back(state)


def _journal(connections: Connections, state: ConsoleState, age: float) -> SourceRow:
    trouble = connections.journal_trouble or state.trouble.get("runs", "") or state.trouble.get("journal", "")
    head = connections.journal_head
    says = plural(head, "entry", "entries") if head is not None else "cannot be read"
    mark = Mark.BROKEN if trouble else Mark.WELL
    retry = "followed as it grows; after a failure again within 1s to 15s. Going back to a warm slot needs no journal"
    return SourceRow("journal", "LOST" if trouble else "FRESH", mark, age, says=says, error=trouble, retry=retry, place=connections.journal)


def _lease(lease: LeaseSeen | None, state: ConsoleState) -> SourceRow:
    retry = "read every 10s while somebody looks at this screen"
    if lease is None:
        return SourceRow("lease", "none", Mark.OFF, says="nobody ever drove here", retry=retry)
    if lease.trouble:
        return SourceRow("lease", "UNKNOWN", Mark.UNKNOWN, says="who drives is not known", error=lease.trouble, retry=retry)
    if not lease.holder:
        return SourceRow("lease", "free", Mark.OFF, says=f"nobody drives (epoch {lease.epoch})", retry=retry)
    holder = lease.holder.partition("/")[0]
    run = f", run {lease.run.partition('@')[0]}" if lease.run else ""
    age = max(0.0, (state.server_now - lease.renewed_at).total_seconds()) if lease.renewed_at else None
    return SourceRow("lease", "held", Mark.RUNNING, age, says=f"{holder}{run}, epoch {lease.epoch}", retry=retry, place=lease.holder)


def _way_back(state: ConsoleState) -> SourceRow:
    made = state.readiness
    retry = "planned again after each change that matters to it, and every 15s; rights are asked every 90s"
    if made is None:
        trouble = state.trouble.get("way back", "")
        return SourceRow("way back", "UNKNOWN", Mark.UNKNOWN, says="not planned yet", error=trouble, retry=retry)
    age = max(0.0, state.seconds_since(made.checked_at))
    where = f"to {made.slot} {made.release}".rstrip() if made.slot else "nothing to go back to"
    bad = made.problem or "; ".join(made.blocked)
    mark = Mark.BROKEN if made.blocked else Mark.UNKNOWN if made.problem else Mark.WELL if made.slot else Mark.OFF
    word = "blocked" if made.blocked else "UNKNOWN" if made.problem else "FRESH"
    return SourceRow("way back", word, mark, age, says=where, error=bad, retry=retry)


def _watched(
    name: str,
    source: str,
    snapshot: Snapshot,
    state: ConsoleState,
    *,
    says: str,
    retry: str,
    latency: float | None = None,
    place: str = "",
) -> SourceRow:
    found, kept = snapshot.of(source), snapshot.sources.get(source)
    error = (kept.failure if kept else "") or found.reason
    return SourceRow(
        name,
        found.state,
        _mark(found),
        found.age(state.now),
        latency if found.state == "FRESH" else None,
        says,
        "" if error == "not asked yet" else error,
        kept.failed_at if kept else None,
        retry,
        place,
    )


def _mark(found: Freshness) -> Mark:
    return {"FRESH": Mark.WELL, "STALE": Mark.PARTLY, "LOST": Mark.UNKNOWN, "UNKNOWN": Mark.UNKNOWN}[found.state]


def _targets(state: ConsoleState) -> tuple[SlotName, ...]:
    environment = state.environment
    if environment is None or not environment.health.checks:
        return ()
    return (LIVE, *environment.slots) if environment.urls.live else environment.slots


def _plural(kind: Kind) -> str:
    return {"HorizontalPodAutoscaler": "Autoscalers", "ResourceQuota": "Quotas", "ConfigMap": "Records (ConfigMaps)"}.get(kind, kind + "s")


def _count(kind: Kind, world: World | None) -> int | None:
    if world is None:
        return None
    found = {
        "Deployment": world.deployments,
        "ReplicaSet": world.replica_sets,
        "Pod": world.pods,
        "Service": world.services,
        "EndpointSlice": world.slices,
        "Event": world.events,
        "HorizontalPodAutoscaler": world.autoscalers,
        "ResourceQuota": world.quotas,
        "ConfigMap": world.records,
    }
    return len(found[kind])
