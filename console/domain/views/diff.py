"""The Diff screen and `plan --diff`: the objects that a plan would write, and what would be different in each."""

from __future__ import annotations

from typing import assert_never

from console.domain.object_diff import DiffState, DiffView, ObjectDiff
from console.domain.views.lines import Line, Span, span
from console.domain.views.marks import Mark, Tone
from console.domain.views.state import ConsoleState
from console.domain.views.table import Column, Row, Table
from console.domain.views.words import clock, plural

COLUMNS = (
    Column("", 1),
    Column("object", 40),
    Column("would be", 9),
    Column("lines", 9, right=True),
    Column("by the step", rank=2),
    Column("told by", 18, rank=1),
)


def diff_table(state: ConsoleState) -> Table:
    """The objects of the plan that is looked at."""
    draft = state.draft
    if draft is None:
        return Table(COLUMNS, note="no plan is being looked at: plan a runbook first")
    if draft.diff is None:
        return Table(COLUMNS, note=draft.diff_problem or "being made: each write is rehearsed, nothing is changed")
    diff = draft.diff
    note = f"as of {clock(diff.made_at, state.zone, seconds=True)}"
    note += f"; {plural(len(diff.later), 'more step', 'more steps')} when reached" if diff.later else ""
    rows = tuple(_row(each) for each in diff.objects)
    return Table(COLUMNS, rows, len(rows), note if rows else f"nothing would be written now ({note})")


def diff_lines(found: ObjectDiff) -> tuple[Line, ...]:
    """The difference with tones; what comes and what goes is told by its sign first."""
    note: tuple[Line, ...] = ((span(found.note, "waiting" if found.state != "refused" else "broken"),),) if found.note else ()
    if not found.lines:
        return (*note, (Span("nothing in it would be different", "dim"),))
    return (*note, *((span_of(line),) for line in found.lines))


def diff_text(view: DiffView) -> tuple[Line, ...]:
    """All of them, as `diff -u` prints."""
    lines: list[Line] = []
    for found in view.objects:
        mark, word = state_words(found.state)
        lines.append(
            (
                Span(mark.glyph, mark.tone),
                span(f" {found.kind} {found.name}  {word}", "strong"),
                span(f"  {found.step}, {found.told_by}", "dim"),
            )
        )
        lines += [*diff_lines(found), ()]
    lines += [(span(f"· {title}: planned when it is reached", "dim"),) for title in view.later]
    return tuple(lines) or ((span("nothing would be written now"),),)


def state_words(state: DiffState) -> tuple[Mark, str]:
    match state:
        case "new":
            return Mark.RUNNING, "new"
        case "changed":
            return Mark.RUNNING, "changed"
        case "same":
            return Mark.OFF, "the same"
        case "gone":
            return Mark.RUNNING, "deleted"
        case "refused":
            return Mark.BROKEN, "refused"
        case _:
            assert_never(state)


def span_of(line: str) -> Span:
    """One line of a difference; spaces stay."""
    tone: Tone = {"+": "well", "-": "broken", "@": "dim"}.get(line[:1], "plain")  # type: ignore[assignment]
    body = "".join(c if c.isprintable() else "·" for c in line)
    return Span(body, tone)


def _row(found: ObjectDiff) -> Row:
    mark, word = state_words(found.state)
    more, less = found.counts
    cells: tuple[Line, ...] = (
        (Span(mark.glyph, mark.tone),),
        (span(f"{found.kind} {found.name}"),),
        (span(word, "broken" if found.state == "refused" else "plain"),),
        (Span(f"+{more} -{less}" if found.lines else "", "dim"),),
        (span(found.step),),
        (span(found.told_by, "dim"),),
    )
    return Row(found.key, cells)
