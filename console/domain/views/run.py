"""The Run screen's view: the plan before, the progress during and the record after, as one list of steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Literal, assert_never

from console.domain.change import Difference
from console.domain.entry import Entry
from console.domain.run import RunOutcome, RunRecord, StepRecord, StepState
from console.domain.views.decision import Card, decision
from console.domain.views.entries import evidence_text, saying
from console.domain.views.marks import Mark, Tone
from console.domain.views.plan import PlanRow, PlanState, PlanView
from console.domain.views.words import clock, duration, limit, whole_duration

SILENT_AFTER = 20.0
"""Seconds without an entry after which a running step is said to be silent."""

LEFT = " left"
"""Ends what is said of a wait."""

Phase = Literal["planning", "plan", "progress", "record"]


@dataclass(frozen=True)
class StepRow:
    """One line of the list."""

    step: str
    number: int
    mark: Mark
    title: str
    text: str = ""
    """Evidence, reason, or what it would do."""
    elapsed: str = ""
    timing: str = ""
    """`usually 21s`, `usually 21s, limit 10m`, `9m12s left`."""
    tone: Tone = "plain"
    late: bool = False
    """It takes longer than it usually does."""

    @property
    def brief(self) -> str:
        """The one time that matters most, where there is room for one."""
        if not self.elapsed or self.timing.endswith(LEFT):
            return self.timing.partition(", ")[0]
        return f"{self.elapsed} late" if self.late else self.elapsed


@dataclass(frozen=True)
class Said:
    """One line below the list: time (may be empty), mark and sentence."""

    time: str
    mark: Mark | None
    text: str
    tone: Tone = "plain"
    verbatim: bool = False
    """A command: its lines and spaces stay as they are."""


@dataclass(frozen=True)
class RunView:
    phase: Phase
    title: str
    mark: Mark
    status: str
    rows: tuple[StepRow, ...] = ()
    current: int = 0
    """Index of the row that is running, waiting or failed; where the list stands by itself."""
    summary: str = ""
    summary_mark: Mark | None = None
    details: Mapping[str, tuple[Said, ...]] = field(default_factory=dict)
    """Lines for each step, by name."""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Clocks:
    """Now, by this machine and by the API server: they are never compared with each other."""

    here: datetime
    server: datetime


def planning_view(runbook: str, environment: str) -> RunView:
    """While the plan is being made."""
    return RunView("planning", f"{runbook} on {environment.upper()}", Mark.RUNNING, "making the plan: nothing is changed yet")


def failed_plan_view(runbook: str, environment: str, message: str) -> RunView:
    """A plan that could not be made."""
    return RunView("planning", f"{runbook} on {environment.upper()}", Mark.BROKEN, "no plan", summary=message, summary_mark=Mark.BROKEN)


def plan_view(plan: PlanView) -> RunView:
    """What a run would do."""
    refused = plan.refusal
    return RunView(
        phase="plan",
        title=f"{plan.title} on {plan.environment.upper()}",
        mark=Mark.BROKEN if refused else Mark.TO_COME,
        status="cannot start" if refused else "not started: nothing is changed yet",
        rows=tuple(_planned(number, row) for number, row in enumerate(plan.rows, 1)),
        current=_first(plan, "blocked") or _first(plan, "change") or 0,
        summary=refused or plan.totals,
        summary_mark=Mark.BROKEN if refused else None,
        details={row.step: _plan_details(row) for row in plan.rows},
        warnings=plan.warnings,
    )


def run_view(
    record: RunRecord,
    *,
    entries: tuple[Entry, ...] = (),
    usual: Mapping[str, float],
    now: datetime,
    zone: tzinfo,
    server_now: datetime | None = None,
) -> RunView:
    """A run that is on, or was. `server_now` is the API server's time, in which waits end."""
    mark, status = _status(record, now=now, zone=zone, usual=usual)
    clocks = Clocks(now, server_now or now)
    return RunView(
        phase="progress" if record.open else "record",
        title=f"{record.title} on {record.environment.upper()} (run {record.id})",
        mark=mark,
        status=status,
        rows=tuple(
            _stepped(number, step, usual.get(step.name), clocks, ended=not record.open) for number, step in enumerate(record.steps, 1)
        ),
        current=_current(record),
        summary=_summary(record),
        summary_mark=mark if record.question or not record.open else None,
        details=_run_details(record, entries, zone),
    )


def _first(plan: PlanView, state: PlanState) -> int | None:
    return next((i for i, row in enumerate(plan.rows) if row.state == state), None)


def _planned(number: int, row: PlanRow) -> StepRow:
    mark, tone = _plan_mark(row.state)
    text = "; ".join(row.reasons) if row.state == "blocked" and row.reasons else row.text
    usual = f"usually {duration(row.usual)}" if row.usual is not None and row.kind != "gate" else ""
    return StepRow(row.step, number, mark, row.title, text, "", usual or _limit(row.within), tone)


