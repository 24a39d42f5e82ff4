"""How a fact is shown by its freshness: fresh as it is, stale dimmed, lost dimmed and marked `?`, unknown `?` alone."""

from __future__ import annotations

from datetime import datetime

from console.domain.freshness import Freshness
from console.domain.views.marks import Mark, Tone
from console.domain.views.words import whole_duration


def standing_words(freshness: Freshness, now: datetime) -> str:
    """`STALE 4s`, `LOST 12s`, `UNKNOWN`; nothing while fresh."""
    age = freshness.age(now)
    match freshness.state:
        case "FRESH":
            return ""
        case "UNKNOWN":
            return "UNKNOWN"
        case state:
            return state if age is None else f"{state} {whole_duration(age)}"


def shown_mark(mark: Mark, freshness: Freshness) -> Mark:
    """What was well and is not seen any more is not well: it is unknown."""
    return mark if freshness.state in ("FRESH", "STALE") else Mark.UNKNOWN


def shown_tone(freshness: Freshness, tone: Tone = "plain") -> Tone:
    return tone if freshness.state == "FRESH" else "dim"
