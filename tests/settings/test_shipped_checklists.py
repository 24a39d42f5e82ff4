"""The shipped checklists: the book's migration in three phases and fifteen items, and its verification after a deployment."""

from __future__ import annotations

import pytest

from actions import ACTIONS
from console.domain.runbook import MANUAL, Runbook
from console.engine.catalogue import check_runbooks, load_catalogue
from console.settings import ConfigFolder, shipped_folder

FILES = ConfigFolder(shipped_folder()).runbooks()
BOOK = {
    "pre-migration": [
        "back up the database", "test the migration on staging", "verify the rollback procedure", "schedule the maintenance window",
        "notify the stakeholders",
    ],
    "execution": [
        "stop the application services", "apply the database migration", "verify migration success", "start the application services",
        "run health checks",
    ],
    "post-migration": [
        "verify application functionality", "monitor system performance", "confirm trading operations", "update the documentation",
        "notify completion",
    ],
}  # fmt: skip


def shipped(name: str) -> Runbook:
    return load_catalogue(FILES, ACTIONS).runbook(name)


def test_nothing_is_wrong_with_them() -> None:
    assert check_runbooks(FILES, ACTIONS) == ()


def test_the_migration_has_the_books_phases_and_items_in_its_order() -> None:
    runbook = shipped("migrate")
    found = {phase: [s.title for s in runbook.steps if s.phase == phase] for phase in runbook.phases}
    assert found == BOOK
    assert list(found) == list(BOOK)
    assert len(runbook.steps) == 15


@pytest.mark.parametrize("name", ["migrate", "verify"])
def test_what_the_console_can_see_it_checks_and_the_rest_is_asked_for_as_a_value(name: str) -> None:
    runbook = shipped(name)
    assert {s.action for s in runbook.steps if s.kind == "check"} == {"health.live", "verify.production"}
    assert all(s.action == MANUAL and str(s.params["ask"]).rstrip("e.")[-1:] for s in runbook.steps if s.kind == "do")
    assert all(s.phase and runbook.asks_again(s) for s in runbook.steps)


def test_the_migration_itself_cannot_be_skipped() -> None:
    assert [s.title for s in shipped("migrate").steps if not s.skippable] == ["apply the database migration"]


def test_the_verification_covers_the_books_script_and_warns_of_more_than_a_second() -> None:
    runbook = shipped("verify")
    assert runbook.phases == ("health", "performance", "trading", "security", "report")
    assert next(s for s in runbook.steps if s.action == "verify.production").params["slowest"] == "1s"
    assert runbook.direction == "neutral"
