"""The shipped procedures against the real actions: what comes before what, and what a way back never does."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from actions import ACTIONS
from console.domain.environment import Strategy
from console.domain.runbook import Runbook, Step
from console.engine import condition
from console.engine.catalogue import Catalogue, check_runbooks, load_catalogue
from console.settings import ConfigFolder, shipped_folder

FILES = ConfigFolder(shipped_folder()).runbooks()
NAMES = ("deploy", "emergency", "hold", "hotfix", "retire", "rollback", "unhold")


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(FILES, ACTIONS)


def steps(runbook: Runbook, strategy: Strategy = "blue_green", **inputs: str) -> list[Step]:
    given = {i.name: i.default for i in runbook.inputs if i.default} | inputs
    return [s for s in runbook.steps if condition.applies(s.when, strategy=strategy, inputs=given)]


def words(found: Sequence[Step]) -> list[str]:
    """Actions, gates and waits in order."""
    return [s.action or s.kind for s in found]


def in_order(found: list[str], *wanted: str) -> bool:
    rest = iter(found)
    return all(word in rest for word in wanted)


def test_nothing_is_wrong_with_them(catalogue: Catalogue) -> None:
    assert check_runbooks(FILES, ACTIONS) == ()
    assert set(NAMES) <= set(catalogue.runbooks)


@pytest.mark.parametrize("name", ["deploy", "hotfix"])
def test_users_move_only_to_what_was_proven_and_a_person_agreed_to(catalogue: Catalogue, name: str) -> None:
    found = words(steps(catalogue.runbook(name)))
    assert in_order(
        found,
        "release.not_held", "cluster.ready", "release.record", "slots.apply", "rollout.wait", "health.slot", "gate", "traffic.switch",
        "traffic.verify", "verify.production", "wait", "health.live", "slots.mark_stable",
    )  # fmt: skip
    assert found[-1] == "slots.mark_stable"
    assert "slots.retire" not in found


@pytest.mark.parametrize("name", ["deploy", "hotfix"])
def test_in_place_a_person_agrees_before_anything_is_replaced(catalogue: Catalogue, name: str) -> None:
    found = words(steps(catalogue.runbook(name), "rolling"))
    assert in_order(found, "release.record", "gate", "slots.apply", "rollout.wait", "health.slot", "verify.production", "slots.mark_stable")
    assert found.count("gate") == 1
    assert "traffic.switch" not in found


def test_a_deployment_asks_for_proof_and_a_hotfix_does_not(catalogue: Catalogue) -> None:
    assert "release.promotable" in words(catalogue.runbook("deploy").steps)
    assert "release.promotable" not in words(catalogue.runbook("hotfix").steps)


def test_what_fails_after_the_switch_has_a_way_back(catalogue: Catalogue) -> None:
    for runbook in catalogue.runbooks.values():
        if runbook.direction == "forward" and "traffic.switch" in words(runbook.steps):
            assert catalogue.runbook(runbook.on_failure).direction == "back"


@pytest.mark.parametrize("name", ["rollback", "emergency"])
def test_a_way_back_asks_nothing_and_waits_for_nothing(catalogue: Catalogue, name: str) -> None:
    runbook = catalogue.runbook(name)
    assert runbook.direction == "back"
    assert {s.kind for s in runbook.steps} == {"check", "do"}


def test_back_to_a_warm_slot_only_the_target_is_looked_at_before_the_switch(catalogue: Catalogue) -> None:
    for name in ("rollback", "emergency"):
        assert words(steps(catalogue.runbook(name)))[:2] == ["target.usable", "traffic.switch"]


def test_back_to_a_named_release_it_is_applied_first(catalogue: Catalogue) -> None:
    found = words(steps(catalogue.runbook("rollback"), release="v1.4.1"))
    assert in_order(found, "target.usable", "slots.apply", "rollout.wait", "health.slot", "traffic.switch", "traffic.verify", "hold.place")
    in_place = words(steps(catalogue.runbook("rollback"), "rolling", release="v1.4.1"))
    assert in_order(in_place, "target.usable", "slots.apply", "rollout.wait", "verify.production", "hold.place", "slots.mark_stable")
    assert "slots.retire" not in in_place


def test_the_failing_slot_is_emptied_only_after_its_evidence_was_saved_and_users_are_back(catalogue: Catalogue) -> None:
    found = words(steps(catalogue.runbook("rollback")))
    assert in_order(found, "traffic.switch", "verify.production", "hold.place", "evidence.save", "slots.retire")
    assert "slots.retire" not in words(steps(catalogue.runbook("rollback"), drain="no"))


def test_an_emergency_leaves_the_failing_slot_for_whoever_investigates(catalogue: Catalogue) -> None:
    found = words(catalogue.runbook("emergency").steps)
    assert in_order(found, "traffic.switch", "traffic.verify", "health.live", "hold.place")
    assert "slots.retire" not in found


def test_titles_and_helps_are_written_for_people(catalogue: Catalogue) -> None:
    for name in NAMES:
        runbook = catalogue.runbook(name)
        assert runbook.title[0].islower()
        assert all(i.help for i in runbook.inputs)
        assert all(s.question.endswith("?") and s.key for s in runbook.steps if s.kind == "gate")
