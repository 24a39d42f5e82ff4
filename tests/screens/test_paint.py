"""What is drawn fits its width at any width, and says the most important thing where there is least room."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as some

from console.domain.change import Difference
from console.domain.freshness import Freshness
from console.domain.snapshot import METRICS, Snapshot
from console.domain.views import question as questions
from console.domain.views.feed import feed_view
from console.domain.views.header import HeaderView
from console.domain.views.lines import Line, plain, width_of
from console.domain.views.overview import OverviewView, overview_view
from console.domain.views.rollback import rollback_view
from console.domain.views.run import plan_view, run_view
from console.domain.views.state import ConsoleState, with_runs, with_snapshot
from screens.paint import chrome, overview, slots, steps
from screens.paint.box import curve
from screens.paint.question import AnswerView, paint_answer, paint_question
from tests.screens import scenes
from tests.screens.fake_desk import deploy_plan

SCENES = (scenes.well, scenes.deploying, scenes.split, scenes.switched, scenes.api_lost)


def known(scene: Callable[[], Snapshot]) -> ConsoleState:
    log = scenes.at_the_gate()
    state = ConsoleState(scenes.NOW, UTC, "prod", scenes.environment(), connected=True, entries={log.record.id: tuple(log.entries)})
    return with_snapshot(with_runs(state, (log.record,)), scene(), scenes.NOW)


def view(scene: Callable[[], Snapshot]) -> OverviewView:
    return overview_view(known(scene))


def texts(lines: Iterable[Line]) -> list[str]:
    return [plain(line).rstrip() for line in lines]


@given(some.sampled_from(SCENES), some.integers(80, 260))
def test_nothing_is_wider_than_the_screen(scene: Callable[[], Snapshot], width: int) -> None:
    state = known(scene)
    seen = overview_view(state)
    log = scenes.at_the_gate()
    run = run_view(log.record, entries=tuple(log.entries), usual={}, now=scenes.NOW, zone=UTC)
    plan = plan_view(deploy_plan({}))
    drawn = (
        overview.paint_verdicts(overview.verdicts_of(seen, split=False), width, 0),
        slots.paint_slots(slots.SlotsView(seen.slots, 3), width, 0),
        overview.paint_lines(overview.LinesView(seen.way_back, seen.triggers, seen.run, seen.alerts, 2), width, 0),
        overview.paint_feed(feed_view(state), width, 0),
        *(painter(each, width, 0) for painter in (steps.paint_head, steps.paint_steps, steps.paint_summary) for each in (run, plan)),
        steps.paint_targets(rollback_view(state), width, 0),
        steps.paint_users(rollback_view(state), width, 0),
    )
    for lines in drawn:
        assert lines
        assert max(width_of(line) for line in lines) <= width


@pytest.mark.parametrize("width", [80, 81, 120, 201])
def test_the_slots_stand_side_by_side_in_whole_boxes(width: int) -> None:
    lines = slots.paint_slots(slots.SlotsView(view(scenes.deploying).slots, 3), width, 0)
    assert {width_of(line) for line in lines} == {width}
    assert texts(lines)[0].startswith("┌ BLUE ▪ active ▪ stable ")
    assert texts(lines)[-1].count("└") == 2


def test_a_narrow_column_keeps_units_and_limits_and_drops_the_curves() -> None:
    narrow = "\n".join(texts(slots.paint_slots(slots.SlotsView(view(scenes.deploying).slots, 3), 80, 0)))
    wide = "\n".join(texts(slots.paint_slots(slots.SlotsView(view(scenes.deploying).slots, 3), 120, 0)))
    assert "p95       184 ms    limit 1000 ms" in narrow
    assert "▂" not in narrow
    assert "▂" in wide
    assert "backend   ◐ 2/3  CrashLoopBackOff" in narrow
    assert "backend   ◐ 2/3 ready   4 restarts   CrashLoopBackOff" in wide


def test_where_components_do_not_fit_those_in_trouble_are_shown_and_the_rest_is_counted() -> None:
    blue, green = view(scenes.deploying).slots
    many = replace(green, components=(*(replace(green.components[1], name=f"c{n}") for n in range(6)), green.components[0]))
    lines = texts(slots.paint_slots(slots.SlotsView((blue, many), 3), 80, 0))
    assert any("backend   ◐ 2/3" in line for line in lines)
    assert any("and 4 more" in line for line in lines)


def test_three_verdicts_take_two_lines_where_it_is_narrow() -> None:
    narrow = texts(overview.paint_verdicts(overview.verdicts_of(view(scenes.deploying), split=False), 80, 0))
    assert narrow == [" USERS ● blue v1.4.2, well ▪ SWITCH all → blue", " DEPLOY ‖ v1.5.0 asks: Switch live traffic to green?"]
    (wide,) = texts(overview.paint_verdicts(overview.verdicts_of(view(scenes.deploying), split=False), 140, 0))
    assert "DEPLOY ‖ v1.5.0 asks: Switch live traffic to green? ▪ SWITCH backend → blue, frontend → blue" in wide


@pytest.mark.parametrize("width", [80, 120, 160])
def test_a_long_story_of_users_takes_neither_the_deployment_nor_the_switch_away(width: int) -> None:
    seen = overview.verdicts_of(view(scenes.deploying), split=False)
    long = replace(seen, users=replace(seen.users, text="blue v1.4.2, partly: " + "backend has 1 of 2 pods available, " * 5))
    first, second = texts(overview.paint_verdicts(long, width, 0))
    assert first.startswith(" USERS ")
    assert first.endswith(" ▪ SWITCH all → blue")
    assert second == " DEPLOY ‖ v1.5.0 asks: Switch live traffic to green?"


HEADER = HeaderView("TRAIDER", "PRODUCTION", "traider-prod @ arn:aws:eks:eu-central-1:1234567890:cluster/prod-eu1", "system:serviceaccount:ops:bob", ("REHEARSAL", "READ-ONLY"), (), "02:41 CET")  # noqa: E501  # fmt: skip


@pytest.mark.parametrize("width", [80, 100, 140, 200])
def test_the_header_never_loses_the_environment_and_its_marks(width: int) -> None:
    (line,) = texts(chrome.paint_header(HEADER, width, 1))
    for word in ("PRODUCTION", "REHEARSAL", "READ-ONLY", "02:41 CET"):
        assert word in line
    assert ("system:serviceaccount:ops:bob" in line) == (width >= 140)
    assert "bob" in line or width == 80


def test_the_way_to_a_screen_is_shown_where_nothing_else_has_to_give_way_for_it() -> None:
    short = HeaderView("TRAIDER", "PRODUCTION", "traider-prod @ prod-eu1", "bob", (), ("Overview", "Pods"), "02:41 CET")
    (wide,), (narrow,), (small,) = (texts(chrome.paint_header(short, width, 1)) for width in (100, 80, 68))
    assert wide.endswith("Overview › Pods  02:41 CET")
    assert narrow.endswith(" Pods  02:41 CET")
    assert "Overview" not in narrow
    assert "Pods" not in small
    assert "traider-prod @ prod-eu1 ▪ bob" in small


def test_keys_that_cannot_be_used_go_first_where_it_is_narrow_and_the_last_three_stay() -> None:
    hints = tuple(chrome.Hint(key, "does something long", key, "not now" if key == "b" else "") for key in "abcde")
    shown = texts(
        chrome.paint_hints(
            (*hints, chrome.Hint("?", "Help", "h"), chrome.Hint("^p", "Commands", "c"), chrome.Hint("q", "Quit", "q")), 90, 1
        )
    )[0]
    assert shown == " a does something long  c does something long  ? Help  ^p Commands  q Quit"


def test_a_curve_shows_gaps_as_gaps_and_its_newest_values() -> None:
    assert curve((0.0, 0.5, None, 1.0), 4) == "▁▅ █"
    assert curve((0.0, 0.5, None, 1.0), 2) == " █"
    assert curve((1.0,), 3) == "  █"


def test_a_question_that_cannot_be_confirmed_says_why_in_place_of_the_key() -> None:
    asked = questions.pending_question("Roll back to blue v1.4.2?", runbook="rollback", environment="production")
    assert texts(paint_answer(AnswerView(asked, armed=True), 70, 0)) == ["✗ not now: the plan is being made"]
    ready = questions.start_question(deploy_plan({}))
    assert texts(paint_answer(AnswerView(ready, armed=True), 70, 0)) == ["press  d  to deploy"]
    assert texts(paint_answer(AnswerView(ready), 70, 0)) == ["press  d  to deploy   one moment"]
    assert texts(paint_question(ready, 70, 0))[0] == "PRODUCTION   backend   image  v1.4.1 → v1.5.0"


def test_long_changes_wrap_under_their_object() -> None:
    plan = deploy_plan({})
    long = Difference(
        "traider-backend-green", "image", "registry/traider-backend@sha256:" + "a" * 30, "registry/traider-backend@sha256:" + "b" * 30
    )
    rows = (replace(plan.rows[2], differences=(long,)),)
    lines = paint_question(questions.start_question(replace(plan, rows=rows)), 70, 0)
    assert max(width_of(line) for line in lines) <= 70
    assert "b" * 30 in "".join(line.strip() for line in texts(lines))


def test_after_a_switch_even_a_narrow_column_tells_the_difference_and_its_sample_size() -> None:
    narrow = texts(slots.paint_slots(slots.SlotsView(view(scenes.switched).slots, 3), 80, 0))
    wide = texts(slots.paint_slots(slots.SlotsView(view(scenes.switched).slots, 3), 120, 0))
    large = texts(slots.paint_slots(slots.SlotsView(view(scenes.switched).slots, 3), 200, 0))
    assert any("p95       201 ms   (+35 ms, n=13.9k)" in line for line in narrow)
    assert any("▂  (+35 ms, n=13.9k)" in line for line in wide)
    assert any("▂  (+35 ms, n=13.9k)  limit 1000 ms" in line for line in large)


@pytest.mark.parametrize("width", [80, 120, 200])
def test_a_figure_that_is_not_fresh_says_how_old_it_is_at_any_width(width: int) -> None:
    gone = {**scenes.FRESH, METRICS: Freshness("LOST", scenes.ago(70), "HTTP 503")}
    lost = view(lambda: replace(scenes.well(), freshness=gone))
    lines = texts(slots.paint_slots(slots.SlotsView(lost.slots, 3), width, 0))
    assert sum("LOST 1m10s" in line for line in lines) == 3
