"""The phases of a checklist, its items, and what can be started or gone on with."""

from __future__ import annotations

from dataclasses import dataclass

from console.domain.views.checklist import ChecklistView, ItemRow, PhaseView, Start
from console.domain.views.lines import Line, Span, clip, column, joined, span, spread, width_of, wrapped
from console.domain.views.words import cells


@dataclass(frozen=True)
class HeadView:
    """The line above everything."""

    title: str
    glyph: Span
    status: str


def paint_checklist_head(view: HeadView, width: int, height: int) -> tuple[Line, ...]:
    """One line where title and status fit, else two."""
    title: Line = (Span(" "), span(view.title, "strong"))
    status: Line = (view.glyph, span(f" {view.status} "))
    if width_of(title) + width_of(status) + 2 <= width:
        return (spread(title, status, width),)
    return (clip(title, width), clip((Span(" "), *status), width))


def paint_phases(phases: tuple[PhaseView, ...], width: int, height: int) -> tuple[Line, ...]:
    """`✔ pre-migration 5 of 5 ▪ ▶ execution 2 of 5 ▪ · post-migration 0 of 5`."""
    if not phases:
        return ()
    parts = [(Span(phase.mark.glyph, phase.mark.tone), span(f" {phase.text}")) for phase in phases]
    return (clip((Span(" "), *joined(parts)), width),)


def paint_items(view: ChecklistView, width: int, height: int) -> tuple[Line, ...]:
    """One line each; the first item of a phase names it at the right."""
    if not view.rows:
        return ()
    wide = width >= 100
    title = min(max(cells(row.title) for row in view.rows), 44 if wide else 34) + 2
    found = []
    before = ""
    for row in view.rows:
        found.append(_item(row, width, title=title, phase=row.phase if row.phase != before else ""))
        before = row.phase
    return tuple(found)


def paint_summary(view: ChecklistView, width: int, height: int) -> tuple[Line, ...]:
    """What was skipped first, then how it ended."""
    lines: list[Line] = []
    for said in view.summary:
        glyph: Line = (Span(" "), Span(f"{said.mark.glyph} ", said.mark.tone)) if said.mark else (Span(" "),)
        for number, row in enumerate(wrapped(said.text, width - 3, tone=said.tone)):
            lines.append((*(glyph if number == 0 else (Span("   "),)), *row))
    return tuple(lines[:6])


def paint_starts(rows: tuple[Start, ...], width: int, height: int) -> tuple[Line, ...]:
    if not rows:
        return ((span(" no runbook has phases: write `phase:` at the steps of one", "dim"),),)
    name = min(max(cells(row.title) for row in rows), 30) + 2
    return tuple((Span(f" {r.mark.glyph} ", r.mark.tone), column(r.title, name, "strong"), *_rest(r.text, width - name - 3)) for r in rows)


def _rest(text: str, width: int) -> Line:
    return clip((span(text),), max(0, width))


def _item(row: ItemRow, width: int, *, title: int, phase: str) -> Line:
    head: Line = (Span(f" {row.mark.glyph}", row.mark.tone), Span(f" {row.number:>2}  ", "dim"), column(row.title, title, row.tone))
    end: Line = (span(f" {phase} ", "dim"),) if phase else (Span(" "),)
    return spread(
        (*head, *clip((span(row.text, "dim" if row.tone == "dim" else "plain"),), width - width_of(head) - width_of(end))), end, width
    )
