"""What the journal holds: entries, append-only, each of a run or of the environment.

Bodies are plain JSON. Each entry type's keys are listed in `ENTRY_KEYS`; `console.domain.run_fold` reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from console.domain.ids import RunId

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
