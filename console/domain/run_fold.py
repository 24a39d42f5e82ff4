"""The only reading of the journal: entries in, the record of a run out, so the screen, `show`, resume and the report agree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Literal, assert_never, get_args

from console.domain.challenge import challenge_of
from console.domain.change import Difference
from console.domain.entry import Entry
from console.domain.errors import JournalError
from console.domain.ids import Epoch
from console.domain.items import answered, answered_words, kept, printed
from console.domain.run import Outcome, Question, RunOutcome, RunRecord, StepRecord, StepState
from console.domain.sight import decode

_STEP_STATES: Mapping[Outcome, StepState] = {
    "done": StepState.DONE,
    "noop": StepState.NOOP,
    "skipped": StepState.SKIPPED,
    "blocked": StepState.BLOCKED,
    "failed": StepState.FAILED,
    "declined": StepState.DECLINED,
    "in_doubt": StepState.IN_DOUBT,
}


def fold(entries: Iterable[Entry]) -> RunRecord | None:
    """The record of one run from its entries in order; None when it was never opened. Raises JournalError for what no bluegreen wrote."""
    record: RunRecord | None = None
    for entry in entries:
        record = _understood(_opened, entry) if entry.type == "run.opened" else record and advance(record, entry)
    return record


def advance(record: RunRecord, entry: Entry) -> RunRecord:
    """`record` after one more entry. Raises JournalError for what no bluegreen wrote."""
    return _understood(lambda e: _advanced(record, e), entry)


def _understood(read: Callable[[Entry], RunRecord], entry: Entry) -> RunRecord:
    try:
        return read(entry)
    except (AssertionError, KeyError, TypeError, ValueError) as problem:
        raise JournalError(
            f"entry {entry.seq} of the journal cannot be read ({entry.type})", hint="`bluegreen audit verify` tells whether it was changed"
        ) from problem


def _advanced(record: RunRecord, entry: Entry) -> RunRecord:
    record = replace(record, last_seq=entry.seq, last_at=entry.at)
    body = entry.body
    match entry.type:
        case "run.claimed":
            return replace(
                record,
                driver=entry.actor + "@" + str(body.get("host", "")),
                driver_pid=_int(body.get("pid")),
                driver_boot=str(body.get("boot", "")),
                epoch=Epoch(_int(body.get("epoch"))),
                claims=record.claims + 1,
                released="",
                take_over="",
                suspend_requested="",
            )
        case "step.started" | "step.intent" | "step.progress" | "step.result" | "step.evidence" | "gate.asked" | "gate.answered":
            return _advance_step(record, entry, entry.type)
        case _:
            return _told(record, entry)


def _told(record: RunRecord, entry: Entry) -> RunRecord:
    """What is said of the run as a whole, by its runner or by a person."""
    body = entry.body
    match entry.type:
        case "run.note":
            note = (entry.at, entry.actor, str(body.get("text", "")))
            return replace(_with_step(record, body, lambda s: replace(s, notes=(*s.notes, note))), notes=(*record.notes, note))
        case "run.stop_requested":
            return replace(record, stop_requested=str(body.get("reason") or "asked to stop"))
        case "run.suspend_requested":
            return replace(record, suspend_requested=str(body.get("reason") or "asked to suspend"))
        case "run.take_over":
            return replace(record, take_over=str(body.get("reason") or "asked to take over"))
        case "run.released":
            return replace(
                record,
                released=str(body.get("reason") or "released"),
                driver="",
                driver_pid=0,
                driver_boot="",
                question=None,
                suspend_requested="",
            )
        case "run.closed":
            return replace(
                record,
                outcome=run_outcome(body.get("outcome")),
                outcome_reason=str(body.get("reason", "")),
                live=str(body.get("live", "")),
                closed_at=entry.at,
                question=None,
                seen=decode(body.get("seen"), differences(_mapping(body.get("seen")).get("left"))),
            )
        case "run.reopened":
            return replace(record, outcome=None, outcome_reason="", live="", closed_at=None, seen=None, stop_requested="")
        case "run.settled":
            return replace(record, settled=f"{entry.actor}: {body.get('reason', '')}")
        case _:
            return record


StepEntry = Literal["step.started", "step.intent", "step.progress", "step.result", "step.evidence", "gate.asked", "gate.answered"]


def _advance_step(record: RunRecord, entry: Entry, kind: StepEntry) -> RunRecord:
    body = entry.body
    match kind:
        case "step.started" | "step.intent":
            asked = record.question
            over = asked is not None and asked.retry and asked.step == body.get("step")
            return replace(_with_step(record, body, lambda s: _begun(s, entry)), question=None if over else asked)
        case "step.progress":
            return _with_step(record, body, lambda s: replace(s, reason=str(body.get("text", "")), output=printed(s.output, body)))
        case "step.evidence":
            return _with_step(record, body, lambda s: replace(s, kept=(*s.kept, kept(entry.at, entry.actor, body))))
        case "step.result":
            return replace(_with_step(record, body, lambda s: _ended(s, entry)), question=None)
        case "gate.answered":
            return replace(_with_step(record, body, lambda s: _answered(s, entry)), question=None)
        case "gate.asked":
            asks = _asked(entry)
            return replace(_with_step(record, body, lambda s: replace(s, state=StepState.WAITING, asks=asks.text)), question=asks)
        case _:
            assert_never(kind)


def _asked(entry: Entry) -> Question:
    body = entry.body
    return Question(
        str(body["step"]),
        str(body["question"]),
        _confirm(body.get("confirm")),
        str(body.get("key", "")),
        str(body.get("phrase", "")),
        differences(body.get("differences")),
        entry.at,
        challenge_of(body.get("challenge")),
        bool(body.get("retry")),
    )


def _opened(entry: Entry) -> RunRecord:
    body = entry.body
    assert entry.run is not None
    linked = body.get("linked_run")
    return RunRecord(
        id=entry.run,
        uid=str(body["uid"]),
        environment=entry.environment,
        runbook=str(body["runbook"]),
        title=str(body["title"]),
        runbook_digest=str(body["runbook_digest"]),
        plan_digest=str(body["plan_digest"]),
        opened_at=entry.at,
        by=entry.actor,
        reason=str(body.get("reason", "")),
        inputs=_mapping(body.get("inputs")),
        bindings={k: str(v) for k, v in _mapping(body.get("bindings")).items()},
        fingerprint={k: str(v) for k, v in _mapping(body.get("fingerprint")).items()},
        steps=tuple(_step(s) for s in _list(body.get("steps"))),
        assume_yes=bool(body.get("assume_yes")),
        direction=str(body.get("direction", "forward")),
        linked_run=_int(linked) if linked is not None else None,
        last_seq=entry.seq,
        last_at=entry.at,
    )


def _step(raw: object) -> StepRecord:
    body = _mapping(raw)
    within = body.get("within")
    return StepRecord(
        str(body["name"]),
        str(body["kind"]),
        str(body["title"]),
        str(body.get("phase", "")),
        float(within) if isinstance(within, int | float) else None,
        action=str(body.get("action", "")),
        skippable=bool(body.get("skippable")),
        guide=str(body.get("guide", "")),
    )


def _begun(step: StepRecord, entry: Entry) -> StepRecord:
    intent = entry.body if entry.type == "step.intent" else step.intent
    return replace(
        step,
        state=StepState.RUNNING,
        attempts=max(step.attempts, _int(entry.body.get("attempt"))),
        started_at=step.started_at or entry.at,
        ended_at=None,
        until=_moment(entry.body.get("until")) or step.until,
        intent=intent,
        differences=differences(entry.body.get("differences")) or step.differences,
        kubectl=tuple(str(k) for k in _list(entry.body.get("kubectl"))) or step.kubectl,
    )


def _ended(step: StepRecord, entry: Entry) -> StepRecord:
    outcome = step_outcome(entry.body.get("outcome"))
    in_doubt = outcome == "in_doubt"
    return replace(
        step,
        state=_STEP_STATES[outcome],
        ended_at=None if in_doubt else entry.at,
        reason=str(entry.body.get("reason", "")),
        evidence=_mapping(entry.body.get("evidence")),
        intent=step.intent if in_doubt else None,
        started_at=step.started_at or entry.at,
        attempts=max(step.attempts, _int(entry.body.get("attempt"))),
    )


def _answered(step: StepRecord, entry: Entry) -> StepRecord:
    said = answered(entry.at, entry.actor, entry.body)
    return replace(step, reason=answered_words(said), answers=(*step.answers, said))


_StepChange = Callable[[StepRecord], StepRecord]


def _with_step(record: RunRecord, body: Mapping[str, object], change: _StepChange) -> RunRecord:
    name = body.get("step")
    return replace(record, steps=tuple(change(s) if s.name == name else s for s in record.steps))


def differences(raw: object) -> tuple[Difference, ...]:
    """Before → after lines from an entry's body."""
    rows = [_mapping(r) for r in _list(raw)]
    return tuple(
        Difference(str(r.get("subject", "")), str(r.get("what", "")), str(r.get("before", "")), str(r.get("after", ""))) for r in rows
    )


