"""The slots side by side: the same rows in each, so that the eye compares along a line."""

from __future__ import annotations

from dataclasses import dataclass

from console.domain.views.figures import FigureRow
from console.domain.views.lines import Line, Span, clip, column, elided, joined, span, width_of
from console.domain.views.marks import Mark, Tone
from console.domain.views.slot import ComponentRow, ProbeCell, ProbeRow, SlotView
from console.domain.views.words import cells
from screens.paint.box import boxed, curve, tone_of_hue

WIDE = 50
"""Inner cells from which a column has sparklines."""


VALUE = 13
"""Cells of a figure's value beside its curve."""
SHORTEST = 8
"""Cells below which a curve says nothing."""


@dataclass(frozen=True)
class SlotsView:
    slots: tuple[SlotView, ...]
    most_components: int
    """Component rows a column may have; the worst are shown, the rest counted."""


def paint_slots(view: SlotsView, width: int, height: int) -> tuple[Line, ...]:
    """All columns, each a box; equally high."""
    if not view.slots:
        return ()
    share = width // len(view.slots)
    widths = [share] * (len(view.slots) - 1) + [width - share * (len(view.slots) - 1)]
    bodies = [_column(slot, w - 4, view.most_components) for slot, w in zip(view.slots, widths, strict=True)]
    rows = max(len(body) for body in bodies)
    boxes = [boxed(_title(s), _release(s), b, w, rows=rows) for s, b, w in zip(view.slots, bodies, widths, strict=True)]
    return tuple(sum(parts, ()) for parts in zip(*boxes, strict=True))


def _title(slot: SlotView) -> Line:
    name = Span(slot.slot.upper(), tone_of_hue(slot.hue))
    loud = ("SPLIT", "UNKNOWN", "STALE", "LOST")
    words: list[Line] = [(span(word, "alarm" if word.startswith(loud) else "plain"),) for word in slot.words]
    return joined([(name,), *words])


def _release(slot: SlotView) -> Line:
    return (elided(slot.release, 24, "strong"),) if slot.release else ()


def _column(slot: SlotView, inside: int, most: int) -> list[Line]:
    names = [c.name for c in slot.components]
    label = max(9, min(16, max(map(cells, names), default=0))) + 1
    lines = [line for row in _shown(slot.components, most) for line in _component(row, label, inside)]
    if hidden := slot.components[most:]:
        lines.append((Span(" " * label), span(f"and {len(hidden)} more", "dim")))
    lines.append(_health(slot.probes, label, inside))
    lines += [_figure(row, label, inside) for row in slot.figures]
    return lines


def _shown(components: tuple[ComponentRow, ...], most: int) -> tuple[ComponentRow, ...]:
    """As configured while all fit; else those in trouble first."""
    if len(components) <= most:
        return components
    order = (Mark.BROKEN, Mark.UNKNOWN, Mark.PARTLY, Mark.OFF, Mark.WELL)
    worst = sorted(components, key=lambda c: order.index(c.mark))[:most]
    return tuple(c for c in components if c in worst)


def _component(row: ComponentRow, label: int, inside: int) -> list[Line]:
    ready = row.ready if inside >= WIDE or not row.cause else row.ready.removesuffix(" ready")
    head: Line = (column(row.name, label), Span(row.mark.glyph, row.mark.tone), span(f" {ready}", row.tone))
    if inside >= WIDE:
        tail: Line = (column(row.restarts, 13, row.tone), elided(row.cause, inside - label - 28, row.tone))
        lines: list[Line] = [(*head, Span(" " * max(2, label + 14 - width_of(head))), *tail)]
    else:
        lines = [(*head, Span("  "), _narrow_rest(row, inside - width_of(head) - 2))]
    return lines + [(Span(" " * label), span(g, "dim")) for g in row.generations]


def _narrow_rest(row: ComponentRow, room: int) -> Span:
    """What is wrong comes first, and alone where both do not fit."""
    parts = (row.restarts, row.cause) if row.mark is Mark.WELL else (row.cause, row.restarts)
    both = "  ".join(part for part in parts if part)
    return elided(both if cells(both) <= room else next((p for p in parts if p), ""), room, row.tone)


