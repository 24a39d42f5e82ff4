"""A person is called once for each thing that waits, and not for what was over before the console was opened."""

from __future__ import annotations

from dataclasses import replace

from console.app.doorbell import Doorbell
from console.domain.run import RunRecord
from console.domain.views.title import call_text, title_text
from tests.domain.views.test_overview import known
from tests.screens import scenes

WAITS = scenes.at_the_gate().record
RUNS = scenes.waiting_for_pods().record
NEEDS = replace(RUNS, outcome="needs_operator", outcome_reason="it is not known whether it happened", closed_at=scenes.NOW)


def rung(*seen: tuple[RunRecord, ...]) -> list[str]:
    calls: list[RunRecord] = []
    bell = Doorbell(calls.append)
    for runs in seen:
        bell.hear(runs)
    return [call_text(run) for run in calls]


def test_a_question_rings_once_also_when_it_was_asked_before_the_console_was_opened() -> None:
    assert rung((WAITS,), (WAITS,), (RUNS,), (WAITS,)) == [
        "production: deploy v1.5.0 to green asks: Switch live traffic to green?",
        "production: deploy v1.5.0 to green asks: Switch live traffic to green?",
    ]


def test_a_run_that_comes_to_need_an_operator_rings_and_one_that_did_long_ago_does_not() -> None:
    assert rung((RUNS,), (NEEDS,), (NEEDS,)) == ["production: deploy v1.5.0 to green: it is not known whether it happened"]
    assert rung((NEEDS,), (NEEDS,)) == []


def test_the_title_says_how_things_stand_worst_first() -> None:
    state = known(scenes.well())
    assert title_text(state) == "● production: blue v1.4.2, well"
    assert title_text(replace(state, runs=(RUNS,))) == "● production: blue v1.4.2, well ▶ deploy v1.5.0 to green"
    assert title_text(replace(state, runs=(WAITS,))) == "‖ production: deploy v1.5.0 to green asks"
    assert title_text(known(scenes.api_lost())) == "? production: cannot be seen"
    assert title_text(replace(state, environment=None, connecting="prod")) == "? bluegreen: prod"
