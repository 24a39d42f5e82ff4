"""A run as the journal tells it: entries in, record out.

The journal is append-only; `fold` is the only reading of it, so the screen, `show`, resume and the report agree.
Bodies are plain JSON. Each entry type's keys are listed in `ENTRY_KEYS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import Literal, assert_never, get_args

from console.domain.challenge import Challenge, challenge_of
from console.domain.change import Difference
from console.domain.errors import JournalError
from console.domain.ids import Epoch, RunId
from console.domain.items import Answered, Kept, answered, answered_words, kept, printed
from console.domain.sight import Sight, decode

EntryType = Literal[
    "run.opened",
    "run.claimed",
    "step.started",
    "step.intent",
    "step.progress",
    "step.result",
    "gate.asked",
    "gate.answered",
    "run.note",
    "step.evidence",
    "run.stop_requested",
    "run.suspend_requested",
    "run.take_over",
    "run.released",
    "run.closed",
    "run.reopened",
    "run.settled",
    "journal.mended",
]

ENTRY_KEYS: Mapping[EntryType, str] = {
    "run.opened": (
        "uid runbook title runbook_digest plan_digest steps inputs bindings reason fingerprint host linked_run assume_yes direction "
        "live epoch"
    ),
    "run.claimed": "uid host pid boot epoch",
    "step.started": "step attempt until",
    "step.intent": "step attempt action effect title digest differences kubectl",
    "step.progress": "step text lines",
    "step.result": "step attempt outcome reason evidence seconds",
    "gate.asked": "step question confirm key phrase differences blocked challenge retry",
    "gate.answered": "step answer typed asked_at value reason",
    "run.note": "text step",
    "step.evidence": "step name text path host sha256 bytes",
    "run.stop_requested": "reason",
    "run.suspend_requested": "reason",
    "run.take_over": "reason",
    "run.released": "reason",
    "run.closed": "outcome reason live seen",
    "run.reopened": "reason",
    "run.settled": "reason",
    "journal.mended": "dropped",
}
"""`steps` is a list of {name, kind, title, phase, within, action, skippable, guide}; `differences` a list of {subject, what, before,
after}. `gate.answered` says `yes`, `no`, `value` (what a person saw) or `skip` (with the reason).

`until`: when a wait is over, ISO 8601 in the API server's time.
`run.take_over`: a person lets the next runner take the lease from a holder that does not answer. `run.released`: the runner ended in
good order before the run did; it can be resumed. `run.closed` has `seen` (console.domain.sight) where an operator is needed: then
`run.reopened` says that somebody lets it go on, `run.settled` that it stays as it is.
"""


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry before the journal numbers, times and chains it."""

    type: EntryType
    run: RunId | None
    actor: str
    body: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Entry:
    seq: int
    environment: str
    run: RunId | None
    type: EntryType
    at: datetime
    actor: str
    body: Mapping[str, object]
    prev: str
    hash: str


class StepState(Enum):
    TO_COME = "to come"
    RUNNING = "running"
    WAITING = "waiting for a person"
    DONE = "done"
    NOOP = "nothing to do"
    SKIPPED = "skipped"
    BLOCKED = "blocked"
    FAILED = "failed"
    DECLINED = "declined"
    IN_DOUBT = "in doubt"


Outcome = Literal["done", "noop", "skipped", "blocked", "failed", "declined", "in_doubt"]
"""How one attempt of a step ended. `in_doubt`: it may have happened."""

RunOutcome = Literal["done", "failed", "refused", "stopped", "needs_operator", "rolled_back", "superseded"]
"""How a run ended. `failed`, `stopped`: live traffic is unchanged. `rolled_back`: it failed after the switch and a linked run went back."""

EXIT_CODES: Mapping[RunOutcome, int] = {
    "done": 0,
    "failed": 1,
    "stopped": 1,
    "refused": 3,
    "needs_operator": 4,
    "superseded": 4,
    "rolled_back": 5,
}
WAITING_EXIT_CODE = 6
DETACHED_EXIT_CODE = 130

_STEP_STATES: Mapping[Outcome, StepState] = {
    "done": StepState.DONE,
    "noop": StepState.NOOP,
    "skipped": StepState.SKIPPED,
    "blocked": StepState.BLOCKED,
    "failed": StepState.FAILED,
    "declined": StepState.DECLINED,
    "in_doubt": StepState.IN_DOUBT,
}


