"""Charts of braille dots: one line for a slot, the other dotted, so that they differ without colour; limits and runs as lines."""

from __future__ import annotations

from dataclasses import dataclass

from console.domain.views.charts import Chart, ChartsView, Curve
from console.domain.views.lines import BLANK, Line, Span, clip, joined, span, spread
from console.domain.views.marks import Tone
from screens.paint.box import tone_of_hue

GUTTER = 9
"""Cells of the scale at the left."""
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""Bits of a braille cell: left and right column, top to bottom."""
LEAST = 3
"""Rows that a chart keeps."""


@dataclass
class _Cell:
    bits: int = 0
    tone: Tone = "plain"


def paint_charts(view: ChartsView, width: int, height: int) -> tuple[Line, ...]:
    """All charts below each other, then the times, then the runs; as high as there is room."""
    head = spread((Span(" "), span(view.title, "strong")), (span(f"{view.standing} ", "waiting"),) if view.standing else (), width)
    if view.note:
        return (head, BLANK, clip((Span(" "), span(view.note, "dim")), width))
    below = _below(view, width)
    room = max(LEAST + 1, (height - 1 - len(below)) // max(1, len(view.charts)))
    charts = [line for chart in view.charts for line in _chart(chart, view, width, room)]
    return (head, *charts, *below)


def _chart(chart: Chart, view: ChartsView, width: int, rows: int) -> list[Line]:
    names: list[Line] = [
        (Span(f"{curve.slot} ", tone_of_hue(curve.hue)), span(f"{'⠉⠉' if n == 0 else '⠁⠁'} {curve.newest}"))
        for n, curve in enumerate(chart.curves)
    ]
    right: Line = (span(chart.limit_text + " ", "dim"),) if chart.limit_text else ()
    title = spread((Span(" "), span(chart.figure.ljust(GUTTER), "strong"), *joined(names, "   ")), right, width)
    return [title, *_plot(chart, view, width - GUTTER - 1, rows - 1)]


def _plot(chart: Chart, view: ChartsView, width: int, rows: int) -> list[Line]:
    cells = [[_Cell() for _ in range(width)] for _ in range(rows)]
    for number, curve in enumerate(chart.curves):
        _draw(cells, curve, chart.top, dotted=number > 0)
    limit = _row_of(chart.limit, chart.top, rows) if chart.limit else None
    marks = {min(width - 1, int(run.place * (width - 1))) for run in view.runs}
    lines: list[Line] = []
    for y, row in enumerate(cells):
        label = chart.top_text if y == 0 else "0" if y == rows - 1 else ""
        spans: list[Span] = [Span(label.rjust(GUTTER - 1), "dim"), Span("│", "dim")]
        spans += [_span(cell, limit=y == limit, mark=x in marks) for x, cell in enumerate(row)]
        lines.append(_merged(spans))
    return lines


def _span(cell: _Cell, *, limit: bool, mark: bool) -> Span:
    if cell.bits:
        return Span(chr(0x2800 + cell.bits), cell.tone)
    if mark:
        return Span("┊", "running")
    return Span("╌", "dim") if limit else Span(" ")


def _draw(cells: list[list[_Cell]], curve: Curve, top: float, *, dotted: bool) -> None:
    """One line through the values; where two of them are far apart the dots between are drawn, across a gap none are."""
    rows, columns = len(cells) * 4, len(cells[0]) * 2
    before: int | None = None
    for x, value in enumerate(fitted(curve.values, columns)):
        if value is None:
            before = None
            continue
        y = rows - 1 - round(min(1.0, value / top) * (rows - 1))
        if not (dotted and x % 2):
            step = 0 if before is None or dotted else before - y
            for dot in range(min(y, y + step), max(y, y + step) + 1) if step else (y,):
                cell = cells[dot // 4][x // 2]
                cell.bits |= _DOTS[x % 2][dot % 4]
                cell.tone = tone_of_hue(curve.hue)
        before = y


def fitted(values: tuple[float | None, ...], columns: int) -> list[float | None]:
    """One value a column: of several the highest, so that no spike is lost; none where all are gaps."""
    if not values:
        return [None] * columns
    found: list[float | None] = []
    for x in range(columns):
        first = x * len(values) // columns
        several = [v for v in values[first : max(first + 1, (x + 1) * len(values) // columns)] if v is not None]
        found.append(max(several) if several else None)
    return found


def _row_of(value: float, top: float, rows: int) -> int:
    return (rows * 4 - 1 - round(min(1.0, value / top) * (rows * 4 - 1))) // 4


def _below(view: ChartsView, width: int) -> list[Line]:
    """The times, and the runs with number and outcome."""
    inside = width - GUTTER - 1
    times = _placed([(place, text, "dim") for place, text in view.times], inside)
    lines: list[Line] = [(Span(" " * GUTTER), *times)]
    if view.runs:
        marks = _placed([(run.place, f"{run.mark.glyph}{run.number}", run.mark.tone) for run in view.runs], inside)
        words = joined([(Span(f"{run.mark.glyph} ", run.mark.tone), span(run.text)) for run in reversed(view.runs)])
        lines += [(Span("runs".rjust(GUTTER - 1) + " ", "dim"), *marks), clip((Span(" "), *words), width)]
    return lines


def _placed(texts: list[tuple[float, str, Tone]], width: int) -> Line:
    """Texts at their places; one that has no room any more is left out."""
    spans: list[Span] = []
    used = 0
    for place, text, tone in texts:
        start = min(max(0, int(place * (width - 1)) - (len(text) // 2 if 0 < place < 1 else 0)), width - len(text))
        if start < used + (1 if used else 0):
            continue
        spans += [Span(" " * (start - used)), Span(text, tone)]
        used = start + len(text)
    return tuple(spans)


def _merged(spans: list[Span]) -> Line:
    """Neighbours of one tone as one span."""
    found: list[Span] = []
    for each in spans:
        if found and found[-1].tone == each.tone:
            found[-1] = Span(found[-1].text + each.text, each.tone)
        else:
            found.append(each)
    return tuple(found)


def height_of(view: ChartsView, rows: int) -> int:
    """Lines of a page on paper with charts of so many rows."""
    return 1 + len(view.charts) * rows + (3 if view.runs else 1) if not view.note else 3
