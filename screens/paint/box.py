"""Boxes with a title at the left and a word at the right of their upper edge, and curves of block characters."""

from __future__ import annotations

from collections.abc import Iterable

from console.domain.views.lines import Line, Span, clip, spread, width_of
from console.domain.views.marks import Tone

BARS = "▁▂▃▄▅▆▇█"


def boxed(title: Line, right: Line, lines: Iterable[Line], width: int, *, rows: int) -> tuple[Line, ...]:
    """A box `width` cells wide around exactly `rows` lines; the right word goes before the title is cut."""
    inside = width - 4
    content = list(lines)[:rows]
    content += [()] * (rows - len(content))
    return (_top(title, right, width), *(_row(line, inside) for line in content), (Span("└" + "─" * (width - 2) + "┘", "dim"),))


def curve(values: tuple[float | None, ...], width: int) -> str:
    """The newest `width` values as bars; a gap is a space."""
    shown = values[-width:] if width > 0 else ()
    return "".join(" " if v is None else BARS[min(len(BARS) - 1, max(0, int(v * len(BARS))))] for v in shown).rjust(width if shown else 0)


def _top(title: Line, right: Line, width: int) -> Line:
    room = width - 4
    if right and width_of(title) + width_of(right) + 3 > room:
        right = clip(right, max(0, room - width_of(title) - 3)) if room - width_of(title) > 8 else ()
    title = clip(title, room)
    end: Line = (Span(" ", "dim"), *right, Span(" ┐", "dim")) if right else (Span("┐", "dim"),)
    dashes = width - 2 - width_of(title) - 1 - width_of(end)
    return (Span("┌ ", "dim"), *title, Span(" " + "─" * dashes, "dim"), *end)


def _row(line: Line, inside: int) -> Line:
    return (Span("│ ", "dim"), *spread(line, (), inside), Span(" │", "dim"))


def tone_of_hue(hue: int) -> Tone:
    return "slot-1" if hue == 1 else "slot-2"