@dataclass(frozen=True)
class Question:
    """What a gate asks and how it must be answered."""

    step: str
    text: str
    confirm: Literal["key", "name", "phrase"] = "key"
    key: str = ""
    phrase: str = ""
    differences: tuple[Difference, ...] = ()
    asked_at: datetime | None = None
    challenge: Challenge | None = None
    """How the value that an item asks for is read; None where yes or no is the answer."""
    retry: bool = False
    """The item did not pass, and may be tried again, skipped, or end the run."""


@dataclass(frozen=True)
class StepRecord:
    """One step as the journal knows it."""

    name: str
    kind: str
    title: str
    phase: str = ""
    within: float | None = None
    state: StepState = StepState.TO_COME
    attempts: int = 0
    started_at: datetime | None = None
    ended_at: datetime | None = None
    until: datetime | None = None
    """When a wait that is on is over, in the API server's time."""
    reason: str = ""
    """What the last result or progress said."""
    evidence: Mapping[str, object] = field(default_factory=dict)
    intent: Mapping[str, object] | None = None
    """Body of an intent that has no result yet: the effect may have happened."""
    differences: tuple[Difference, ...] = ()
    kubectl: tuple[str, ...] = ()
    action: str = ""
    skippable: bool = False
    """A person may pass over it with a reason."""
    guide: str = ""
    """How it is done, in the words of the runbook."""
    asks: str = ""
    """The last question of the item."""
    answers: tuple[Answered, ...] = ()
    notes: tuple[tuple[datetime, str, str], ...] = ()
    """(when, who, text)."""
    kept: tuple[Kept, ...] = ()
    output: tuple[str, ...] = ()
    """The last lines that its command printed."""

    @property
    def ended(self) -> bool:
        return self.state not in (StepState.TO_COME, StepState.RUNNING, StepState.WAITING, StepState.IN_DOUBT)

    @property
    def passed(self) -> bool:
        return self.state in (StepState.DONE, StepState.NOOP, StepState.SKIPPED)


@dataclass(frozen=True)
class RunRecord:
    """One run as the journal knows it."""

    id: RunId
    uid: str
    environment: str
    runbook: str
    title: str
    runbook_digest: str
    plan_digest: str
    opened_at: datetime
    by: str
    reason: str
    inputs: Mapping[str, object]
    bindings: Mapping[str, str]
    fingerprint: Mapping[str, str]
    steps: tuple[StepRecord, ...]
    assume_yes: bool = False
    direction: str = "forward"
    linked_run: int | None = None
    driver: str = ""
    """`user@host` of the last runner that claimed it, empty before."""
    driver_pid: int = 0
    driver_boot: str = ""
    epoch: Epoch = Epoch(0)
    claims: int = 0
    released: str = ""
    """Why the last runner let go of the open run; empty while one drives it, or after a crash."""
    take_over: str = ""
    """Reason of a take-over that was allowed and not yet used."""
    question: Question | None = None
    stop_requested: str = ""
    suspend_requested: str = ""
    """Why a person wants it let go of; empty once it was."""
    outcome: RunOutcome | None = None
    outcome_reason: str = ""
    live: str = ""
    """Sentence about live traffic at the end."""
    closed_at: datetime | None = None
    seen: Sight | None = None
    """What was seen when the run was left to a person."""
    settled: str = ""
    """Who decided that it stays as it is, and why; empty while nobody has."""
    last_seq: int = 0
    last_at: datetime | None = None
    notes: tuple[tuple[datetime, str, str], ...] = ()
    """(when, who, text)."""

    @property
    def open(self) -> bool:
        return self.outcome is None

    @property
    def current(self) -> StepRecord | None:
        """The first step that has not ended; None when all have."""
        return next((s for s in self.steps if not s.ended), None)

    @property
    def undecided(self) -> bool:
        """It was left to a person, and nobody has decided yet."""
        return self.outcome == "needs_operator" and not self.settled

    @property
    def may_go_on(self) -> bool:
        """A runner could take it up where it was left: a step was in doubt, and none has ended the walk."""
        ahead = self.current
        return self.undecided and ahead is not None and all(s.passed or not s.ended for s in self.steps)

    @property
    def phases(self) -> tuple[str, ...]:
        """Sections of a checklist, in order; none for a plain run."""
        return tuple(dict.fromkeys(step.phase for step in self.steps if step.phase))

    @property
    def skipped(self) -> tuple[StepRecord, ...]:
        return tuple(step for step in self.steps if step.state is StepState.SKIPPED)

    @property
    def exit_code(self) -> int:
        if self.outcome is not None:
            return EXIT_CODES[self.outcome]
        return WAITING_EXIT_CODE if self.question else DETACHED_EXIT_CODE

    def step(self, name: str) -> StepRecord:
        return next(s for s in self.steps if s.name == name)


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
