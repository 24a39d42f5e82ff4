"""A run on the command line: its steps as they happen, its questions asked at the terminal, its end as an exit code."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from console.cli.options import Options
from console.cli.output import plain, print_lines
from console.domain.run import WAITING_EXIT_CODE, Question, RunRecord, StepRecord, StepState
from console.domain.views.decision import decision
from console.domain.views.lines import Line, marked, span
from console.domain.views.marks import Mark
from console.domain.views.run import card_said, difference_text, outcome_words, run_view, step_mark

Answer = Callable[[str, str, str], Awaitable[None]]
"""Journals the answer to a step's question: step, yes or no, what was typed."""


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
            if not record.open:
                break
    finally:
        await _stopped(asking)
    if last is None:
        return WAITING_EXIT_CODE
    printed.end(last)
    return last.exit_code


def _for_a_person(record: RunRecord) -> Question | None:
    """The question that waits for somebody; the runner answers those of one key itself where the run was started with `--yes`."""
    question = record.question
    return None if question is None or (record.assume_yes and question.confirm == "key") else question


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
            print_lines(
                [marked(Mark.WAITING, f"run {record.id} waits for a person; answer with `bluegreen attach {record.id}`")], self._options
            )
            return
        mark, words = outcome_words(record.outcome)
        said = [t for t in (record.outcome_reason, record.live) if t]
        took = ((record.closed_at or record.opened_at) - record.opened_at).total_seconds()
        print_lines([marked(mark, f"{words} after {took:.1f}s" + (": " + ". ".join(said) if said else ""))], self._options)
        print_lines(card_lines(record), self._options)


def run_json(record: RunRecord) -> dict[str, object]:
    """A run as JSON: the record, the exit code that it means, and what a person has to decide (null where nothing)."""
    body = plain(record)
    assert isinstance(body, dict)
    return {**body, "exit_code": record.exit_code, "decision": plain(decision(record))}


def run_lines(record: RunRecord, usual: dict[str, float]) -> list[Line]:
    """A whole run as text."""
    view = run_view(record, usual=usual, now=datetime.now(UTC), zone=UTC)
    lines: list[Line] = [(span(view.title, "title"), span("   "), *marked(view.mark, view.status))]
    for row in view.rows:
        rest = "   ".join(t for t in (row.text, row.elapsed, row.timing) if t)
        lines.append((span(f" {row.number:>2}  ", "dim"), *marked(row.mark, row.title), span(f"   {rest}" if rest else "", row.tone)))
        lines += [
            (span(f"        {said.text}", "dim"),)
            for said in view.details.get(row.step, ())
            if " → " in said.text or said.text.startswith("$ ")
        ]
    if view.summary:
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
    """Ask until the answer is the one that confirms, or a no. What was typed before the question stood there is dropped."""
    wanted = (question.key or "y") if question.confirm == "key" else question.phrase
    _drop_typed_ahead()
    async with _stdin_lines() as lines:
        while True:
            print(f"      type {wanted!r} and Enter to confirm, 'no' to decline, Ctrl-C to detach: ", end="", flush=True)
            text = (await lines.readline()).decode("utf-8", "replace")
            said = text.strip()
            if not text:
                return  # the terminal is gone: the run goes on waiting
            if said == wanted:
                return await answer(question.step, "yes", said)
            if said.lower() in ("no", "n"):
                return await answer(question.step, "no", "")
            if said:
                print(f"      {said!r} is neither {wanted!r} nor 'no'")


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
