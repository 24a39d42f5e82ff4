"""The figures of a slot: requests, errors and p95 with what they were, their limits, and the difference to before the switch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from console.domain.environment import Environment
from console.domain.freshness import Freshness
from console.domain.ids import SlotName
from console.domain.series import NOT_ASKED, Figure, Reading, SlotMetrics
from console.domain.snapshot import Snapshot
from console.domain.views.marks import Tone
from console.domain.views.standing import shown_tone, standing_words
from console.domain.views.words import count, milliseconds, rate, share

SHOWN: tuple[Figure, ...] = ("requests", "errors", "p95")


@dataclass(frozen=True)
class FigureRow:
    name: str
    value: str
    """`212/s`, `0.2 %`, `184 ms`, `no data`, `?`."""
    tone: Tone
    why: str = ""
    """Why there is no value."""
    curve: tuple[float | None, ...] = ()
    """0 to 1 of the scale, oldest first; None is a gap."""
    limit: str = ""
    """`limit 5 %`."""
    delta: str = ""
    """Against the other slot before the switch, with its sample size: `+17 ms, n=3.1k`."""
    age: str = ""
    """`STALE 20s`, `LOST 1m10s`: how old the value is, where it is not fresh."""


@dataclass(frozen=True, slots=True)
class Before:
    """What the figures are compared with: the slot that served until the switch, and when that was."""

    slot: SlotName
    until: datetime | None


def figure_rows(
    environment: Environment, snapshot: Snapshot, slot: SlotName, *, before: Before | None, now: datetime
) -> tuple[FigureRow, ...]:
    """Figures of `slot`; with `before` the deltas to what was before the switch."""
    source = snapshot.of("metrics")
    own = snapshot.metrics.get(slot, SlotMetrics())
    earlier = _until(snapshot.metrics.get(before.slot, SlotMetrics()), before.until) if before else None
    age = standing_words(source, now) if source.state in ("STALE", "LOST") else ""
    return tuple(replace(_row(environment, figure, own, source, earlier), age=age) for figure in SHOWN)


def _until(metrics: SlotMetrics, until: datetime | None) -> SlotMetrics:
    """What was seen before the switch: after it the old slot's last connections tell nothing of how it served."""
    if until is None:
        return metrics
    return SlotMetrics(recent={figure: tuple(p for p in points if p.at <= until) for figure, points in metrics.recent.items()})


def _row(environment: Environment, figure: Figure, own: SlotMetrics, source: Freshness, earlier: SlotMetrics | None) -> FigureRow:
    reading = own.readings.get(figure, NOT_ASKED)
    allowed = environment.limits.get(figure)
    text, tone = _value(figure, reading, source, allowed)
    why = "" if reading.value is not None else source.reason or reading.detail
    points = tuple(point.value for point in own.recent.get(figure, ()))
    return FigureRow(
        name=figure,
        value=text,
        tone=tone,
        why=why,
        curve=_curve(points, allowed) if source.state != "UNKNOWN" else (),
        limit=f"limit {figure_text(figure, allowed)}" if allowed is not None else "",
        delta=_delta(figure, reading, own, earlier) if source.state == "FRESH" else "",
    )


def _value(figure: Figure, reading: Reading, source: Freshness, allowed: float | None) -> tuple[str, Tone]:
    if source.state == "UNKNOWN" or (source.state == "LOST" and reading.value is None):
        return "?", "unknown"
    if reading.value is None:
        return ("no data", "dim") if reading.state == "no_data" else ("? failed", "unknown")
    text = figure_text(figure, reading.value)
    if reading.state == "stale":
        return f"{text} STALE", "dim"
    if allowed is not None and reading.value > allowed:
        return f"{text} over", shown_tone(source, "broken")
    return text, shown_tone(source)


def figure_text(figure: Figure, value: float) -> str:
    """The value with its unit."""
    match figure:
        case "requests":
            return rate(value)
        case "errors":
            return share(value)
        case "p95":
            return milliseconds(value)
        case "samples":
            return count(value)


def _curve(points: tuple[float | None, ...], allowed: float | None) -> tuple[float | None, ...]:
    highest = max((p for p in points if p is not None), default=0.0)
    top = max(highest, allowed or 0.0)
    return tuple(None if p is None else (p / top if top else 0.0) for p in points)


def _delta(figure: Figure, reading: Reading, own: SlotMetrics, earlier: SlotMetrics | None) -> str:
    if earlier is None or figure == "requests" or reading.value is None or reading.state != "ok":
        return ""
    before = next((p.value for p in reversed(earlier.recent.get(figure, ())) if p.value is not None), None)
    samples = own.readings.get("samples", NOT_ASKED).value
    if before is None or not samples:
        return ""
    change = reading.value - before
    sign = "+" if change >= 0 else "-"
    return f"{sign}{figure_text(figure, abs(change))}, n={count(samples)}"
