"""What any other process does with a run: follow it, answer it, stop it, note something. All through the journal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Literal

from console.domain.challenge import read_value
from console.domain.entry import Draft, EntryType
from console.domain.errors import Refused, UsageError
from console.domain.ids import RunId
from console.domain.redact import redacted
from console.domain.run import Question, RunRecord, StepRecord
from console.domain.run_fold import advance, fold
from console.engine.questions import accepts
from console.journal.journal import Journal
from console.journal.ledger import Ledger


async def follow(ledger: Ledger, run: RunId) -> AsyncIterator[RunRecord]:
    """The record now and after each new entry; ends when the run is closed. Raises Refused when there is no such run."""
    entries = await ledger.read(run=run)
    record = _known(fold(entries), run)
    yield record
    if not record.open:
        return
    async for entry in ledger.tail(run=run, after=record.last_seq):
        record = advance(record, entry)
        yield record
        if not record.open:
            return


async def answer(
    ledger: Ledger, run: RunId, *, step: str, answer: Literal["yes", "no"], actor: str, typed: str = "", question: Question | None = None
) -> None:
    """Answer the question that the run asks at `step`.

    `question`: the one that was shown; an answer to it is not taken for one to a newer wording. Raises Refused when nothing is asked,
    UsageError for the wrong name or phrase.
    """
    record = await _open_run(ledger, run)
    asked = record.question
    if asked is None or asked.step != step:
        raise Refused(f"run {run} asks nothing at {step} now", hint=f"`bluegreen show {run}` tells what it does")
    if question is not None and question.asked_at != asked.asked_at:
        raise Refused("the question is not the one you answered any more", hint="Look at it again")
    if accepts(asked, answer, typed) is None:
        raise UsageError(f"{typed!r} is not {asked.phrase!r}", hint=f"Type {asked.phrase!r} to say yes")
    asked_at = asked.asked_at.isoformat() if asked.asked_at else ""
    await _append(ledger, run, "gate.answered", actor, {"step": step, "answer": answer, "typed": typed, "asked_at": asked_at})


async def answer_value(ledger: Ledger, run: RunId, *, value: str, actor: str, step: str = "", question: Question | None = None) -> str:
    """Answer the item that asks for a value (`step`: that one and no other); returns the item's name.

    The runner judges whether the value passes. Raises Refused when no value is asked for, UsageError for what is no value.
    """
    record = await _open_run(ledger, run)
    asked = record.question
    if asked is None or asked.challenge is None or (step and asked.step != step):
        raise Refused(f"run {run} asks for no value now", hint=f"`bluegreen show {run}` tells what it does")
    if question is not None and question.asked_at != asked.asked_at:
        raise Refused("the question is not the one you answered any more", hint="Look at it again")
    try:
        read = read_value(asked.challenge, redacted(value))
    except ValueError as problem:
        raise UsageError(str(problem), hint=f"Wanted: {asked.challenge.hint}") from None
    asked_at = asked.asked_at.isoformat() if asked.asked_at else ""
    await _append(ledger, run, "gate.answered", actor, {"step": asked.step, "answer": "value", "value": read, "asked_at": asked_at})
    return asked.step


async def skip(ledger: Ledger, run: RunId, *, reason: str, actor: str, step: str = "") -> str:
    """Pass over the current item (`step`: that one and no other); returns its name. It stays visible as skipped, by whom and why.

    Raises Refused for what may not be skipped, UsageError without a reason.
    """
    if not reason.strip():
        raise UsageError("skipping needs a reason", hint="Say why it is not needed, or who does it otherwise")
    record = await _open_run(ledger, run)
    current = record.current
    if current is None or (step and current.name != step):
        raise Refused(f"run {run} is not at {step or 'an item'} now", hint=f"`bluegreen show {run}` tells where it is")
    if not current.skippable:
        raise Refused(
            f"{current.title}: may not be skipped", hint=f"`bluegreen suspend {run}` lets go of the run, `bluegreen abort {run}` ends it"
        )
    await _append(ledger, run, "gate.answered", actor, {"step": current.name, "answer": "skip", "reason": redacted(reason.strip())})
    return current.name


async def suspend(ledger: Ledger, run: RunId, *, reason: str, actor: str) -> None:
    """Ask the runner to let go of the run at its next safe point; any console goes on with it later. Raises UsageError without a reason."""
    if not reason.strip():
        raise UsageError("suspending needs a reason", hint="Say until when, or what is waited for")
    record = await _open_run(ledger, run)
    if record.released:
        raise Refused(f"run {run} is let go of already: {record.released}", hint=f"`bluegreen resume {run}` goes on with it")
    await _append(ledger, run, "run.suspend_requested", actor, {"reason": f"suspended by {actor}: {redacted(reason.strip())}"})


async def skip_wait(ledger: Ledger, run: RunId, *, step: str, actor: str) -> None:
    """Cut the running wait short. Raises Refused when that step is not waiting."""
    record = await _open_run(ledger, run)
    current = record.current
    if current is None or current.name != step or current.kind != "wait":
        raise Refused(f"run {run} does not wait at {step} now", hint=f"`bluegreen show {run}` tells what it does")
    await _append(ledger, run, "gate.answered", actor, {"step": step, "answer": "skip"})


async def stop(ledger: Ledger, run: RunId, *, reason: str, actor: str) -> None:
    """Ask the run to stop and stay where it is; honoured at its next safe point."""
    await _open_run(ledger, run)
    await _append(ledger, run, "run.stop_requested", actor, {"reason": reason or f"{actor} asked to stop"})


async def note(ledger: Ledger, run: RunId, *, text: str, actor: str, step: str = "") -> None:
    """Write a person's words into the record, while the run is open or afterwards; with `step` to that item."""
    if not text.strip():
        raise UsageError("an empty note says nothing", hint="Write what you saw, decided or were told")
    record = _known(fold(await ledger.read(run=run)), run)
    about = {"step": item(record, step).name} if step else {}
    await _append(ledger, run, "run.note", actor, {"text": redacted(text.strip()), **about})


