"""Everything that is known of one environment at one moment, and how it changes: `reduce(snapshot, seen)`.

Events are reduced in batches: however many came, each kind's objects are copied once. Freshness is judged anew at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never

from console.domain.freshness import UNKNOWN, Freshness, Limits, Source, judge, worse
from console.domain.health import CheckKey, ProbeResult, Tally, tally
from console.domain.ids import SlotName
from console.domain.series import Figure, Reading, SlotMetrics, followed_by
from console.domain.world import KINDS, Deleted, Kind, Listed, Lost, Upserted, WatchEvent, World
from console.domain.world_changes import EMPTY, changed

LINK, PROBES, METRICS = "link", "probes", "metrics"
"""Names of the sources beside the kinds."""
WATCH = "watch"
"""Name for all kinds together, as one piece of code watches them."""

LIVE = SlotName("live")
"""The probe target that is no slot: the real entry point."""


@dataclass(frozen=True, slots=True)
class LinkSeen:
    """One question whether the API server lives."""

    ok: bool
    latency: float | None = None
    """Seconds; None when no answer came."""
    reason: str = ""
    server_time: datetime | None = None
    """The API server's own time."""


@dataclass(frozen=True, slots=True)
class ProbesSeen:
    """One round of health checks of a slot, or of the live entry point (`LIVE`)."""

    target: SlotName
    results: tuple[ProbeResult, ...]


@dataclass(frozen=True, slots=True)
class MetricsSeen:
    """One round of queries; `trouble` says why the metrics server could not be asked, then `readings` may be empty."""

    readings: Mapping[SlotName, Mapping[Figure, Reading]] = field(default_factory=dict)
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class SourceFailed:
    """The code that watches a source ended; `source` is a name as in `Snapshot.freshness`, or `watch` for all kinds."""

    source: str
    reason: str


Observation = WatchEvent | LinkSeen | ProbesSeen | MetricsSeen | SourceFailed


@dataclass(frozen=True, slots=True)
class Seen:
    """An observation and when it came, by this console's clock."""

    at: datetime
    what: Observation


@dataclass(frozen=True)
class Snapshot:
    """Latest values; replaced as a whole."""

    world: World | None = None
    """None until the first list came. A kind without a list is in `world.unread`."""
    freshness: Mapping[str, Freshness] = field(default_factory=dict)
    """By kind, and for `link`, `probes`, `metrics`. Kinds are never fresher than the link."""
    probes: Mapping[SlotName, Mapping[CheckKey, Tally]] = field(default_factory=dict)
    """By slot, and `live` for the entry point."""
    metrics: Mapping[SlotName, SlotMetrics] = field(default_factory=dict)
    link: LinkSeen = LinkSeen(ok=False, reason=UNKNOWN.reason)
    sources: Mapping[str, Source] = field(default_factory=dict)
    """What freshness is judged from."""

    def of(self, source: str) -> Freshness:
        """Freshness of a source, UNKNOWN for one that was never heard of."""
        return self.freshness.get(source, UNKNOWN)

    def of_kinds(self, *kinds: Kind) -> Freshness:
        """The worst freshness of several kinds."""
        found = self.of(LINK)
        for kind in kinds:
            found = worse(found, self.of(kind))
        return found


DEFAULT_LIMITS: Mapping[str, Limits] = {LINK: Limits(3.5, 5.0), PROBES: Limits(15.0, 60.0), METRICS: Limits(15.0, 60.0)}


def reduce(
    snapshot: Snapshot, seen: Iterable[Seen], *, now: datetime, namespace: str, limits: Mapping[str, Limits] = DEFAULT_LIMITS
) -> Snapshot:
    """The snapshot after everything in `seen`, in order, judged at `now`."""
    sources = dict(snapshot.sources)
    events: list[WatchEvent] = []
    probes, metrics, link = dict(snapshot.probes), dict(snapshot.metrics), snapshot.link
    for each in seen:
        match each.what:
            case LinkSeen() as link:
                sources[LINK] = _heard(sources.get(LINK), each.at, "" if link.ok else link.reason)
            case ProbesSeen(target, results):
                probes[target] = tally(probes.get(target, {}), results)
                sources[PROBES] = _heard(sources.get(PROBES), each.at, "")
            case MetricsSeen(readings, trouble):
                metrics |= {slot: followed_by(metrics.get(slot, SlotMetrics()), figures) for slot, figures in readings.items()}
                sources[METRICS] = _heard(sources.get(METRICS), each.at, trouble)
            case SourceFailed(source, reason):
                for name in KINDS if source == WATCH else (source,):
                    sources[name] = _heard(sources.get(name), each.at, reason)
            case Listed() | Upserted() | Deleted() | Lost() as event:
                events.append(event)
                sources[event.kind] = _watched(sources.get(event.kind), each.at, event)
            case _:
                assert_never(each.what)
    world = snapshot.world
    if world is not None or any(_tells(event) for event in events):
        world = changed(world or replace(EMPTY, namespace=namespace), events, at=now) if events else world
    return Snapshot(world, judged(sources, now, limits), probes, metrics, link, sources)


def _tells(event: WatchEvent) -> bool:
    """Whether an event says anything about a kind; before the first that does, there is no world."""
    return not isinstance(event, Lost) or event.forbidden


def judged(sources: Mapping[str, Source], now: datetime, limits: Mapping[str, Limits]) -> dict[str, Freshness]:
    """Freshness of every source that was heard of. A kind lives by its watch, whose silence means nothing while the link is well."""
    link = judge(sources.get(LINK, Source()), now, limits[LINK])
    found = {LINK: link}
    for name, source in sources.items():
        if name in limits and name != LINK:
            found[name] = judge(source, now, limits[name])
        elif name in KINDS:
            found[name] = _kind_freshness(source, link if link.state != "UNKNOWN" else judge(source, now, limits[LINK]))
    return found


def _kind_freshness(source: Source, link: Freshness) -> Freshness:
    if not source.known:
        return Freshness("UNKNOWN", None, source.trouble or UNKNOWN.reason)
    if source.trouble:
        return Freshness("LOST", source.confirmed, source.trouble)
    return Freshness(link.state, link.at, link.reason)


def _heard(before: Source | None, at: datetime, trouble: str) -> Source:
    """A source after a sign of life, or of trouble."""
    known = before or Source()
    if trouble:
        return replace(known, trouble=trouble, failure=trouble, failed_at=at)
    return replace(known, confirmed=at, known=True, trouble="")


def _watched(before: Source | None, at: datetime, event: WatchEvent) -> Source:
    """A kind's source after an event; only a list ends trouble."""
    known = before or Source()
    match event:
        case Listed():
            return replace(known, confirmed=at, known=True, trouble="")
        case Lost(reason=reason, forbidden=forbidden):
            return replace(known, trouble=reason, known=known.known and not forbidden, failure=reason, failed_at=at)
        case Upserted() | Deleted():
            return known if known.trouble else replace(known, confirmed=at)
        case _:
            assert_never(event)
