"""The report of one run as Markdown: for the change ticket, the post-mortem and the auditor. Times are UTC, as in the record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from console.domain.entry import Entry
from console.domain.redact import redacted
from console.domain.run import RunRecord, StepRecord, StepState
from console.domain.views.entries import evidence_text, saying
from console.domain.views.history import ending_of
from console.domain.views.run import difference_text
from console.domain.views.words import clean, duration


@dataclass(frozen=True)
class ReportView:
    """One run with everything that is recorded of it."""

    application: str
    record: RunRecord
    entries: tuple[Entry, ...]
    chain: str
    """Verdict on the journal's chain, as a sentence."""
    anchor: str
    """Head of the journal when this was written: a tail that is cut later shows against it (SAFETY 3.7)."""
    written_at: datetime
    usual: Mapping[str, float] = field(default_factory=dict)
    folder: str = ""
    """Where logs and states that were saved are."""
    files: tuple[str, ...] = ()


def report_text(view: ReportView) -> str:
    """The whole page; named secrets are taken out of it."""
    sections = (_head, _overrides, _facts, _steps, _changes, _answers, _notes, _evidence, _journal, _proof)
    return redacted("\n".join(line for section in sections for line in section(view))) + "\n"


def _head(view: ReportView) -> Iterable[str]:
    record = view.record
    yield f"# {_text(record.title)} on {record.environment.upper()} (run {record.id})"
    yield ""
    _, ending, _ = ending_of(record)
    ended = f", {_time(record.closed_at)} UTC after {_lasted(record)}" if record.closed_at else ", not ended when this was written"
    yield f"**{ending[:1].upper()}{ending[1:]}**{ended}."
    for sentence in (record.outcome_reason, record.live):
        if sentence:
            yield f"{_text(sentence[:1].upper() + sentence[1:])}."
    yield ""


def _overrides(view: ReportView) -> Iterable[str]:
    """They come first, with their rule and reason (SAFETY 4.5), and so do items that were skipped."""
    record = view.record
    if rules := str(record.inputs.get("override") or ""):
        yield f"> **Overridden: {_text(rules)}**, by {_text(record.by)}: {_text(record.reason) or 'no reason was given'}"
        yield ""
    for step in record.skipped:
        yield f"> **Not done: {_text(step.title)}**, {_text(step.reason)}"
        yield ""


def _facts(view: ReportView) -> Iterable[str]:
    record = view.record
    inputs = "; ".join(f"{key} {value}" for key, value in record.inputs.items() if key not in ("reason", "override"))
    target = record.fingerprint
    where = f"{target.get('namespace', '?')} at {target.get('server', '?')} (namespace {target.get('namespace_uid', '?')})"
    rows = (
        ("application", view.application),
        ("started", f"{_time(record.opened_at)} UTC by {record.by}"),
        ("reason", record.reason or "none given"),
        ("runbook", f"{record.runbook}, digest {record.runbook_digest[:12]}; plan {record.plan_digest[:12]}"),
        ("inputs", inputs or "none"),
        ("cluster", where),
        ("driven by", f"{record.driver or 'nobody'}" + (f", {record.claims} times claimed" if record.claims > 1 else "")),
        ("goes back from", f"run {record.linked_run}" if record.linked_run is not None else ""),
    )
    yield "| | |"
    yield "|---|---|"
    yield from (f"| {name} | {_text(value)} |" for name, value in rows if value)
    yield ""


def _steps(view: ReportView) -> Iterable[str]:
    yield "## Steps"
    yield ""
    yield "| | step | outcome | took | usually | what was found |"
    yield "|---|---|---|---|---|---|"
    for number, step in enumerate(view.record.steps, 1):
        usual = duration(view.usual[step.name]) if step.name in view.usual else ""
        state = "not reached" if step.state is StepState.TO_COME else step.state.value
        attempts = f" (attempt {step.attempts})" if step.attempts > 1 else ""
        found = step.reason or evidence_text(step.evidence)
        yield f"| {number} | {_text(step.title)} | {state}{attempts} | {_took(step)} | {usual} | {_text(found)} |"
    yield ""


def _changes(view: ReportView) -> Iterable[str]:
    changed = [step for step in view.record.steps if step.differences]
    if not changed:
        return
    yield "## What was changed"
    yield ""
    for step in changed:
        yield f"- {_text(step.title)}"
        yield from (f"  - {_text(difference_text(d))}" for d in step.differences if d.severity == "change")
    yield ""


def _answers(view: ReportView) -> Iterable[str]:
    asked = [
        e for e in view.entries if e.type in ("gate.asked", "gate.answered", "run.stop_requested", "run.suspend_requested", "run.take_over")
    ]
    if not asked:
        return
    yield "## Questions and answers"
    yield ""
    yield from (f"- {_time(entry.at)} {_text(saying(entry).text)}" for entry in asked)
    yield ""


def _notes(view: ReportView) -> Iterable[str]:
    if not view.record.notes:
        return
    yield "## Notes"
    yield ""
    yield from (f"- {_time(at)} {_text(who)}: {_text(text)}" for at, who, text in view.record.notes)
    yield ""


def _evidence(view: ReportView) -> Iterable[str]:
    if not view.files:
        return
    yield "## Evidence"
    yield ""
    yield f"In `{view.folder}`:"
    yield ""
    yield from (f"- `{name}`" for name in view.files)
    yield ""


def _journal(view: ReportView) -> Iterable[str]:
    yield "## Journal"
    yield ""
    yield "| entry | UTC | who | step | what |"
    yield "|---|---|---|---|---|"
    titles = {step.name: step.title for step in view.record.steps}
    for entry in view.entries:
        words = saying(entry)
        yield f"| {entry.seq} | {_time(entry.at)} | {_text(entry.actor)} | {_text(titles.get(words.step, ''))} | {_text(words.text)} |"
    yield ""


def _proof(view: ReportView) -> Iterable[str]:
    yield f"Journal: {_text(view.chain)}. Head when this was written: `{view.anchor}`"
    yield f"Written {_time(view.written_at)} UTC by bluegreen."


def _took(step: StepRecord) -> str:
    return duration((step.ended_at - step.started_at).total_seconds()) if step.started_at and step.ended_at else ""


def _lasted(record: RunRecord) -> str:
    return duration(((record.closed_at or record.opened_at) - record.opened_at).total_seconds())


def _time(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if at else "?"


def _text(text: str) -> str:
    """Text from outside on one line, so that it can neither end a table's cell nor begin a heading."""
    return clean(text).replace("|", "\\|")