def item(record: RunRecord, name: str) -> StepRecord:
    """The step of this name, or of this number in the list. Raises UsageError when there is none."""
    steps = record.steps
    found = next((s for number, s in enumerate(steps, 1) if name in (s.name, str(number))), None)
    if found is None:
        raise UsageError(f"run {record.id} has no step {name!r}", hint=f"1 to {len(steps)}, or one of {', '.join(s.name for s in steps)}")
    return found


async def take_over(ledger: Ledger, run: RunId, *, reason: str, actor: str) -> None:
    """Let the next runner of this run take the lease from a holder that does not answer. Raises UsageError without a reason."""
    if not reason.strip():
        raise UsageError("a take-over needs a reason", hint="Say why the other driver may be pushed aside")
    await _open_run(ledger, run)
    await _append(ledger, run, "run.take_over", actor, {"reason": reason})


async def go_on(journal: Journal, run: RunId, *, reason: str, actor: str) -> None:
    """Let another runner go on with a run that was left to a person; its crashes are counted anew.

    Raises UsageError without a reason, Refused when it was not left at a step in doubt, RunIsOpen while another run is on.
    """
    record = _known(fold(await journal.read(run=run)), run)
    if not record.may_go_on:
        raise Refused(f"run {run} cannot go on: it {_how(record)}", hint="Start a new one: it finds what is already done")
    if not reason.strip():
        raise UsageError(f"run {run} was left to a person: going on with it needs a reason", hint="Give one with --reason")
    await journal.reopen_run(Draft("run.reopened", run, actor, {"reason": reason}))


async def settle(ledger: Ledger, run: RunId, *, reason: str, actor: str, split: bool) -> None:
    """Decide that a run which was left to a person stays as it is. `split`: whether the Services disagree now; then it may not."""
    record = _known(fold(await ledger.read(run=run)), run)
    if not record.undecided:
        raise Refused(f"nothing has to be decided about run {run}: it {_how(record)}")
    if split:
        raise Refused("live traffic is SPLIT: it cannot stay like this", hint="Roll back: `bluegreen rollback`")
    await _append(ledger, run, "run.settled", actor, {"reason": reason or f"{actor} decided that it stays as it is"})


def _how(record: RunRecord) -> str:
    if record.open:
        return "is on"
    return f"ended {record.outcome}" + (f", settled by {record.settled}" if record.settled else "")


async def _open_run(ledger: Ledger, run: RunId) -> RunRecord:
    record = _known(fold(await ledger.read(run=run)), run)
    if not record.open:
        raise Refused(f"run {run} has ended: {record.outcome}")
    return record


def _known(record: RunRecord | None, run: RunId) -> RunRecord:
    if record is None:
        raise Refused(f"there is no run {run}", hint="`bluegreen runs` lists them")
    return record


async def _append(ledger: Ledger, run: RunId, kind: EntryType, actor: str, body: dict[str, object]) -> None:
    await ledger.append([Draft(kind, run, actor, body)])
