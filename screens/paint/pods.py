"""One pod in full: a label, a mark and a wrapped sentence for each fact."""

from __future__ import annotations

from console.domain.views.lines import Line, Span, column, wrapped
from console.domain.views.pod_detail import DetailLine, PodDetail

LABEL = 10
"""Cells of what a line is about."""


def paint_detail(view: PodDetail, width: int, height: int) -> tuple[Line, ...]:
    return tuple(row for line in view.lines for row in _line(line, width))


def _line(line: DetailLine, width: int) -> tuple[Line, ...]:
    head: Line = (
        column(line.label, LABEL, "dim"),
        Span(f"{line.mark.glyph} " if line.mark else "  ", line.mark.tone if line.mark else "dim"),
    )
    rows = wrapped(line.text, max(20, width - LABEL - 2), tone=line.tone)
    return tuple((*(head if n == 0 else (Span(" " * (LABEL + 2)),)), *row) for n, row in enumerate(rows))
