"""Asking a person through the journal: any process may answer, and the runner judges the answer itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from console.domain.challenge import as_body, challenge_of, read_value
from console.domain.change import Difference
from console.domain.entry import Entry
from console.domain.run import Question
from console.domain.run_fold import differences
from console.engine.session import Session

FOREVER = 3600.0
"""Longest single wait for an answer; waiting goes on after it."""
ON_FAILURE = "on_failure"
"""Name under which the way back is asked for: it is no step."""


@dataclass(frozen=True, slots=True)
class Answer:
    yes: bool
    by: str


@dataclass(frozen=True, slots=True)
class Valued:
    """A value that somebody answered."""

    value: str
    by: str


def accepts(question: Question, answer: str, typed: str) -> bool | None:
    """Yes, no, or None for an answer that does not count: the wrong name or phrase was typed."""
    if answer == "no":
        return False
    if answer != "yes":
        return None
    return True if question.confirm == "key" or typed == question.phrase else None


async def ask(session: Session, question: Question, *, blocked: tuple[str, ...] = (), but: frozenset[str] = frozenset()) -> Answer:
    """Journal the question and wait for a valid answer; an answer that came while no runner lived counts.

    `but`: persons whose answer does not count. Raises the Ending that comes first.
    """
    asked = await _standing(session, question, blocked)
    if session.record.assume_yes and question.confirm == "key" and not but and not question.retry:
        await _answer_yes(session, asked)
    while True:
        for entry, answer in _answers(session, asked):
            judged = accepts(asked, str(entry.body.get("answer")), str(entry.body.get("typed", "")))
            if judged is not None and answer.by not in but:
                return replace(answer, yes=judged)
        await session.signals.pause(FOREVER)


async def ask_value(session: Session, question: Question, *, anew: bool = False) -> Valued:
    """As `ask`, for a value. `anew`: the last answer did not pass, so that it is asked once more."""
    asked = await _standing(session, question, (), anew=anew)
    assert asked.challenge is not None
    while True:
        for entry, answer in _answers(session, asked):
            if entry.body.get("answer") == "value":
                try:
                    return Valued(read_value(asked.challenge, str(entry.body.get("value", ""))), answer.by)
                except ValueError:
                    continue  # written by something that did not read the question
        await session.signals.pause(FOREVER)


async def _standing(session: Session, question: Question, blocked: tuple[str, ...], *, anew: bool = False) -> Question:
    """The question as the journal asks it: the one that stands there, unless it is another one, or was let go of unanswered."""
    asked = _asked(session, question.step)
    over = asked is not None and session.record.question is None and not any(_answers(session, asked))
    if anew or over or asked is None or asked.asked_at is None or not _same(asked, question):
        await session.recorder.now("gate.asked", _body(question, blocked))
        asked = _asked(session, question.step)
    assert asked is not None
    return asked


def _answers(session: Session, asked: Question) -> Iterator[tuple[Entry, Answer]]:
    """Answers to this very question, oldest first: one to an earlier wording does not count."""
    at = _stamp(asked.asked_at)
    for entry in session.entries:
        if entry.type == "gate.answered" and entry.body.get("step") == asked.step and entry.body.get("asked_at") == at:
            yield entry, Answer(False, entry.actor)


def _asked(session: Session, step: str) -> Question | None:
    """The newest question of this name, answered or not."""
    for entry in reversed(session.entries):
        if entry.type == "gate.asked" and entry.body.get("step") == step:
            return question_of(entry)
    return None


def question_of(entry: Entry) -> Question:
    """The question that a `gate.asked` entry asks."""
    body = entry.body
    confirm = body.get("confirm")
    return Question(
        step=str(body.get("step")),
        text=str(body.get("question", "")),
        confirm=confirm if confirm in ("name", "phrase") else "key",
        key=str(body.get("key", "")),
        phrase=str(body.get("phrase", "")),
        differences=differences(body.get("differences")),
        asked_at=entry.at,
        challenge=challenge_of(body.get("challenge")),
        retry=bool(body.get("retry")),
    )


def _same(asked: Question, question: Question) -> bool:
    """May the question that stands in the journal go on standing?"""
    return replace(asked, asked_at=None) == replace(question, asked_at=None)


def _body(question: Question, blocked: tuple[str, ...]) -> dict[str, object]:
    return {
        "step": question.step,
        "question": question.text,
        "confirm": question.confirm,
        "key": question.key,
        "phrase": question.phrase,
        "differences": [_line(d) for d in question.differences],
        "blocked": list(blocked),
        **({"challenge": as_body(question.challenge)} if question.challenge else {}),
        **({"retry": True} if question.retry else {}),
    }


def _line(difference: Difference) -> dict[str, str]:
    line = asdict(difference)
    del line["severity"]
    return line


async def _answer_yes(session: Session, asked: Question) -> None:
    body = {"step": asked.step, "answer": "yes", "typed": "", "asked_at": _stamp(asked.asked_at)}
    await session.recorder.now("gate.answered", body)


def _stamp(at: datetime | None) -> str:
    return at.isoformat() if at else ""