def _health(row: ProbeRow, label: int, inside: int) -> Line:
    head = column("health", label)
    if not row.cells:
        return (head, elided(row.note, inside - label, row.tone))
    room = inside - label
    age: Line = (Span(f"{row.note}  ", "dim"),) if row.note else ()
    for attempt in (_every_latency, _first_latency, _names_only, _counted):
        line = (*age, *attempt(row.cells))
        if width_of(line) <= room:
            return (head, *line)
    return (head, *age, *_counted(row.cells))


def _cell(cell: ProbeCell, *, words: bool) -> Line:
    failing = cell.mark is not Mark.WELL
    text = f"{cell.check} {cell.text}" if words or failing else cell.check
    return (Span(cell.mark.glyph, cell.mark.tone), span(" " + text))


def _spaced(parts: list[Line]) -> Line:
    return joined(parts, "  ")


def _every_latency(cells_: tuple[ProbeCell, ...]) -> Line:
    return _spaced([_cell(c, words=True) for c in cells_])


def _first_latency(cells_: tuple[ProbeCell, ...]) -> Line:
    return _spaced([_cell(c, words=n == 0) for n, c in enumerate(cells_)])


def _names_only(cells_: tuple[ProbeCell, ...]) -> Line:
    return _spaced([_cell(c, words=False) for c in cells_])


def _counted(cells_: tuple[ProbeCell, ...]) -> Line:
    """`✗ database 503, 4 in a row (12s), 3 ok` or `● 4 ok, 42 ms`."""
    worst = cells_[0]
    well = sum(1 for c in cells_ if c.mark is Mark.WELL)
    if worst.mark is Mark.WELL:
        return (Span(worst.mark.glyph, worst.mark.tone), span(f" {well} checks ok, {worst.text}"))
    bad = len(cells_) - well
    more = f", {bad - 1} more" if bad > 1 else ""
    return (
        Span(worst.mark.glyph, worst.mark.tone),
        span(f" {worst.check} {worst.text}{more}"),
        span(f", {well} ok" if well else "", "dim"),
    )


def _figure(row: FigureRow, label: int, inside: int) -> Line:
    """Value first; where it is narrow, its age goes before its difference, and that before the limit."""
    head: Line = (column(row.name, label),)
    room = inside - label
    if row.why and (inside < WIDE or not row.curve):
        return (*head, *clip((span(f"{row.value} ({row.why})", row.tone),), room))
    if inside >= WIDE and row.curve:
        return (*head, *_with_curve(row, room))
    value = span(row.value, row.tone)
    for note, tone in _notes(row):
        gap = room - cells(value.text) - cells(note)
        if gap >= 2:
            return (*head, value, Span(" " * min(gap, max(2, 10 - cells(value.text)))), span(note, tone))
    return (*head, elided(row.value, room, row.tone))


def _with_curve(row: FigureRow, room: int) -> Line:
    """Value, curve, and as much beside it as leaves the curve a width that can be read."""
    whole = "  ".join(p for p in (_delta(row), row.limit) if p)
    note = row.age or (whole if room - VALUE - cells(whole) - 2 >= SHORTEST else _delta(row) or row.limit)
    tone: Tone = "alarm" if row.age else "dim"
    bars = curve(row.curve, max(0, min(24, room - VALUE - max(cells(note), 16) - 2)))
    return (column(row.value, VALUE, row.tone), span(bars, row.tone if row.tone == "broken" else "dim"), Span("  "), span(note, tone))


def _notes(row: FigureRow) -> list[tuple[str, Tone]]:
    """What may stand beside a value, the most telling first."""
    if row.age:
        return [(row.age, "alarm")]
    return [(note, "dim") for note in (_delta(row), _delta(row).partition(",")[0].replace("(", ""), row.limit) if note]


def _delta(row: FigureRow) -> str:
    return f"({row.delta})" if row.delta else ""
