"""A run on the command line: its steps as they happen, its questions asked at the terminal, its end as an exit code."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from console.cli.options import Options
from console.cli.output import plain, print_lines
from console.domain.errors import Refused, UsageError
from console.domain.ids import RunId
from console.domain.run import WAITING_EXIT_CODE, Question, RunRecord, StepRecord, StepState
from console.domain.views.checklist import kept_text, phase_words, skipped_words
from console.domain.views.decision import decision
from console.domain.views.lines import Line, marked, span
from console.domain.views.marks import Mark
from console.domain.views.run import card_said, difference_text, outcome_words, run_view, step_mark

if TYPE_CHECKING:
    from console.journal.ledger import Ledger

Answer = Callable[[str, str, str], Awaitable[None]]
"""Journals what was said to a step's question: step, `yes`, `no`, `value`, `skip`, `note` or `suspend`, and what was typed."""


async def follow_to_end(
    records: AsyncIterator[RunRecord], options: Options, *, answer: Answer, interactive: bool, wait: bool = False
) -> int:
    """Print the run until it ends and return its exit code.

    A question is asked at the terminal; where there is none, 6 is returned at once and the run goes on waiting, unless `wait` is given.
    """
    printed = Printer(options)
    asking: asyncio.Task[None] | None = None
    asked: Question | None = None
    last: RunRecord | None = None
    driven = False
    try:
        async for record in records:
            last = record
            printed.show(record)
            if _for_a_person(record) != asked:
                await _stopped(asking)
                asking, asked = None, _for_a_person(record)
                if asked is not None and interactive:
                    asking = asyncio.create_task(ask(asked, answer))
                elif asked is not None and not wait:
                    break
            driven = driven or bool(record.driver)
            if not record.open or (record.released and driven):
                break  # suspended while we looked
    finally:
        await _stopped(asking)
    if last is None:
        return WAITING_EXIT_CODE
    printed.end(last)
    return last.exit_code


def _for_a_person(record: RunRecord) -> Question | None:
    """The question that waits for somebody; the runner answers those of one key itself where the run was started with `--yes`."""
    question = record.question
    if question is None or (record.assume_yes and question.confirm == "key" and not question.challenge and not question.retry):
        return None
    return question


