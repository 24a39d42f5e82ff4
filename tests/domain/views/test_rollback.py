"""Ways back as a person reads them, and the inputs that take them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

from console.domain.ids import ReleaseName
from console.domain.rollback import Target
from console.domain.runbook import Input, Runbook, Step
from console.domain.snapshot import Snapshot
from console.domain.views.marks import Mark
from console.domain.views.readiness import Estimate, Readiness
from console.domain.views.rollback import RollbackView, rollback_inputs, rollback_view
from console.domain.views.state import ConsoleState, with_snapshot
from tests.screens import scenes
from tests.screens.scenes import BLUE, GREEN, Slot

RUNBOOK = Runbook(
    "rollback",
    "roll back",
    tuple(Step("do", action, action) for action in ("traffic.switch", "hold.place", "evidence.save", "slots.retire")),
    (Input("release", "release", required=False), Input("override", "text", required=False), Input("drain", "choice", default="yes")),
    direction="back",
)


def known(snapshot: Snapshot) -> ConsoleState:
    state = ConsoleState(scenes.NOW, UTC, "prod", scenes.environment(), connected=True, runbooks={"rollback": RUNBOOK})
    return with_snapshot(state, snapshot, scenes.NOW)


def view(snapshot: Snapshot) -> RollbackView:
    return rollback_view(known(snapshot))


def test_the_warm_stable_slot_comes_first_then_recorded_releases_then_what_is_blocked() -> None:
    rows = [(r.mark, r.name, r.how, r.time, r.inputs) for r in view(scenes.switched()).rows]
    assert rows == [
        (Mark.DONE, "blue v1.4.2", "warm 6/6", "about 1s", {}),
        (Mark.DONE, "blue v1.4.1", "revision 11", "about 40s", {"release": "v1.4.1"}),
        (Mark.BROKEN, "blue v1.3.0", "revision 10", "about 40s", {"release": "v1.3.0"}),
    ]


def test_the_effect_is_told_in_the_order_in_which_it_happens() -> None:
    effects = [said.text for said in view(scenes.switched()).rows[0].effects]
    assert effects[:2] == [
        "planned and checked when it is asked for",
        "users are back in about 1s, assumed: no way back was taken here yet",
    ]
    assert effects[2:8] == [
        "frontend  slot  green → blue",
        "backend  slot  green → blue",
        "holds v1.5.0: no run deploys it before the hold is lifted",
        "saves logs and pod states of green",
        "scales green to zero at the end, once evidence is saved",
        "blue is kept warm until 09:30",
    ]
    assert effects[8].startswith("$ kubectl --context prod-eu1 --namespace traider-prod patch service traider-frontend")


def test_a_worse_target_names_its_override_and_takes_it_as_an_input() -> None:
    world = scenes.world({BLUE: Slot("v1.4.2", ready=1, stable=True), GREEN: Slot("v1.5.0")}, selects=GREEN)
    row = view(scenes.snapshot(world)).rows[0]
    assert (row.mark, row.refusal, row.inputs) == (Mark.BROKEN, "", {"override": "no-better"})
    assert "may be overridden by name, with a reason: no-better" in [said.text for said in row.effects]


def test_old_facts_are_said_to_be_old() -> None:
    lost = replace(scenes.switched(), freshness=scenes.lost(12, "connection refused"))
    assert view(lost).note == "LOST 12s: this is how it was then; the runner looks again before it changes anything"


def test_no_way_back_says_why() -> None:
    world = scenes.world({BLUE: Slot("v1.0"), GREEN: None})
    assert view(scenes.snapshot(world)).note == "nothing to go back to: the other slot is empty and no earlier stable release is recorded"


def test_inputs_that_a_runbook_does_not_know_are_not_given() -> None:
    target = Target(ReleaseName("v1"), BLUE, "recorded", 3, True, 0, 6, 40.0, override="migration")
    assert rollback_inputs(None, target) == {}
    assert rollback_inputs(RUNBOOK, target) == {"release": "v1", "override": "migration"}


def test_the_best_way_back_shows_what_its_plan_says_and_where_its_time_comes_from() -> None:
    made = Readiness(scenes.ago(3), "blue", "v1.4.2", warm=Estimate(0.8, 3, "ways back"), recorded=Estimate(41, 1, "ways back"))
    rows = rollback_view(replace(known(scenes.switched()), readiness=made)).rows
    best, other = rows[0], rows[1]
    assert [said.text for said in best.effects][:2] == [
        "planned and checked 3s ago: rights, holds, schema, health of blue",
        "users are back in about 1s, as 3 ways back here took",
    ]
    assert (other.time, other.effects[0].text) == ("about 41s", "planned and checked when it is asked for")


def test_a_plan_that_is_blocked_marks_the_target_that_it_is_about() -> None:
    made = Readiness(scenes.ago(3), "blue", "v1.4.2", blocked=("you may not patch services here",))
    row = rollback_view(replace(known(scenes.switched()), readiness=made)).rows[0]
    assert (row.mark, row.verdict) == (Mark.BROKEN, "blocked: you may not patch services here")
    assert row.effects[0].text == "planned 3s ago, blocked: you may not patch services here"