def step_outcome(raw: object) -> Outcome:
    """The outcome an entry names; raises ValueError for a word that is none."""
    found = next((o for o in get_args(Outcome) if o == raw), None)
    if found is None:
        raise ValueError(f"{raw!r} is no outcome of a step")
    outcome: Outcome = found
    return outcome


def run_outcome(raw: object) -> RunOutcome:
    """The outcome an entry names; raises ValueError for a word that is none."""
    found = next((o for o in get_args(RunOutcome) if o == raw), None)
    if found is None:
        raise ValueError(f"{raw!r} is no outcome of a run")
    outcome: RunOutcome = found
    return outcome


def _moment(raw: object) -> datetime | None:
    """An absolute time from an entry's body; None where there is none that can be read."""
    try:
        found = datetime.fromisoformat(raw) if isinstance(raw, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _mapping(raw: object) -> Mapping[str, object]:
    return {str(k): v for k, v in raw.items()} if isinstance(raw, Mapping) else {}


def _list(raw: object) -> list[object]:
    return list(raw) if isinstance(raw, list | tuple) else []


def _int(raw: object) -> int:
    return int(raw) if isinstance(raw, int | float | str) and str(raw).lstrip("-").isdigit() else 0


def _confirm(raw: object) -> Literal["key", "name", "phrase"]:
    match raw:
        case "name" | "phrase":
            return raw
        case _:
            return "key"