async def _stopped(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Printer:
    """One line per step that begins, says something new, or ends."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._before: RunRecord | None = None

    def show(self, record: RunRecord) -> None:
        """What is new since the last record."""
        before, self._before = self._before, record
        if self._options.as_json:
            return
        if before is None:
            title = f"{record.title} on {record.environment.upper()} (run {record.id})"
            print_lines(
                [(span(title, "title"), span(f"   by {record.by}" + (f": {record.reason}" if record.reason else ""), "dim"))], self._options
            )
        for number, step in enumerate(record.steps, 1):
            old = before.steps[number - 1] if before and len(before.steps) >= number else None
            if line := _news(number, step, old):
                print_lines([line], self._options)
        if record.question and (before is None or record.question != before.question):
            print_lines(_question_lines(record), self._options)
        sys.stdout.flush()

    def end(self, record: RunRecord) -> None:
        """How it ended, or what it waits for."""
        if self._options.as_json:
            from console.cli.output import print_json

            print_json(run_json(record))
            return
        if record.outcome is None:
            print_lines([marked(Mark.WAITING, _waiting(record))], self._options)
            return
        mark, words = outcome_words(record.outcome)
        said = [t for t in (record.outcome_reason, record.live) if t]
        took = ((record.closed_at or record.opened_at) - record.opened_at).total_seconds()
        print_lines([marked(Mark.OFF, skipped_words(step)) for step in record.skipped], self._options)
        print_lines([marked(mark, f"{words} after {took:.1f}s" + (": " + ". ".join(said) if said else ""))], self._options)
        print_lines(card_lines(record), self._options)


def _waiting(record: RunRecord) -> str:
    """What an open run that is left waits for, and how it is gone on with."""
    if record.released:
        return f"run {record.id} was let go of: {record.released}; `bluegreen resume {record.id}` goes on with it"
    question = record.question
    if question and question.challenge:
        return f"run {record.id} waits for a value ({question.challenge.hint}); answer with `bluegreen answer {record.id} --value …`"
    return f"run {record.id} waits for a person; answer with `bluegreen attach {record.id}`"


def run_json(record: RunRecord) -> dict[str, object]:
    """A run as JSON: the record, the exit code that it means, and what a person has to decide (null where nothing)."""
    body = plain(record)
    assert isinstance(body, dict)
    return {**body, "exit_code": record.exit_code, "decision": plain(decision(record))}


def run_lines(record: RunRecord, usual: dict[str, float]) -> list[Line]:
    """A whole run as text."""
    view = run_view(record, usual=usual, now=datetime.now(UTC), zone=UTC)
    lines: list[Line] = [(span(view.title, "title"), span("   "), *marked(view.mark, view.status))]
    lines += [marked(Mark.OFF, skipped_words(step)) for step in record.skipped]
    phase = ""
    for step, row in zip(record.steps, view.rows, strict=True):
        if step.phase != phase:
            phase = step.phase
            lines.append((span(f" {phase_words(record, phase)}", "strong"),))
        rest = "   ".join(t for t in (row.text, row.elapsed, row.timing) if t)
        lines.append((span(f" {row.number:>2}  ", "dim"), *marked(row.mark, row.title), span(f"   {rest}" if rest else "", row.tone)))
        lines += [
            (span(f"        {said.text}", "dim"),)
            for said in view.details.get(row.step, ())
            if " → " in said.text or said.text.startswith("$ ")
        ]
        lines += [(span(f"        {kept_text(kept)}", "dim"),) for kept in step.kept]
        lines += [(span(f"        {line}", "dim"),) for line in (step.output if not step.passed else ())]
    if record.question and record.question.challenge:
        lines.append(marked(Mark.WAITING, f"{record.question.text} Answer with {record.question.challenge.hint}", "strong"))
    elif view.summary:
        lines.append(marked(view.summary_mark, view.summary) if view.summary_mark else (span(view.summary),))
    lines += card_lines(record)
    lines += [(span(f" note  {at:%H:%M:%S} {who}: {text}"),) for at, who, text in record.notes]
    return lines


def card_lines(record: RunRecord) -> list[Line]:
    """What a person has to decide about a run, with the command for each way on; nothing where nothing has to be decided."""
    card = decision(record)
    if card is None:
        return []
    said = card_said(card, keys=False)
    return [marked(s.mark, s.text, s.tone) if s.mark else (span(f"      {s.text}", s.tone),) for s in said]


def _news(number: int, step: StepRecord, old: StepRecord | None) -> Line | None:
    if old is not None and (step.state, step.reason) == (old.state, old.reason):
        return None
    head = span(f" {number:>2}  ", "dim")
    if step.state is StepState.TO_COME or (step.state is StepState.WAITING and not step.ended):
        return None
    if step.state is StepState.RUNNING:
        if old is not None and old.state is StepState.RUNNING:
            return (head, span(f"  {step.reason}", "dim"))
        return (head, *marked(Mark.RUNNING, step.title))
    took = f"   {(step.ended_at - step.started_at).total_seconds():.1f}s" if step.ended_at and step.started_at else ""
    return (head, *marked(step_mark(step.state), step.title), span(f"   {step.reason}" if step.reason else ""), span(took, "dim"))


def _question_lines(record: RunRecord) -> list[Line]:
    question = record.question
    assert question is not None
    lines: list[Line] = [marked(Mark.WAITING, question.text, "strong")]
    return lines + [(span(f"      {difference_text(d)}"),) for d in question.differences]


async def ask(question: Question, answer: Answer) -> None:
    """Ask until an answer is journaled. What was typed before the question stood there is dropped."""
    _drop_typed_ahead()
    async with _stdin_lines() as lines:
        while True:
            print(f"      {_prompt(question)}: ", end="", flush=True)
            text = (await lines.readline()).decode("utf-8", "replace")
            if not text:
                return  # the terminal is gone: the run goes on waiting
            meant = _meant(question, text.strip())
            if meant is None:
                continue
            try:
                await answer(question.step, *meant)
            except (UsageError, Refused) as problem:
                print(f"      {problem}")
            else:
                if meant[0] != "note":
                    return


SKIPS, NOTES, SUSPENDS = ":skip ", ":note ", ":suspend "


def _prompt(question: Question) -> str:
    wishes = "':skip WHY', ':note TEXT', ':suspend WHY', Ctrl-C to detach"
    if question.challenge:
        return f"answer with {question.challenge.hint}; or {wishes}"
    if question.retry:
        return f"type {_wanted(question)!r} and Enter to try again, 'no' to end the run; or {wishes}"
    return f"type {_wanted(question)!r} and Enter to confirm, 'no' to decline, Ctrl-C to detach"


def _meant(question: Question, said: str) -> tuple[str, str] | None:
    """What was typed as an answer and its text; None, and a word about it, for what is none."""
    if question.challenge or question.retry:
        for word in (SKIPS, NOTES, SUSPENDS):
            if said.startswith(word):
                return word.strip(": "), said.removeprefix(word).strip()
    if not said:
        return None
    if question.challenge:
        if said.startswith(":"):
            print(f"      {said!r} is no wish of a checklist")
            return None
        return "value", said
    if said == _wanted(question):
        return "yes", said
    if said.lower() in ("no", "n"):
        return "no", ""
    print(f"      {said!r} is neither {_wanted(question)!r} nor 'no'")
    return None


def _wanted(question: Question) -> str:
    return (question.key or "y") if question.confirm == "key" else question.phrase


async def journal_said(ledger: Ledger, run: RunId, *, actor: str, step: str, said: str, text: str) -> None:
    """Write what a person at a terminal meant. Raises UsageError and Refused for what cannot be meant now."""
    from console.engine import follow

    match said:
        case "value":
            await follow.answer_value(ledger, run, value=text, actor=actor, step=step)
        case "skip":
            await follow.skip(ledger, run, reason=text, actor=actor, step=step)
        case "note":
            await follow.note(ledger, run, text=text, actor=actor, step=step)
        case "suspend":
            await follow.suspend(ledger, run, reason=text, actor=actor)
        case _:
            await follow.answer(ledger, run, step=step, answer="yes" if said == "yes" else "no", actor=actor, typed=text)


def _drop_typed_ahead() -> None:
    if sys.stdin.isatty():
        import termios

        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)


@asynccontextmanager
async def _stdin_lines() -> AsyncIterator[asyncio.StreamReader]:
    """Lines that a person types, without a thread that could not be ended. Standard input stays open afterwards."""
    reader = asyncio.StreamReader()
    mine = os.fdopen(os.dup(sys.stdin.fileno()), "rb", buffering=0)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), mine)
    try:
        yield reader
    finally:
        transport.close()
        os.set_blocking(sys.stdin.fileno(), True)  # the pipe's flags are shared with whoever reads after us
