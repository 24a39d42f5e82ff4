"""The steps of a run and what is said of the chosen one; the targets of a rollback and what they would do."""

from __future__ import annotations

from console.domain.views.lines import Line, Span, chopped, clip, column, span, spread, width_of, wrapped
from console.domain.views.marks import Tone
from console.domain.views.rollback import RollbackView, TargetRow
from console.domain.views.run import RunView, Said, StepRow
from console.domain.views.words import cells

WIDE = 100
"""Columns from which a step shows its usual time beside what it took."""


def paint_head(view: RunView, width: int, height: int) -> tuple[Line, ...]:
    """One line where title and status fit, else two."""
    title: Line = (Span(" "), span(view.title, "strong"))
    status: Line = (Span(view.mark.glyph, view.mark.tone), span(f" {view.status} "))
    if width_of(title) + width_of(status) + 2 <= width:
        return (spread(title, status, width),)
    return (clip(title, width), clip((Span(" "), *status), width))


def paint_steps(view: RunView, width: int, height: int) -> tuple[Line, ...]:
    """One line each: mark, number, title, text, elapsed and usual time; where it is narrow one of the two times."""
    if not view.rows:
        return ()
    wide = width >= WIDE
    title = min(max(cells(row.title) for row in view.rows), 44 if wide else 30) + 2
    timing = min(max(cells(row.timing) for row in view.rows), 24)
    return tuple(_step(row, width, title=title, timing=max(timing, 14) if wide else 0) for row in view.rows)


def paint_summary(view: RunView, width: int, height: int) -> tuple[Line, ...]:
    """Totals of a plan, the question that waits, or how it ended; then warnings."""
    lines: list[Line] = []
    if view.summary:
        glyph: Line = (Span(view.summary_mark.glyph + " ", view.summary_mark.tone),) if view.summary_mark else ()
        rows = wrapped(view.summary, width - 1 - width_of(glyph))
        lines += [(Span(" "), *(glyph if n == 0 else (Span(" " * width_of(glyph)),)), *row) for n, row in enumerate(rows)]
    for warning in view.warnings:
        lines += [(Span(" "), *row) for row in wrapped(f"‖ {warning}", width - 1, tone="waiting", indent=2)]
    return tuple(lines[:4])


def paint_said(lines: tuple[Said, ...], width: int, height: int) -> tuple[Line, ...]:
    """Sentences, wrapped; commands are not cut, so that they can be read whole."""
    return tuple(row for line in lines for row in _said(line, width))


def paint_targets(view: RollbackView, width: int, height: int) -> tuple[Line, ...]:
    if not view.rows:
        return ((span(f" {view.note}", "dim"),),)
    name = min(max(cells(row.name) for row in view.rows), 32) + 2
    return tuple(_target(row, name, width) for row in view.rows)


def paint_users(view: RollbackView, width: int, height: int) -> tuple[Line, ...]:
    """Where users are now, and how old that is."""
    note: Line = (span(view.note, "waiting"), Span(" ")) if view.rows and view.note else ()
    head: Line = (Span(" "), span(view.users, "strong"))
    return (spread(head, note, width),) if width_of(head) + width_of(note) < width else (head, clip((Span(" "), *note), width))


def _step(row: StepRow, width: int, *, title: int, timing: int) -> Line:
    """`timing`: cells of a column of its own, where there is room for one."""
    head: Line = (
        Span(f" {row.mark.glyph}", row.mark.tone),
        Span(f" {row.number:>2}  ", "dim"),
        column(row.title, title - 2, row.tone),
        Span("  "),
    )
    took: Tone = "waiting" if row.late else "plain"
    if timing:
        word = " late" if row.late else ""
        ends: Line = (Span((row.elapsed + word).rjust(13), took), Span("  " + row.timing.ljust(timing), "dim"))
    else:
        ends = (Span(row.brief.rjust(12), took if row.elapsed else "dim"),)
    tone: Tone = row.tone if row.tone in ("broken", "dim") else "plain"
    return spread((*head, *clip((span(row.text, tone),), max(0, width - width_of(head) - width_of(ends) - 2))), (*ends, Span(" ")), width)


def _said(line: Said, width: int) -> tuple[Line, ...]:
    if line.verbatim:
        return chopped(line.text, width, tone=line.tone)
    time: Line = (Span(line.time + "  ", "dim"),) if line.time else ()
    glyph: Line = (Span(line.mark.glyph + " ", line.mark.tone),) if line.mark else ()
    start = (*time, *glyph)
    rows = wrapped(line.text, max(20, width - width_of(start)), tone=line.tone)
    blank = Span(" " * width_of(start))
    return tuple((*(start if n == 0 else (blank,)), *row) for n, row in enumerate(rows))


def _target(row: TargetRow, name: int, width: int) -> Line:
    head: Line = (
        Span(f" {row.mark.glyph} ", row.mark.tone),
        column(row.name, name, "strong" if not row.refusal else "dim"),
        column(row.how, 14),
        column(row.time, 14),
    )
    return (*head, *clip((span(row.verdict, row.mark.tone),), width - width_of(head)))
