"""A run phase by phase, one item at a time: what it asks, what is seen, what was answered, noted and kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from console.domain.items import Answered, Kept
from console.domain.run import RunRecord, StepRecord, StepState
from console.domain.runbook import COMMAND, MANUAL, Runbook
from console.domain.views.entries import evidence_text, kept_words
from console.domain.views.marks import Mark, Tone
from console.domain.views.run import Said, outcome_words, run_view, step_mark
from console.domain.views.words import clock, day_and_clock, limit, listed, plural, whole_duration


@dataclass(frozen=True)
class PhaseView:
    """One section: how many of its items are over."""

    name: str
    over: int
    total: int
    mark: Mark

    @property
    def text(self) -> str:
        return f"{self.name} {self.over} of {self.total}"


@dataclass(frozen=True)
class ItemRow:
    """One line of the list."""

    step: str
    number: int
    mark: Mark
    title: str
    text: str
    phase: str
    tone: Tone = "plain"


@dataclass(frozen=True)
class ChecklistView:
    """A run as a checklist."""

    title: str
    mark: Mark
    status: str
    phases: tuple[PhaseView, ...]
    rows: tuple[ItemRow, ...]
    current: int
    """Index of the item that is in front, unless a person chose another."""
    details: Mapping[str, tuple[Said, ...]]
    """What is said of each item, by step."""
    summary: tuple[Said, ...] = ()
    """At the end: what was skipped first, then how it ended."""


def checklist_view(record: RunRecord, *, seen: tuple[Said, ...], now: datetime, zone: tzinfo) -> ChecklistView:
    """`seen`: what the console sees of both slots right now."""
    whole = run_view(record, usual={}, now=now, zone=zone)
    status = "let go of, nobody drives it" if record.open and record.released else whole.status
    return ChecklistView(
        title=whole.title,
        mark=whole.mark,
        status=status,
        phases=tuple(_phase(record, name) for name in record.phases),
        rows=tuple(_row(n, step, ended=not record.open) for n, step in enumerate(record.steps, 1)),
        current=whole.current,
        details={s.name: _details(record, s, seen=seen, now=now, zone=zone) for s in record.steps},
        summary=_summary(record),
    )


def phase_words(record: RunRecord, name: str) -> str:
    """`pre-migration 3 of 5`."""
    return _phase(record, name).text


def skipped_words(step: StepRecord) -> str:
    """`notify the stakeholders: skipped by bob: …`."""
    return f"{step.title}: {step.reason}"


def kept_text(kept: Kept) -> str:
    """`evidence dump.log (12 KB, sha256 9f31c2…), by bob`, with its place; or the text."""
    words = kept_words({"name": kept.name, "bytes": str(kept.bytes), "sha256": kept.sha256, "text": kept.text})
    where = f" in {kept.host}:{kept.path}" if kept.path else ""
    return f"{'evidence ' if kept.name else ''}{words}, by {kept.by}{where}"


def waits_for(record: RunRecord) -> str:
    """What an open checklist needs of a person now, as one clause; empty where it needs nothing."""
    if not record.open:
        return ""
    if record.released:
        return "it was let go of"
    if record.question is None:
        return ""
    return "a value" if record.question.challenge else "an answer"


@dataclass(frozen=True)
class Start:
    """A line of the choice: a checklist that can be started, or a run of one."""

    runbook: str
    run: int | None
    mark: Mark
    title: str
    text: str


def starts(runbooks: Mapping[str, Runbook], runs: tuple[RunRecord, ...], *, now: datetime, zone: tzinfo) -> tuple[Start, ...]:
    """Open runs of checklists first, then what can be started, then what has ended."""
    lists = [r for r in runs if r.phases]
    opened = [Start(r.runbook, r.id, Mark.WAITING, f"go on with run {r.id}", f"{r.title}, {_so_far(r)}") for r in lists if r.open]
    offered = [_offer(book) for book in runbooks.values() if book.phases]
    ended = [
        Start(r.runbook, r.id, outcome_words(r.outcome)[0], f"run {r.id}", f"{r.title}, {_ended(r, now, zone)}")
        for r in lists
        if r.outcome is not None
    ]
    return (*opened, *offered, *ended)


def _offer(book: Runbook) -> Start:
    title = book.title.translate(str.maketrans("", "", "{}"))
    return Start(
        book.name, None, Mark.TO_COME, f"start {book.name}", f"{title}: {plural(len(book.steps), 'item')} in {listed(book.phases)}"
    )


def _so_far(record: RunRecord) -> str:
    return f"{sum(s.ended for s in record.steps)} of {len(record.steps)} items are over"


def _ended(record: RunRecord, now: datetime, zone: tzinfo) -> str:
    assert record.outcome is not None
    skipped = f", {len(record.skipped)} skipped" if record.skipped else ""
    at = day_and_clock(record.closed_at, zone, now=now) if record.closed_at else "?"
    return f"{outcome_words(record.outcome)[1]} at {at}{skipped}"


def _phase(record: RunRecord, name: str) -> PhaseView:
    steps = [s for s in record.steps if s.phase == name]
    over = sum(s.ended for s in steps)
    states = {s.state for s in steps}
    if StepState.WAITING in states:
        mark = Mark.WAITING
    elif StepState.RUNNING in states:
        mark = Mark.RUNNING
    elif states & {StepState.FAILED, StepState.BLOCKED, StepState.DECLINED}:
        mark = Mark.BROKEN
    elif StepState.IN_DOUBT in states:
        mark = Mark.UNKNOWN
    else:
        mark = Mark.DONE if over == len(steps) else Mark.RUNNING if over else Mark.TO_COME
    return PhaseView(name, over, len(steps), mark)


def _row(number: int, step: StepRecord, *, ended: bool) -> ItemRow:
    coming = step.state is StepState.TO_COME
    text = ("not reached" if ended else "") if coming else step.reason or evidence_text(step.evidence)
    if step.state is StepState.WAITING and not step.answers:
        text = step.asks
    tone: Tone = "strong" if step.state in (StepState.RUNNING, StepState.WAITING) else "dim" if coming else "plain"
    return ItemRow(step.name, number, step_mark(step.state), step.title, text, step.phase, tone)


def _details(record: RunRecord, step: StepRecord, *, seen: tuple[Said, ...], now: datetime, zone: tzinfo) -> tuple[Said, ...]:
    guide = (Said("", None, step.guide, "dim"),) if step.guide else ()
    return (
        *_let_go(record, step),
        *_asked(record, step, now=now),
        *guide,
        *_labelled("sees", seen if record.open and not step.ended else ()),
        *(Said(clock(a.at, zone), Mark.TO_COME, _answer(a)) for a in step.answers if a.answer != "skip"),
        *_refused(step),
        *_result(step, zone),
        *_labelled("prints", tuple(Said("", None, line, "dim", verbatim=True) for line in step.output)),
        *(Said(clock(at, zone), Mark.TO_COME, f"{who} notes: {text}") for at, who, text in step.notes),
        *(Said(clock(k.at, zone), Mark.TO_COME, kept_text(k)) for k in step.kept),
    )


def _asked(record: RunRecord, step: StepRecord, *, now: datetime) -> tuple[Said, ...]:
    question = record.question
    if question is None or question.step != step.name:
        return _coming(step)
    if question.challenge:
        hint = Said("", None, f"Answer with {question.challenge.hint}.", "dim")
        return (Said("", Mark.WAITING, question.text, "strong"), hint)
    if question.retry:
        again = "enter tries again or ends the run" + (", s skips it with a reason." if step.skippable else ".")
        return (Said("", Mark.BROKEN, question.text, "strong"), Said("", None, again, "dim"))
    return (Said("", Mark.WAITING, question.text, "strong"),)


def _let_go(record: RunRecord, step: StepRecord) -> tuple[Said, ...]:
    """Why nobody drives the run, at the item where it goes on."""
    if not record.released or record.current is None or record.current.name != step.name:
        return ()
    text = f"{record.released[:1].upper()}{record.released[1:]}"
    return (Said("", Mark.WAITING, f"{text}. Nothing is asked now; enter goes on here.", "waiting"),)


def _refused(step: StepRecord) -> tuple[Said, ...]:
    """Why the last answer did not pass."""
    waits = step.state is StepState.WAITING and step.answers and step.answers[-1].answer == "value"
    return (Said("", Mark.BROKEN, step.reason, "broken"),) if waits and not step.reason.endswith(f"by {step.answers[-1].by}") else ()


def _coming(step: StepRecord) -> tuple[Said, ...]:
    if step.state is StepState.RUNNING:
        what = step.reason or "it is being looked at"
        most = f", {limit(step.within)} at most" if step.within else ""
        return (Said("", Mark.RUNNING, f"{what}{most}", "strong"),)
    if step.asks and step.action == MANUAL:
        return (Said("", None, step.asks, "strong"),)
    if step.state is StepState.TO_COME:
        what = {MANUAL: "A person is asked when it is reached.", COMMAND: "A command runs when it is reached."}.get(step.action, "")
        return (Said("", Mark.TO_COME, what or "The console checks it when it is reached.", "dim"),)
    return ()


def _result(step: StepRecord, zone: tzinfo) -> tuple[Said, ...]:
    if not step.ended:
        return ()
    said = Said(clock(step.ended_at, zone), step_mark(step.state), step.reason or step.state.value, "strong")
    output = step.evidence.get("output")
    digest = str(step.evidence.get("sha256", ""))[:12]
    return (said, Said("", None, f"kept: {output} (sha256 {digest}…)", "dim")) if output else (said,)


def _answer(said: Answered) -> str:
    return f"{said.by} answers: {said.text}" if said.answer == "value" else f"{said.by} answers {said.answer}"


def _labelled(label: str, lines: tuple[Said, ...]) -> tuple[Said, ...]:
    return (Said("", None, f"{label}:", "dim"), *lines) if lines else ()


def _summary(record: RunRecord) -> tuple[Said, ...]:
    if record.outcome is None:
        return ()
    mark, word = outcome_words(record.outcome)
    took = whole_duration(((record.closed_at or record.opened_at) - record.opened_at).total_seconds())
    skipped = tuple(Said("", Mark.OFF, skipped_words(step), "waiting") for step in record.skipped)
    why = f": {record.outcome_reason}" if record.outcome_reason else ""
    return (*skipped, Said("", mark, f"{word} after {took}{why}", "strong"))
