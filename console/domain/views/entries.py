"""What a journal entry says, as one line with a mark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from console.domain.entry import Entry
from console.domain.ids import RunId
from console.domain.run import Outcome
from console.domain.run_fold import step_outcome
from console.domain.views.lines import Line, span
from console.domain.views.marks import Mark
from console.domain.views.words import duration, listed

StepEntry = Literal["step.started", "step.intent", "step.progress", "step.result", "step.evidence", "gate.asked", "gate.answered"]
RunEntry = Literal[
    "run.opened", "run.claimed", "run.note", "run.stop_requested", "run.suspend_requested", "run.take_over", "run.released", "run.closed",
    "run.reopened", "run.settled",
]  # fmt: skip

_OUTCOMES: dict[Outcome, tuple[Mark, str]] = {
    "done": (Mark.DONE, "done"),
    "noop": (Mark.OFF, "nothing to do"),
    "skipped": (Mark.OFF, "skipped"),
    "blocked": (Mark.BROKEN, "blocked"),
    "failed": (Mark.BROKEN, "failed"),
    "declined": (Mark.BROKEN, "declined"),
    "in_doubt": (Mark.UNKNOWN, "in doubt: it may have happened"),
}


@dataclass(frozen=True)
class Saying:
    """One entry in words."""

    at: datetime
    run: RunId | None
    step: str
    """Name of the step it is about; empty for the run as a whole."""
    mark: Mark
    text: str


def saying(entry: Entry) -> Saying:
    """The entry in the words of the person on call."""
    mark, text = _words(entry)
    return Saying(entry.at, entry.run, str(entry.body.get("step", "")), mark, text)


def evidence_text(evidence: object) -> str:
    """Evidence on one line: `frontend 3/3, backend 3/3`."""
    if isinstance(evidence, dict):
        return listed((f"{key} {evidence_text(value)}" for key, value in evidence.items()), most=8)
    if isinstance(evidence, list | tuple):
        return listed((evidence_text(item) for item in evidence), most=8)
    return str(evidence)


def said(text: str, tone_mark: Mark) -> Line:
    """A mark and a sentence."""
    return (span(tone_mark.glyph, tone_mark.tone), span(" " + text))


def _words(entry: Entry) -> tuple[Mark, str]:
    body = {key: str(value) if value is not None else "" for key, value in entry.body.items()}
    match entry.type:
        case "step.started" | "step.intent" | "step.progress" | "step.result" | "step.evidence" | "gate.asked" | "gate.answered":
            return _step_words(entry.type, entry, body)
        case "journal.mended":
            return Mark.UNKNOWN, "the journal's last record was torn and has been set aside"
        case other:
            return _run_words(other, entry, body)


def _step_words(kind: StepEntry, entry: Entry, body: Mapping[str, str]) -> tuple[Mark, str]:
    match kind:
        case "step.started":
            return Mark.RUNNING, "begins" if body.get("attempt") in ("1", None) else f"attempt {body['attempt']} begins"
        case "step.intent":
            return Mark.RUNNING, f"about to {body.get('title', 'act')}"
        case "step.progress":
            return Mark.RUNNING, body.get("text", "")
        case "step.result":
            return _result(entry)
        case "gate.asked":
            return Mark.WAITING, f"asks: {body.get('question', '')}"
        case "gate.answered":
            return _answer(entry.actor, body)
        case "step.evidence":
            return Mark.TO_COME, f"{entry.actor} keeps {kept_words(body)}"


def _run_words(kind: RunEntry, entry: Entry, body: Mapping[str, str]) -> tuple[Mark, str]:
    why = _because(body.get("reason", ""))
    match kind:
        case "run.opened":
            return Mark.RUNNING, f"{body.get('title', 'run')}, opened by {entry.actor}{why}"
        case "run.claimed":
            return Mark.RUNNING, f"driven by {entry.actor}@{body.get('host', '?')} (epoch {body.get('epoch', '?')})"
        case "run.note":
            return Mark.TO_COME, f"{entry.actor} notes: {body.get('text', '')}"
        case "run.stop_requested":
            return Mark.WAITING, f"{entry.actor} asks it to stop{why}"
        case "run.suspend_requested":
            return Mark.WAITING, f"{entry.actor} asks to let go of it for now{why}"
        case "run.take_over":
            return Mark.WAITING, f"{entry.actor} lets another runner take over{why}"
        case "run.released":
            return Mark.WAITING, f"let go by its runner, can be resumed{why}"
        case "run.reopened":
            return Mark.RUNNING, f"{entry.actor} looked, and lets it go on{why}"
        case "run.settled":
            return Mark.OFF, f"{entry.actor} decides that it stays as it is{why}"
        case "run.closed":
            ended = body.get("outcome", "?").replace("_", " ")
            mark = {"done": Mark.DONE, "stopped": Mark.OFF, "superseded": Mark.OFF}.get(ended, Mark.BROKEN)
            return mark, f"ended: {ended}{why}" + _because(body.get("live", ""))


def _answer(actor: str, body: Mapping[str, str]) -> tuple[Mark, str]:
    match body.get("answer", "?"):
        case "value":
            return Mark.TO_COME, f"{actor} answers: {body.get('value', '')}"
        case "skip":
            return Mark.OFF, f"{actor} skips it" + _because(body.get("reason", ""))
        case answer:
            return (Mark.DONE if answer == "yes" else Mark.BROKEN), f"{actor} answers {answer}"


def kept_words(body: Mapping[str, str]) -> str:
    """`dump.log (12 KB, sha256 9f31c2…)`, or the text that was kept."""
    if not body.get("name"):
        return f"as evidence: {body.get('text', '')}"
    size = size_words(int(body["bytes"])) if body.get("bytes", "").isdigit() else "?"
    return f"{body['name']} ({size}, sha256 {body.get('sha256', '')[:12]}…)"


def size_words(size: int) -> str:
    """`812 B`, `12 KB`, `3.4 MB`."""
    if size < 1000:
        return f"{size} B"
    return f"{size / 1000:.0f} KB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"


def _result(entry: Entry) -> tuple[Mark, str]:
    mark, word = _OUTCOMES[step_outcome(entry.body.get("outcome"))]
    seconds = entry.body.get("seconds")
    took = f" ({duration(seconds)})" if isinstance(seconds, int | float) else ""
    return mark, word + _because(str(entry.body.get("reason") or "")) + took


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""
