"""How a question and its answer line are drawn."""

from __future__ import annotations

from dataclasses import dataclass

from console.domain.change import Difference
from console.domain.views.lines import BLANK, Line, Span, column, span, wrapped
from console.domain.views.marks import Mark, Tone
from console.domain.views.question import QuestionView
from console.domain.views.run import Said
from console.domain.views.words import cells, plural


@dataclass(frozen=True)
class AnswerView:
    """What has been answered so far, and what is missing."""

    question: QuestionView
    typed: str = ""
    armed: bool = False
    notice: str = ""
    """Why the last key did nothing."""


def paint_question(view: QuestionView, width: int, height: int) -> tuple[Line, ...]:
    """Objects, before → after, effects, undo, facts."""
    blocks: list[tuple[Line, ...]] = []
    if view.notice:
        blocks.append(_marked(Mark.WAITING, view.notice, width))
    blocks.append(_differences(view, width))
    blocks.append(tuple(line for text in view.effects for line in wrapped(text, width)))
    blocks.append(tuple(line for text in view.warnings for line in _marked(Mark.WAITING, text, width)))
    blocks.append(wrapped(f"Undo: {view.undo}.", width) if view.undo else ())
    blocks.append(tuple(line for fact in view.facts for line in _fact(fact, width)))
    return tuple(line for block in blocks for line in block)


def paint_answer(view: AnswerView, width: int, height: int) -> tuple[Line, ...]:
    """Always three lines: how to answer, what no does, why nothing happened."""
    asked = view.question
    no = wrapped(f"n  answers no: {asked.declines}", width, tone="dim")[:1] if asked.declines and not asked.phrase else ()
    notice = _marked(Mark.WAITING, view.notice, width)[:1] if view.notice else ()
    if asked.refusal:
        refused = _marked(Mark.BROKEN, f"not now: {asked.refusal}", width)
        return (*refused, *notice, *no)
    return (_how(view), *notice, *no)


def missing(view: AnswerView) -> int:
    """Characters that are still to be typed."""
    return len(view.question.phrase) - len(view.typed)


def _how(view: AnswerView) -> Line:
    asked = view.question
    if view.typed != asked.phrase:
        rest = "·" * missing(view)
        typed = Span(view.typed, "strong") if view.typed else Span("")
        words = f"type  {asked.phrase}  : "
        return (
            Span(words, "plain" if view.armed else "dim"),
            typed,
            Span(rest, "dim"),
            Span(f"  {plural(missing(view), 'character')} to go", "dim"),
        )
    tone: Tone = "plain" if view.armed else "dim"
    start = "typed. " if asked.phrase else ""
    key = Span(f" {asked.key} ", "key" if view.armed else "disabled")
    wait: Line = () if view.armed else (Span("   one moment", "dim"),)
    return (Span(f"{start}press ", tone), key, Span(f" to {asked.verb}", tone), *wait)


def _differences(view: QuestionView, width: int) -> tuple[Line, ...]:
    rows = view.differences
    first = cells(view.environment) + 3
    if not rows:
        return ((Span(view.environment, "strong"),),)
    subject = min(max(cells(d.subject) for d in rows), 28) + 2
    what = min(max(cells(d.what) for d in rows), 12) + 2
    lines: list[Line] = []
    for index, row in enumerate(rows):
        head = Span(view.environment.ljust(first), "strong") if index == 0 else Span(" " * first)
        lines += _difference(row, head, subject=subject, what=what, width=width, indent=first)
    return (*lines, BLANK)


def _difference(row: Difference, head: Span, *, subject: int, what: int, width: int, indent: int) -> list[Line]:
    room = width - indent - subject - what
    change = f"{row.before or 'nothing'} → {row.after or 'nothing'}"
    start = (head, column(row.subject, subject), column(row.what, what, "dim"))
    if cells(change) <= room:
        return [(*start, span(change))]
    margin = Span(" " * (indent + 2))
    return [start, *((margin, *part) for part in wrapped(change, width - indent - 2))]


def _fact(fact: Said, width: int) -> tuple[Line, ...]:
    return _marked(fact.mark, fact.text, width) if fact.mark else wrapped(fact.text, width, tone=fact.tone)


def _marked(mark: Mark, text: str, width: int) -> tuple[Line, ...]:
    rows = wrapped(text, width - 2)
    glyph = Span(mark.glyph + " ", mark.tone)
    return tuple((glyph if n == 0 else Span("  "), *row) for n, row in enumerate(rows))
