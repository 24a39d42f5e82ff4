"""A run before, during and after, and the questions it asks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from console.domain.views import question as questions
from console.domain.views.entries import saying
from console.domain.views.marks import Mark
from console.domain.views.plan import PlanRow, PlanView
from console.domain.views.run import RunView, plan_view, run_view
from tests.screens import scenes
from tests.screens.fake_desk import deploy_plan, rollback_plan


def run(log: scenes.Log, *, later: float = 0.0) -> RunView:
    return run_view(
        log.record, entries=tuple(log.entries), usual={"rollout.wait": 21.0}, now=scenes.NOW + timedelta(seconds=later), zone=UTC
    )


def test_progress_shows_what_it_waits_for_how_long_and_how_long_usually() -> None:
    view = run(scenes.waiting_for_pods())
    assert (view.phase, view.title) == ("progress", "deploy v1.5.0 to green on PRODUCTION (run 41)")
    assert view.status == "running 40s ▪ driven by alice@bastion-2"
    row = view.rows[view.current]
    assert (row.number, row.mark, row.elapsed, row.timing) == (4, Mark.RUNNING, "38s", "usually 21s, limit 10m")
    assert (row.late, row.brief) == (True, "38s late")
    assert row.text == "backend has 2 of 3 pods available, frontend 3 of 3"
    assert [r.timing for r in view.rows[4:7]] == ["limit 30s", "", "limit 30s"]


def test_a_step_is_late_once_it_takes_clearly_longer_than_earlier_runs() -> None:
    row = run(scenes.waiting_for_pods(), later=-15).rows[3]
    assert (row.elapsed, row.late, row.brief) == ("23s", False, "23s")


def test_a_wait_tells_what_is_left_and_is_neither_late_nor_silent() -> None:
    view = run(scenes.baking(), later=60)
    row = view.rows[1]
    assert (row.elapsed, row.timing, row.late) == ("1m39s", "13m20s left", False)
    assert view.status == "running 1m45s ▪ driven by alice@bastion-2"


def test_what_is_left_of_a_wait_is_told_by_the_clock_of_the_api_server() -> None:
    log = scenes.baking()
    view = run_view(log.record, usual={}, now=scenes.NOW, server_now=scenes.NOW + timedelta(seconds=30), zone=UTC)
    assert view.rows[1].timing == "13m50s left"


def test_a_run_is_measured_by_what_such_a_run_takes_once_every_step_was_done_before() -> None:
    log = scenes.baking()
    usual = {"traffic.switch": 0.1, "bake": 900.0, "slots.mark_stable": 0.2}
    view = run_view(log.record, usual=usual, now=scenes.NOW, zone=UTC)
    assert view.status == "running 45s of 15m00s as a rule ▪ driven by alice@bastion-2"


def test_a_step_that_says_nothing_for_long_is_said_to_be_silent() -> None:
    assert run(scenes.waiting_for_pods(), later=60).status.endswith("▪ silent for 1m08s")


def test_a_gate_waits_for_a_person_and_its_question_is_the_summary() -> None:
    view = run(scenes.at_the_gate())
    assert view.status.startswith("waits for a person for 4s")
    assert (view.summary, view.summary_mark) == ("Switch live traffic to green?", Mark.WAITING)


def test_a_record_says_how_it_ended_and_where_users_are() -> None:
    view = run(scenes.finished(at=scenes.ago(3600)))
    assert (view.phase, view.mark) == ("record", Mark.DONE)
    assert view.status == "done at 01:41 after 14s"
    assert view.summary == "Users are on blue v1.4.2"


def test_a_run_without_a_runner_says_what_to_do() -> None:
    view = run(scenes.waiting_for_pods().add("run.released", reason="the machine goes down"))
    assert view.status == "let go by its runner: the machine goes down ▪ take over to go on"


def test_the_journal_of_a_step_has_its_changes_its_commands_and_what_people_said_meanwhile() -> None:
    log = scenes.waiting_for_pods().add("run.note", 1, actor="bob", text="looking at the database")
    texts = [said.text for said in run(log).details["rollout.wait"]]
    assert texts == ["begins", "backend has 2 of 3 pods available, frontend 3 of 3", "bob notes: looking at the database"]
    applied = [said.text for said in run(log).details["slots.apply"]]
    assert applied[0] == "backend  image  v1.4.1 → v1.5.0"
    assert applied[1].startswith("$ kubectl --namespace traider-prod set image")


def test_a_plan_shows_what_would_change_and_counts_it() -> None:
    view = plan_view(deploy_plan({"release": "v1.5.0"}))
    assert view.summary == "7 steps, 1 change, 1 question and 2 planned when reached, usually 21s"
    assert view.rows[view.current].title == "apply v1.5.0 to green"
    assert [said.text for said in view.details["slots.apply"]][:3] == [
        "backend  image  v1.4.1 → v1.5.0",
        "frontend  image  v1.4.1 → v1.5.0",
        "undo: rollback, about 1 s",
    ]


def test_a_refused_plan_stands_at_what_refuses_it() -> None:
    plan = deploy_plan({})
    rows = (*plan.rows[:1], replace(plan.rows[1], state="blocked", reasons=("no room for 6 more pods",)), *plan.rows[2:])
    view = plan_view(replace(plan, rows=rows))
    assert (view.mark, view.current, view.summary) == (Mark.BROKEN, 1, "cluster is ready: no room for 6 more pods")


@pytest.mark.parametrize(
    ("overrides", "given", "rules"),
    [(["promotion"], "", "promotion"), (["promotion", ""], "", ""), ([], "", ""), (["quota,drift"], "promotion", "promotion,quota,drift")],
)
def test_a_plan_can_be_overridden_only_where_every_rule_may_be(overrides: list[str], given: str, rules: str) -> None:
    rows = tuple(PlanRow(f"s{n}", "check", "t", "blocked", reasons=("r",), override=rule) for n, rule in enumerate(overrides))
    assert PlanView("deploy", "deploy", "production", rows, "d", {"override": given} if given else {}).override == rules


def test_the_question_of_a_start_shows_objects_undo_and_the_verbs_key() -> None:
    view = questions.start_question(deploy_plan({"release": "v1.5.0"}))
    assert (view.title, view.environment, view.verb, view.key) == ("Deploy v1.5.0 to green?", "PRODUCTION", "deploy", "d")
    assert [(d.subject, d.before, d.after) for d in view.differences] == [("backend", "v1.4.1", "v1.5.0"), ("frontend", "v1.4.1", "v1.5.0")]
    assert view.effects == ("Usually takes 21s in all.", "Asks again before 1 step.")
    assert (view.undo, view.reason) == ("rollback, about 1 s", "required")
    assert questions.start_question(rollback_plan({})).key == "b"


def test_what_was_merely_observed_does_not_make_it_another_question() -> None:
    view = questions.start_question(deploy_plan({}))
    assert replace(view, facts=(), effects=(), notice="again").matter == view.matter
    assert questions.start_question(deploy_plan({"release": "v2"})).matter != view.matter


def test_a_gate_says_what_stands_against_the_next_step() -> None:
    log = scenes.at_the_gate()
    log.add(
        "gate.asked", step="gate", question="Switch?", confirm="name", key="s", phrase="", differences=[], blocked=["green has 5 of 6 pods"]
    )
    view = questions.gate_question(log.record, live="blue", entries=tuple(log.entries))
    assert view is not None
    assert view.warnings == ("As things are, it would be blocked: green has 5 of 6 pods",)
    assert (view.phrase, view.declines) == ("production", "ends the run, users stay on blue")
    assert view.asked == log.record.question


def test_the_way_back_after_a_failure_is_asked_although_it_is_no_step() -> None:
    text = "verify production failed: 3 of 10 answers came from v1.4.2; users are on green v1.5.0. Roll back to blue?"
    log = scenes.at_the_gate().add("gate.asked", step="on_failure", question=text, confirm="key", key="b", phrase="", differences=[])
    view = questions.gate_question(log.record, live="green")
    assert view is not None
    assert (view.title, view.verb, view.key) == ("Run 41 asks", "roll back", "b")
    assert view.effects[0] == text


def test_every_kind_of_entry_is_said_in_words() -> None:
    log = scenes.at_the_gate().add("gate.answered", actor="bob", step="gate", answer="no")
    log.add("run.stop_requested", reason="too slow").add("run.take_over", reason="gone").add("run.released", reason="SIGTERM")
    log.add("step.result", step="gate", outcome="in_doubt", reason="timed out", seconds=3).add("journal.mended", dropped=1)
    log.add("run.closed", outcome="needs_operator", reason="in doubt", live="users are on blue")
    texts = [saying(entry).text for entry in log.entries[-8:]]
    assert texts == [
        "asks: Switch live traffic to green?",
        "bob answers no",
        "alice asks it to stop: too slow",
        "alice lets another runner take over: gone",
        "let go by its runner, can be resumed: SIGTERM",
        "in doubt: it may have happened: timed out (3.0s)",
        "the journal's last record was torn and has been set aside",
        "ended: needs operator: in doubt: users are on blue",
    ]


def test_nobody_is_measured_by_how_long_others_took_to_answer() -> None:
    usual = {"gate": 111.0, "rollout.wait": 21.0}
    view = run_view(scenes.at_the_gate().record, usual=usual, now=scenes.NOW + timedelta(minutes=9), zone=UTC)
    assert (view.rows[5].timing, view.rows[5].late, view.rows[3].timing) == ("", False, "usually 21s")
    plan = deploy_plan({})
    timed = replace(plan, rows=tuple(replace(row, usual=usual.get(row.step)) for row in plan.rows))
    assert timed.usual == 21.0
    assert plan_view(timed).rows[5].timing == ""


def test_a_question_that_moves_users_says_where_to_and_how_to_go_back() -> None:
    asked = questions.gate_question(scenes.at_the_gate().record, live="blue", back="about 2s")
    assert asked is not None
    assert asked.effects[0] == "Sends all users from blue v1.4.2 to green v1.5.0."
    assert asked.undo == "r, or F8 from anywhere, about 2s"
    start = questions.start_question(rollback_plan({}), back="about 2s")
    assert start.effects[0] == "Sends all users from green v1.5.0 to blue v1.4.2, in about 2s."
    assert questions.start_question(deploy_plan({}), back="about 2s").effects == ("Usually takes 21s in all.", "Asks again before 1 step.")


def test_no_question_is_confirmed_by_the_key_that_opens_it() -> None:
    """Enter opens a start and a gate, `a` a stop, `t` a take-over, `e` the end of a wait, `q` leaving (SAFETY 4.2)."""
    record, wait = scenes.at_the_gate().record, scenes.baking().record
    skip = questions.skip_wait_question(wait, left=860.0)
    assert skip is not None
    opened = {
        "a": questions.stop_question(record, live="blue"),
        "t": questions.take_over_question(record),
        "e": skip,
        "q": questions.quit_question(record),
    }
    assert all(key != view.key for key, view in opened.items())
    assert all(view.environment == "PRODUCTION" and view.effects for view in opened.values())
    assert {view.key for view in opened.values()} == {"x", "o", "k", "l"}


def test_a_wait_that_is_over_asks_nothing() -> None:
    log = scenes.baking().add("step.result", 1, step="bake", attempt=1, outcome="done", reason="", evidence={}, seconds=1)
    assert questions.skip_wait_question(log.record, left=None) is None
    asked = questions.skip_wait_question(scenes.baking().record, left=860.0, forbidden="READ-ONLY")
    assert asked is not None
    assert (asked.refusal, asked.effects[0]) == ("READ-ONLY", "The wait ends, 14m20s early. Run 41 goes on to “mark green stable”.")