def _plan_mark(state: PlanState) -> tuple[Mark, Tone]:
    match state:
        case "change":
            return Mark.RUNNING, "plain"
        case "noop":
            return Mark.OFF, "dim"
        case "blocked":
            return Mark.BROKEN, "broken"
        case "asks":
            return Mark.WAITING, "plain"
        case "check" | "waits" | "later":
            return Mark.TO_COME, "plain"
        case _:
            assert_never(state)


def _plan_details(row: PlanRow) -> tuple[Said, ...]:
    blocked = [Said("", Mark.BROKEN, reason, "broken") for reason in row.reasons]
    override = [Said("", None, f"may be overridden by name, with a reason: {row.override}", "dim")] if row.override else []
    warned = [Said("", Mark.WAITING, warning, "waiting") for warning in row.warnings]
    undo = [Said("", None, f"undo: {row.undo}")] if row.undo else []
    lines = (*blocked, *override, *warned, *_changes(row.differences), *undo, *_commands(row.kubectl))
    return lines or (Said("", None, row.text or "it only looks, and changes nothing", "dim"),)


def _changes(differences: tuple[Difference, ...]) -> tuple[Said, ...]:
    return tuple(Said("", None, difference_text(d), "dim" if d.severity == "same" else "plain") for d in differences)


def difference_text(difference: Difference) -> str:
    """`backend  slot  blue → green`."""
    before = difference.before or "nothing"
    return f"{difference.subject}  {difference.what}  {before} → {difference.after or 'nothing'}"


def _commands(kubectl: tuple[str, ...]) -> tuple[Said, ...]:
    return tuple(command_said(command) for command in kubectl)


def command_said(command: str) -> Said:
    """A command that a person could type."""
    return Said("", None, f"$ {command}", "dim", verbatim=True)


def _status(record: RunRecord, *, now: datetime, zone: tzinfo, usual: Mapping[str, float]) -> tuple[Mark, str]:
    if record.outcome is not None:
        mark, word = outcome_words(record.outcome)
        if record.settled:
            mark, word = Mark.OFF, f"left as it is by {record.settled.partition(':')[0]}; it needed an operator and ended"
        took = duration(((record.closed_at or record.opened_at) - record.opened_at).total_seconds())
        return mark, f"{word} at {clock(record.closed_at, zone)} after {took}"
    took = whole_duration((now - record.opened_at).total_seconds())
    if record.released:
        return Mark.WAITING, f"let go by its runner: {record.released} ▪ take over to go on"
    driver = f"driven by {record.driver}" if record.driver else "waits for a runner"
    if record.stop_requested:
        return Mark.WAITING, f"stopping at the next safe point, {took} ▪ {driver}"
    if record.question:
        asked = record.question.asked_at
        waits = f" for {whole_duration((now - asked).total_seconds())}" if asked else ""
        return Mark.WAITING, f"waits for a person{waits} ▪ {driver}"
    baking = record.current is not None and record.current.until is not None
    silent = (now - record.last_at).total_seconds() if record.last_at and not baking else 0.0
    quiet = f" ▪ silent for {whole_duration(silent)}" if silent > SILENT_AFTER else ""
    return Mark.RUNNING, f"running {took}{_of_usual(record, usual)} ▪ {driver}{quiet}"


def _of_usual(record: RunRecord, usual: Mapping[str, float]) -> str:
    """` of 5m02s` that such a run takes as a rule; nothing where a step was never done before."""
    known = [usual[step.name] for step in record.steps if step.name in usual and step.kind != "gate"]
    whole = len(known) == sum(1 for step in record.steps if step.kind != "gate")
    return f" of {duration(sum(known))} as a rule" if whole and known else ""


def outcome_words(outcome: RunOutcome) -> tuple[Mark, str]:
    """How a run ended."""
    match outcome:
        case "done":
            return Mark.DONE, "done"
        case "failed":
            return Mark.BROKEN, "failed, live traffic unchanged"
        case "refused":
            return Mark.BROKEN, "refused"
        case "stopped":
            return Mark.OFF, "stopped"
        case "needs_operator":
            return Mark.WAITING, "needs an operator"
        case "rolled_back":
            return Mark.BROKEN, "failed and rolled back"
        case "superseded":
            return Mark.OFF, "superseded by another run"
        case _:
            assert_never(outcome)


def _summary(record: RunRecord) -> str:
    if record.question:
        return record.question.text
    if not record.open:
        said = [text for text in (record.live, record.outcome_reason) if text]
        return ". ".join(f"{text[:1].upper()}{text[1:]}" for text in said)
    return record.stop_requested and f"asked to stop: {record.stop_requested}"


def _current(record: RunRecord) -> int:
    states = [step.state for step in record.steps]
    for wanted in (StepState.WAITING, StepState.RUNNING, StepState.IN_DOUBT, StepState.FAILED, StepState.BLOCKED, StepState.DECLINED):
        if wanted in states:
            return states.index(wanted)
    ahead = next((i for i, step in enumerate(record.steps) if not step.ended), len(states) - 1)
    return max(0, ahead)


