"""A run on the command line: what is printed, when it is left, and how its questions are answered."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from console.cli.following import ask, follow_to_end, run_lines
from console.cli.options import Options
from console.domain.change import Difference
from console.domain.ids import Epoch, RunId
from console.domain.run import Question, RunRecord, StepRecord, StepState
from console.domain.views.lines import plain

START = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
GATE = Question(
    "gate", "Switch live traffic to green?", key="s", differences=(Difference("api", "slot", "blue v1", "green v2"),), asked_at=START
)


def run(*steps: StepRecord, **more: object) -> RunRecord:
    record = RunRecord(
        id=RunId(7), uid="u", environment="production", runbook="deploy", title="deploy v2 to green", runbook_digest="", plan_digest="",
        opened_at=START, by="alice", reason="CHG-1", inputs={}, bindings={}, fingerprint={}, steps=steps, epoch=Epoch(1),
    )  # fmt: skip
    return replace(record, **more)  # type: ignore[arg-type]


def step(name: str, state: StepState, reason: str = "", *, seconds: float | None = None) -> StepRecord:
    ended = START + timedelta(seconds=seconds) if seconds is not None else None
    return StepRecord(name, "do", f"do {name}", state=state, reason=reason, started_at=START, ended_at=ended)


async def told(*records: RunRecord) -> AsyncIterator[RunRecord]:
    for record in records:
        yield record


async def never(step: str, said: str, typed: str) -> None:
    raise AssertionError("nobody answers")


async def followed(*records: RunRecord, wait: bool = False) -> int:
    return await follow_to_end(told(*records), Options(), answer=never, interactive=False, wait=wait)


async def test_each_step_is_told_when_it_begins_and_ends(capsys: pytest.CaptureFixture[str]) -> None:
    begun = run(step("apply", StepState.RUNNING))
    ended = run(step("apply", StepState.DONE, "2 images changed", seconds=0.3))
    closed = replace(ended, outcome="done", live="users are on green (v2)", closed_at=START + timedelta(seconds=2))
    assert await followed(begun, begun, ended, closed) == 0
    assert capsys.readouterr().out.splitlines() == [
        "deploy v2 to green on PRODUCTION (run 7)   by alice: CHG-1",
        "  1  ▶ do apply",
        "  1  ✔ do apply   2 images changed   0.3s",
        "✔ done after 2.0s: users are on green (v2)",
    ]


@pytest.mark.parametrize(("outcome", "code"), [("failed", 1), ("refused", 3), ("needs_operator", 4), ("rolled_back", 5), ("stopped", 1)])
async def test_the_exit_code_is_the_outcomes(outcome: str, code: int) -> None:
    assert await followed(run(outcome=outcome, closed_at=START)) == code


async def test_without_a_terminal_a_question_ends_the_following_with_6(capsys: pytest.CaptureFixture[str]) -> None:
    asked = run(step("gate", StepState.WAITING), question=GATE)
    assert await followed(asked, run(outcome="done", closed_at=START)) == 6
    said = capsys.readouterr().out
    assert "Switch live traffic to green?" in said
    assert "api  slot  blue v1 → green v2" in said
    assert "bluegreen attach 7" in said


async def test_a_question_that_yes_answers_is_not_waited_for() -> None:
    asked = run(step("gate", StepState.WAITING), question=GATE, assume_yes=True)
    assert await followed(asked, run(outcome="done", closed_at=START)) == 0


async def test_yes_does_not_answer_a_name_that_has_to_be_typed() -> None:
    asked = run(step("gate", StepState.WAITING), question=replace(GATE, confirm="name", phrase="production"), assume_yes=True)
    assert await followed(asked, run(outcome="done", closed_at=START)) == 6


async def test_who_waits_follows_past_a_question() -> None:
    asked = run(step("gate", StepState.WAITING), question=GATE)
    assert await followed(asked, run(outcome="done", closed_at=START), wait=True) == 0


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Write what a person types; the question reads it as lines."""
    reading, writing = os.pipe()
    stdin = os.fdopen(reading, "r")
    monkeypatch.setattr("sys.stdin", stdin)
    yield lambda text: os.write(writing, text.encode())
    os.close(writing)
    stdin.close()


async def answered(question: Question) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []

    async def take(step: str, said: str, typed: str) -> None:
        found.append((step, said, typed))

    async with asyncio.timeout(5):
        await ask(question, take)
    return found


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("s\n", [("gate", "yes", "s")]),
        ("no\n", [("gate", "no", "")]),
        ("\n\ny\nS\ns\n", [("gate", "yes", "s")]),
    ],
    ids=["the key", "no", "Enter, another key and the wrong case are no answer"],
)
async def test_only_the_verbs_key_confirms(terminal: object, typed: str, expected: list[tuple[str, str, str]]) -> None:
    assert callable(terminal)
    terminal(typed)
    assert await answered(GATE) == expected


async def test_a_name_has_to_be_typed_whole(terminal: object) -> None:
    assert callable(terminal)
    terminal("prod\ny\nproduction\n")
    assert await answered(replace(GATE, confirm="name", phrase="production")) == [("gate", "yes", "production")]


def test_a_whole_run_is_printed_with_evidence_and_notes() -> None:
    record = run(
        step("apply", StepState.FAILED, "image not found", seconds=3.0),
        notes=((START, "bob", "registry is down"),),
        outcome="failed",
        closed_at=START,
    )
    text = "\n".join(plain(line) for line in run_lines(record, {"apply": 2.0}))
    assert "✗ do apply   image not found   3.0s   usually 2.0s" in text
    assert "bob: registry is down" in text
