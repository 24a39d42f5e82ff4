"""The History screen and `bluegreen runs`: every run as a row, and what is to be known of the chosen one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo

from console.domain.run import RunRecord, StepState
from console.domain.views.lines import Line, Span, span
from console.domain.views.marks import Mark, Tone
from console.domain.views.run import Said, outcome_words
from console.domain.views.state import ConsoleState
from console.domain.views.table import Column, Row, Table
from console.domain.views.words import clock, duration, plural, whole_duration

COLUMNS = (
    Column("run", 5, right=True),
    Column("when", 16),
    Column("", 1),
    Column("what"),
    Column("how it ended", 18),
    Column("took", 7, right=True),
    Column("by", 12, rank=2),
    Column("reason", rank=3),
)


def history_table(state: ConsoleState) -> Table:
    """Every run that was read, newest first; the note says whether that is all of them."""
    if state.runs is None:
        return Table(COLUMNS, note=state.trouble.get("runs") or "the journal was not read yet")
    rows = tuple(run_row(record, now=state.now, zone=state.zone) for record in state.recorded)
    trouble = state.trouble.get("runs") or state.trouble.get("journal", "")
    note = trouble or ("no run is recorded yet" if not rows else "" if state.oldest_known else "the newest; m reads older ones")
    return Table(COLUMNS, rows, len(rows), note)


def run_row(record: RunRecord, *, now: datetime, zone: tzinfo) -> Row:
    """One run: number, when it was opened, what it did, how it ended, how long it took, who and why."""
    mark, ending, tone = ending_of(record)
    ending = record.outcome.replace("_", " ") if record.outcome else ending
    took = ((record.closed_at or now) - record.opened_at).total_seconds()
    cells: tuple[Line, ...] = (
        (Span(str(record.id), "strong"),),
        (Span(f"{record.opened_at.astimezone(zone):%Y-%m-%d %H:%M}", "dim"),),
        (Span(mark.glyph, mark.tone),),
        (span(record.title),),
        (span(ending, tone),),
        (Span(duration(took) if record.closed_at else whole_duration(took), "dim"),),
        (span(record.by),),
        (span(record.reason),),
    )
    return Row(str(record.id), cells)


def ending_of(record: RunRecord) -> tuple[Mark, str, Tone]:
    """How it ended, or that it is on."""
    if record.outcome is not None:
        mark, words = outcome_words(record.outcome)
        return mark, words, "plain" if mark in (Mark.DONE, Mark.OFF) else mark.tone
    if record.question:
        return Mark.WAITING, "waits for a person", "waiting"
    if record.released:
        return Mark.WAITING, "let go by its runner, can be resumed", "waiting"
    return Mark.RUNNING, "is on", "running"


def about_run(record: RunRecord, *, zone: tzinfo) -> tuple[Said, ...]:
    """A few sentences: why it ended so, where users are, how far it came, what belongs to it."""
    return tuple(_about(record, zone))


def _about(record: RunRecord, zone: tzinfo) -> Iterable[Said]:
    mark, ending, _ = ending_of(record)
    ended = f" at {clock(record.closed_at, zone)}" if record.closed_at else ""
    yield Said("", mark, f"{ending}{ended}" + (f": {record.outcome_reason}" if record.outcome_reason else ""))
    if record.question:
        yield Said("", Mark.WAITING, f"asks: {record.question.text}", "waiting")
    if record.live:
        yield Said("", None, record.live)
    passed = sum(1 for step in record.steps if step.passed)
    stood = next((s for s in record.steps if s.state not in (StepState.TO_COME,) and not s.passed), None)
    where = f", stands at “{stood.title}”" if stood and record.outcome != "done" else ""
    yield Said("", None, f"{passed} of {plural(len(record.steps), 'step')} passed{where}")
    yield Said("", None, f"started by {record.by}" + (f": {record.reason}" if record.reason else ""))
    if rule := str(record.inputs.get("override") or ""):
        yield Said("", Mark.WAITING, f"overrode {rule}", "waiting")
    if record.linked_run is not None:
        yield Said("", None, f"goes back from run {record.linked_run}")
    for at, who, text in record.notes[-3:]:
        yield Said(clock(at, zone, seconds=True), Mark.TO_COME, f"{who} notes: {text}")
