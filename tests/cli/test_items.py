"""Items at a terminal without a screen: what is typed becomes a value, a skip, a note; what is no answer is said and asked again."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from console.cli.following import Printer, ask, run_lines
from console.cli.main import COMMANDS, bluegreen
from console.cli.options import Options
from console.domain.challenge import Challenge
from console.domain.errors import UsageError
from console.domain.run import Question
from console.domain.views.lines import plain
from console.domain.views.report import ReportView, report_text
from tests.screens import checklists

AT = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
SESSIONS = Question("stop", "How many sessions are left?", challenge=Challenge("number", least=0, unit="sessions"), asked_at=AT)
AGAIN = Question("smoke", "exit code 1. Try again?", key="t", retry=True, asked_at=AT)


@pytest.fixture
def types(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Write what a person types."""
    reading, writing = os.pipe()
    stdin = os.fdopen(reading, "r")
    monkeypatch.setattr("sys.stdin", stdin)
    yield lambda text: os.write(writing, text.encode())
    os.close(writing)
    stdin.close()


async def meant(question: Question, *, refuse: int = 0) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []

    async def take(step: str, said: str, typed: str) -> None:
        assert step == question.step
        found.append((said, typed))
        if len(found) <= refuse:
            raise UsageError("3 is not from 0 to 2")

    async with asyncio.timeout(20):
        await ask(question, take)
    return found


@pytest.mark.parametrize(
    ("question", "typed", "expected"),
    [
        (SESSIONS, "\n0\n", [("value", "0")]),
        (SESSIONS, ":skip done by the provider\n", [("skip", "done by the provider")]),
        (SESSIONS, ":note paused\n:suspend until two\n", [("note", "paused"), ("suspend", "until two")]),
        (SESSIONS, ":skp x\nyes\n", [("value", "yes")]),
        (AGAIN, "x\nt\n", [("yes", "t")]),
        (AGAIN, "no\n", [("no", "")]),
        (AGAIN, ":skip known\n", [("skip", "known")]),
    ],
)
async def test_what_is_typed_is_what_is_meant(types: object, question: Question, typed: str, expected: list[tuple[str, str]]) -> None:
    assert callable(types)
    types(typed)
    assert await meant(question) == expected


async def test_a_value_that_is_refused_is_asked_for_again(types: object, capsys: pytest.CaptureFixture[str]) -> None:
    assert callable(types)
    types("3\n2\n")
    assert await meant(SESSIONS, refuse=1) == [("value", "3"), ("value", "2")]
    assert "3 is not from 0 to 2" in capsys.readouterr().out


def test_a_checklist_is_printed_by_phases_with_what_was_skipped_first() -> None:
    lines = [plain(line).rstrip() for line in run_lines(checklists.over().record, {})]
    assert lines[1] == "○ notify the stakeholders: skipped by bob: announced on Friday"
    assert " pre-migration 3 of 3" in lines
    assert any("evidence restore.log (12 KB, sha256 9f31c2aa019f…), by alice in bastion-2:/var/lib/x/restore.log" in line for line in lines)
    assert lines.index(" pre-migration 3 of 3") < lines.index(" execution 3 of 3") < lines.index(" post-migration 2 of 2")


def test_a_report_begins_with_what_was_skipped() -> None:
    log = checklists.over()
    text = report_text(ReportView("traider", log.record, tuple(log.entries), "whole", "1:x", AT))
    assert text.index("> **Not done: notify the stakeholders**, skipped by bob: announced on Friday") < text.index("## Steps")


def test_one_that_waits_says_for_what_and_how_to_answer(capsys: pytest.CaptureFixture[str]) -> None:
    Printer(Options()).end(checklists.asking_for_sessions().record)
    assert (
        "run 43 waits for a value (a number of 0 or more (sessions)); answer with `bluegreen answer 43 --value …`"
        in capsys.readouterr().out
    )
    Printer(Options()).end(checklists.suspended().record)
    assert "suspended by bob: the window opens at 02:00; `bluegreen resume 43` goes on with it" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["answer", "skip", "note", "evidence", "suspend"])
def test_every_command_explains_itself_and_needs_what_it_needs(name: str) -> None:
    assert COMMANDS[name][1]
    told = CliRunner().invoke(bluegreen, [name, "--help"])
    assert told.exit_code == 0
    assert len(told.output.splitlines()) > 12
    assert CliRunner().invoke(bluegreen, [name, "7"]).exit_code == 2
