"""The card of a run that was left to a person: what was intended, what was seen, and which ways on are legal (SAFETY 3.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, assert_never

from console.domain.change import Difference
from console.domain.run import RunRecord
from console.domain.sight import Sight
from console.domain.views.words import listed

Way = Literal["go on", "roll back", "stay", "take over"]


@dataclass(frozen=True)
class Choice:
    """One legal way on."""

    way: Way
    text: str
    """What comes of it."""
    key: str
    """On the Run screen."""
    command: str
    """The same on the command line."""


@dataclass(frozen=True)
class Card:
    """All that a person needs to decide."""

    why: str
    intended: tuple[str, ...]
    """Before → after of the step that did not end; empty where it only looks, or where all steps have ended."""
    seen: tuple[str, ...]
    choices: tuple[Choice, ...]


def decision(record: RunRecord) -> Card | None:
    """None while nothing has to be decided."""
    if record.open and record.released:
        return Card(record.released, _intended(record), (), tuple(_of_released(record)))
    if not record.undecided:
        return None
    sight = record.seen or Sight(text="nothing was looked at when it ended", moved=True)
    return Card(record.outcome_reason, _intended(record), tuple(_seen(record, sight)), tuple(_choices(record, sight)))


def _intended(record: RunRecord) -> tuple[str, ...]:
    step = record.current
    return tuple(_line(d) for d in step.differences if d.before != d.after) if step else ()


def _line(difference: Difference) -> str:
    return f"{difference.subject} {difference.what} {difference.before or 'nothing'} → {difference.after or 'nothing'}"


def _seen(record: RunRecord, sight: Sight) -> Iterator[str]:
    if record.current is not None:
        yield _verdict(sight)
    if record.live:
        yield record.live
    if (sight.split or sight.moved) and sight.no_way_back:
        yield f"the way back{' to ' + sight.back if sight.back else ''} is not free: {sight.no_way_back}"


def _verdict(sight: Sight) -> str:
    because = f": {sight.text}" if sight.text else ""
    match sight.verdict:
        case "applied":
            return f"it has happened{because}"
        case "not applied":
            return "it has not happened"
        case "partial":
            return f"it has happened in part; left is {listed(_line(d) for d in sight.left)}"
        case "blocked":
            return f"it may not be done as things are{because}"
        case "unknown":
            return f"it is not known whether it happened{because}"
        case "only looks":
            return f"nothing can be in doubt{because}"
        case _:
            assert_never(sight.verdict)


def _choices(record: RunRecord, sight: Sight) -> Iterator[Choice]:
    """By the table of SAFETY 3.3: what was not applied is done again, what was counts as done, what was in part is finished."""
    if record.may_go_on:
        yield Choice("go on", _going_on(sight), "t", f"bluegreen resume {record.id} --reason …")
    if (sight.split or sight.moved or record.direction == "back") and not sight.no_way_back:
        yield Choice("roll back", f"roll back to {sight.back}", "r", "bluegreen rollback --reason …")
    if not sight.split:
        yield Choice("stay", f"stop and stay: {record.live or 'nothing more is changed'}", "a", f"bluegreen abort {record.id} --reason …")


def _going_on(sight: Sight) -> str:
    match sight.verdict:
        case "applied":
            return "go on: the step counts as done"
        case "not applied":
            return "go on: the step is done again"
        case "partial":
            return "go on: what is left is finished"
        case "blocked":
            return "go on: the step is planned again, once what stands against it is gone"
        case "unknown":
            return "go on: it is looked at again, then done or counted as done"
        case "only looks":
            return "go on: the step is repeated"
        case _:
            assert_never(sight.verdict)


def _of_released(record: RunRecord) -> Iterator[Choice]:
    yield Choice("take over", "go on with a new runner", "t", f"bluegreen resume {record.id}")
    if not record.stop_requested:
        yield Choice("stay", "stop and stay, at the next safe point of that runner", "a", f"bluegreen abort {record.id} --reason …")
