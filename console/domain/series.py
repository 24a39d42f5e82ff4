"""What a metrics query said, classified: a number, no data, an error of the source, or a number that is too old.

No data is never zero and never OK; an error never counts as a breach (SAFETY 2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from console.domain.ids import SlotName

ReadingState = Literal["ok", "no_data", "source_error", "stale"]
Figure = Literal["requests", "errors", "p95", "samples"]
FIGURES: tuple[Figure, ...] = ("requests", "errors", "p95", "samples")
"""Requests per second; share of failed requests, 0 to 1; 95th percentile in seconds; requests in the window."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One figure at one moment."""

    value: float | None
    """Finite; None unless `state` is `ok` or `stale`."""
    state: ReadingState
    detail: str = ""
    """Why it is not `ok`: `no such series`, `HTTP 503`, `sample is 42 s old`."""
    at: datetime | None = None
    """Time of the sample, by the metrics server's clock."""


NOT_ASKED = Reading(None, "no_data", "no query is configured")


@dataclass(frozen=True, slots=True)
class Point:
    at: datetime
    value: float | None
    """None: there was no usable sample at this time."""


@dataclass(frozen=True, slots=True)
class History:
    """One figure over a time, oldest first, one point per step: gaps are points without a value."""

    points: tuple[Point, ...]
    state: ReadingState
    detail: str = ""


@dataclass(frozen=True)
class SlotMetrics:
    """The figures of one slot."""

    readings: Mapping[Figure, Reading] = field(default_factory=dict)
    recent: Mapping[Figure, tuple[Point, ...]] = field(default_factory=dict)
    """The last readings, oldest first, for sparklines; at most `RECENT` of each."""


RECENT = 120

Metrics = Mapping[SlotName, SlotMetrics]


def followed_by(before: SlotMetrics, readings: Mapping[Figure, Reading]) -> SlotMetrics:
    """The slot's figures after a newer set of readings; a sample that was seen before is not added again."""
    recent = dict(before.recent)
    for figure, reading in readings.items():
        known = recent.get(figure, ())
        if reading.at is not None and (not known or reading.at > known[-1].at):
            recent[figure] = (*known, Point(reading.at, reading.value))[-RECENT:]
    return SlotMetrics(readings, recent)