def _stepped(number: int, step: StepRecord, usual: float | None, clocks: Clocks, *, ended: bool) -> StepRow:
    if ended and step.state is StepState.TO_COME:
        return StepRow(step.name, number, Mark.TO_COME, step.title, "not reached", tone="dim")
    mark = step_mark(step.state)
    text = step.reason or evidence_text(step.evidence)
    attempts = f"attempt {step.attempts}: " if step.attempts > 1 else ""
    return StepRow(
        step.name,
        number,
        mark,
        step.title,
        attempts + text if text else _coming(step),
        _elapsed(step, clocks.here),
        _timing(step, usual, clocks),
        _step_tone(step.state),
        late=_late(step, usual, clocks.here),
    )


def _timing(step: StepRecord, usual: float | None, clocks: Clocks) -> str:
    """What its time is measured by: the end of a wait, the usual time, and the limit while it still matters."""
    if step.state is StepState.RUNNING and step.until is not None:
        return whole_duration((step.until - clocks.server).total_seconds()) + LEFT
    usually = f"usually {duration(usual)}" if usual is not None and step.kind != "gate" else ""  # a person takes as long as it takes
    if step.ended:
        return usually or _limit(step.within)
    return ", ".join(part for part in (usually, _limit(step.within)) if part)


def _late(step: StepRecord, usual: float | None, now: datetime) -> bool:
    """It runs, and for longer than earlier runs took; a person's answer and a wait are never late."""
    if step.state is not StepState.RUNNING or usual is None or step.started_at is None or step.until is not None or step.kind == "gate":
        return False
    return (now - step.started_at).total_seconds() > max(usual * 1.2, usual + 1.0)


def step_mark(state: StepState) -> Mark:
    """The mark of a step's state."""
    match state:
        case StepState.TO_COME:
            return Mark.TO_COME
        case StepState.RUNNING:
            return Mark.RUNNING
        case StepState.WAITING:
            return Mark.WAITING
        case StepState.DONE:
            return Mark.DONE
        case StepState.NOOP | StepState.SKIPPED:
            return Mark.OFF
        case StepState.BLOCKED | StepState.FAILED | StepState.DECLINED:
            return Mark.BROKEN
        case StepState.IN_DOUBT:
            return Mark.UNKNOWN
        case _:
            assert_never(state)


def _coming(step: StepRecord) -> str:
    if step.state is not StepState.TO_COME:
        return ""
    return {"gate": "asks a person", "wait": "waits"}.get(step.kind, "")


def _step_tone(state: StepState) -> Tone:
    if state in (StepState.RUNNING, StepState.WAITING):
        return "strong"
    if state in (StepState.FAILED, StepState.BLOCKED, StepState.DECLINED):
        return "broken"
    return "unknown" if state is StepState.IN_DOUBT else "plain"


def _elapsed(step: StepRecord, now: datetime) -> str:
    if step.started_at is None:
        return ""
    if step.ended_at is not None:
        return duration((step.ended_at - step.started_at).total_seconds())
    return whole_duration((now - step.started_at).total_seconds())


def _limit(within: float | None) -> str:
    return f"limit {limit(within)}" if within else ""


def _run_details(record: RunRecord, entries: tuple[Entry, ...], zone: tzinfo) -> Mapping[str, tuple[Said, ...]]:
    journal: dict[str, list[Said]] = {step.name: [] for step in record.steps}
    about = next(iter(journal), "")
    for entry in entries:
        words = saying(entry)
        about = words.step if words.step in journal else about  # a note or a claim stands with the step that was on
        if about:
            journal[about].append(Said(clock(words.at, zone, seconds=True), words.mark, words.text))
    found = {
        step.name: (*_changes(step.differences), *_commands(step.kubectl), *journal[step.name]) or _nothing(step) for step in record.steps
    }
    card, here = decision(record), record.steps[_current(record)].name if record.steps else ""
    return found | ({here: (*found[here], *card_said(card, keys=True))} if card and here else {})


def card_said(card: Card, *, keys: bool) -> tuple[Said, ...]:
    """What a person decides by, last what may be done: with the keys of the Run screen, or the commands alone."""
    intended = [Said("", None, f"intended: {line}") for line in card.intended]
    seen = [Said("", Mark.UNKNOWN, f"seen now: {text}") for text in card.seen]
    ways = []
    for choice in card.choices:
        ways.append(Said("", Mark.WAITING, f"{choice.key}  {choice.text}" if keys else choice.text, "strong"))
        ways.append(command_said(choice.command))
    return (*intended, *seen, *ways)


def _nothing(step: StepRecord) -> tuple[Said, ...]:
    if step.state is StepState.TO_COME:
        return (Said("", None, "not reached yet", "dim"),)
    text = step.reason or evidence_text(step.evidence) or step.state.value
    return (Said("", step_mark(step.state), text),)
