"""The card of a run that was left to a person: its ways on follow the table of SAFETY 3.3."""

from __future__ import annotations

from datetime import UTC

import pytest

from console.domain.change import Difference
from console.domain.sight import Sight, Verdict, encode
from console.domain.views.decision import Card, decision
from console.domain.views.run import run_view
from tests.screens import scenes

LINES = [{"subject": c, "what": "slot", "before": "blue v1.4.2", "after": "green v1.5.0"} for c in ("backend", "frontend")]
LEFT = (Difference("frontend", "slot", "blue v1.4.2", "green v1.5.0"),)


def left(sight: Sight, *, live: str = "users are on green (v1.5.0)", outcome: str = "in_doubt") -> scenes.Log:
    """A deploy that was left to a person while it switched."""
    log = scenes.at_the_gate().add("gate.answered", step="gate", answer="yes").add("step.result", step="gate", outcome="done", reason="yes")
    log.add("step.started", step="traffic.switch", attempt=1)
    log.add("step.intent", step="traffic.switch", attempt=1, title="switch", differences=LINES, kubectl=[])
    log.add("step.result", step="traffic.switch", outcome=outcome, reason="no answer", seconds=3)
    return log.add("run.closed", outcome="needs_operator", reason="it is not known whether it happened", live=live, seen=encode(sight))


def card(log: scenes.Log) -> Card:
    found = decision(log.record)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("verdict", "text"),
    [
        ("not applied", "go on: the step is done again"),
        ("applied", "go on: the step counts as done"),
        ("partial", "go on: what is left is finished"),
        ("unknown", "go on: it is looked at again, then done or counted as done"),
        ("blocked", "go on: the step is planned again, once what stands against it is gone"),
    ],
)
def test_going_on_does_what_the_verdict_demands(verdict: Verdict, text: str) -> None:
    way = card(left(Sight(verdict))).choices[0]
    assert (way.way, way.text, way.key, way.command) == ("go on", text, "t", "bluegreen resume 41 --reason …")


def test_it_says_what_was_intended_and_what_is_seen() -> None:
    found = card(left(Sight("partial", left=LEFT, moved=True, back="blue v1.4.2, warm")))
    assert found.why == "it is not known whether it happened"
    assert found.intended == ("backend slot blue v1.4.2 → green v1.5.0", "frontend slot blue v1.4.2 → green v1.5.0")
    assert found.seen == ("it has happened in part; left is frontend slot blue v1.4.2 → green v1.5.0", "users are on green (v1.5.0)")
    assert [c.way for c in found.choices] == ["go on", "roll back", "stay"]


def test_what_is_split_cannot_stay() -> None:
    ways = {c.way: c for c in card(left(Sight("partial", split=True, moved=True, back="blue v1.4.2, warm"))).choices}
    assert set(ways) == {"go on", "roll back"}
    assert (ways["roll back"].text, ways["roll back"].key) == ("roll back to blue v1.4.2, warm", "r")


def test_without_a_change_of_traffic_there_is_nothing_to_go_back_from() -> None:
    assert [c.way for c in card(left(Sight("not applied", back="blue v1.4.2, warm"))).choices] == ["go on", "stay"]


def test_a_way_back_that_is_not_free_is_named_and_not_offered() -> None:
    found = card(left(Sight("applied", moved=True, back="blue v1.4.2, warm", no_way_back="blue has 0 of 3 pods")))
    assert [c.way for c in found.choices] == ["go on", "stay"]
    assert found.seen[-1] == "the way back to blue v1.4.2, warm is not free: blue has 0 of 3 pods"


def test_a_step_that_failed_is_not_gone_on_with() -> None:
    log = left(Sight("only looks", moved=True, back="blue v1.4.2, warm"), outcome="failed")
    assert not log.record.may_go_on
    assert [c.way for c in card(log).choices] == ["roll back", "stay"]


def test_a_decision_ends_the_card() -> None:
    log = left(Sight("applied")).add("run.settled", actor="bob", reason="it is fine")
    assert decision(log.record) is None
    assert log.record.settled == "bob: it is fine"
    again = left(Sight("applied")).add("run.reopened", actor="bob", reason="looked")
    assert (decision(again.record), again.record.open) == (None, True)


def test_an_older_record_without_a_look_is_still_a_card() -> None:
    log = scenes.waiting_for_pods().add("run.closed", outcome="needs_operator", reason="in doubt", live="users are on blue")
    assert [c.way for c in card(log).choices] == ["go on", "roll back", "stay"]


def test_a_run_that_was_let_go_tells_how_to_go_on() -> None:
    log = scenes.waiting_for_pods().add("run.released", reason="the machine goes down")
    assert [(c.key, c.command) for c in card(log).choices] == [
        ("t", "bluegreen resume 41"),
        ("a", "bluegreen abort 41 --reason …"),
    ]


def test_the_run_screen_shows_the_card_last_with_the_step_in_doubt() -> None:
    log = left(Sight("partial", left=LEFT, split=True, moved=True, back="blue v1.4.2, warm"), live="live traffic is SPLIT")
    view = run_view(log.record, entries=tuple(log.entries), usual={}, now=scenes.NOW, zone=UTC)
    assert view.rows[view.current].step == "traffic.switch"
    texts = [said.text for said in view.details["traffic.switch"]][-8:]
    assert texts == [
        "intended: backend slot blue v1.4.2 → green v1.5.0",
        "intended: frontend slot blue v1.4.2 → green v1.5.0",
        "seen now: it has happened in part; left is frontend slot blue v1.4.2 → green v1.5.0",
        "seen now: live traffic is SPLIT",
        "t  go on: what is left is finished",
        "$ bluegreen resume 41 --reason …",
        "r  roll back to blue v1.4.2, warm",
        "$ bluegreen rollback --reason …",
    ]
