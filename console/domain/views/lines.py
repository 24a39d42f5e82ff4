"""Lines of toned text that fit a width: what widgets draw and tests read."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from console.domain.views.marks import Mark, Tone
from console.domain.views.words import cells, clean, cut, middle, pad


@dataclass(frozen=True, slots=True)
class Span:
    """Text of one tone; `action` is what a click on it does."""

    text: str
    tone: Tone = "plain"
    action: str = ""


Line = tuple[Span, ...]
BLANK: Line = ()


def span(text: str, tone: Tone = "plain", action: str = "") -> Span:
    """A span of text that may come from outside: control characters are taken out."""
    return Span(clean(text), tone, action)


def marked(mark: Mark, text: str = "", tone: Tone = "plain") -> Line:
    """The mark's glyph in its own tone, then the text."""
    glyph = Span(mark.glyph, mark.tone)
    return (glyph, span(" " + text, tone)) if text else (glyph,)


def width_of(line: Iterable[Span]) -> int:
    """Cells that a line takes."""
    return sum(cells(s.text) for s in line)


def plain(line: Iterable[Span]) -> str:
    """The line's text alone."""
    return "".join(s.text for s in line)


def clip(line: Line, width: int) -> Line:
    """At most `width` cells of a line; what is left out shows as `…`."""
    if width_of(line) <= width:
        return line
    kept: list[Span] = []
    room = width
    for item in line:
        size = cells(item.text)
        if size >= room:
            kept.append(replace(item, text=cut(item.text + "…" if size == room else item.text, room)))
            break
        kept.append(item)
        room -= size
    return tuple(kept)


def spread(left: Line, right: Line, width: int) -> Line:
    """`left` at the left edge and `right` at the right one; where both do not fit, the left gives way."""
    if not right:
        return (*clip(left, width), Span(" " * (width - width_of(clip(left, width)))))
    room = width - width_of(right)
    if room < 1:
        return clip(right, width)
    fitted = clip(left, room - 1)
    return (*fitted, Span(" " * (room - width_of(fitted))), *right)


def column(text: str, width: int, tone: Tone = "plain") -> Span:
    """Text in a column of exactly `width` cells, cut in the middle where it is longer."""
    return Span(pad(clean(text), width), tone)


def pad_span(text: str, width: int, tone: Tone = "plain") -> Span:
    """As `column`, for text that is clean already."""
    return Span(pad(text, width), tone)


def elided(text: str, width: int, tone: Tone = "plain") -> Span:
    """Text of at most `width` cells, cut in the middle."""
    return Span(middle(clean(text), width), tone)


def joined(parts: Sequence[Line], separator: str = " ▪ ") -> Line:
    """Parts with a separator between them; empty parts are left out."""
    joined_spans: list[Span] = []
    for part in parts:
        if not part:
            continue
        if joined_spans:
            joined_spans.append(Span(separator, "dim"))
        joined_spans.extend(part)
    return tuple(joined_spans)


def chopped(text: str, width: int, *, tone: Tone = "plain") -> tuple[Line, ...]:
    """Every line as it is, cut into pieces of `width` characters: nothing is left out, moved or joined."""
    room = max(1, width)
    rows = [clean(row) if row.strip() else "" for row in text.expandtabs(2).splitlines()]
    return tuple((Span(row[start : start + room], tone),) for row in rows for start in range(0, max(1, len(row)), room))


def wrapped(text: str, width: int, *, tone: Tone = "plain", indent: int = 0) -> tuple[Line, ...]:
    """Words of a sentence over as many lines as they need, the second and later ones indented."""
    rows = textwrap.wrap(clean(text), max(width, indent + 8), subsequent_indent=" " * indent, break_on_hyphens=False)
    return tuple((Span(row, tone),) for row in rows)
