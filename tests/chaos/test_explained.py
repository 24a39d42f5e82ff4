"""What counts as an interruption that the journal does not explain."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from console.domain.entry import Entry, EntryType
from console.domain.ids import RunId
from tests.chaos.explained import unexplained
from tests.faults.account import account, mismatches
from tests.faults.effects import Effect

AT = datetime(2026, 11, 27, tzinfo=UTC)


def entries(*told: tuple[EntryType, dict[str, object]]) -> list[Entry]:
    return [Entry(n, "shop", RunId(1), kind, AT, "alice", body, "", "") for n, (kind, body) in enumerate(told, 1)]


def claim(pid: int) -> tuple[EntryType, dict[str, object]]:
    return "run.claimed", {"pid": pid}


INTENT: tuple[EntryType, dict[str, object]] = ("step.intent", {"step": "switch"})
DOUBT: tuple[EntryType, dict[str, object]] = ("step.result", {"step": "switch", "outcome": "in_doubt"})
DONE: tuple[EntryType, dict[str, object]] = ("step.result", {"step": "switch", "outcome": "done"})
CLOSED: tuple[EntryType, dict[str, object]] = ("run.closed", {"outcome": "done"})


@pytest.mark.parametrize(
    ("told", "killed"),
    [
        ([claim(1), INTENT, DONE, CLOSED], []),
        ([claim(1), INTENT, claim(2), INTENT, DONE, CLOSED], [1]),
        ([claim(2), INTENT, DONE, CLOSED], [1]),
        ([claim(1), INTENT, DONE, CLOSED], [1]),
        ([claim(1), INTENT, DOUBT, INTENT, DONE, CLOSED], []),
    ],
    ids=["nothing happened", "killed and claimed again", "killed before its claim", "killed after the end", "in doubt, then done"],
)
def test_what_the_journal_tells_is_explained(told: list[tuple[EntryType, dict[str, object]]], killed: list[int]) -> None:
    assert unexplained(entries(*told), killed) == []


@pytest.mark.parametrize(
    ("told", "killed", "said"),
    [
        ([claim(1), INTENT, DONE], [1], "runner 1 was killed, and nobody claimed the run after it"),
        ([claim(1), INTENT, INTENT, DONE, CLOSED], [], "the intent of switch was written twice without a reason"),
        ([claim(1), INTENT, CLOSED], [], "the intent of switch has no result"),
    ],
)
def test_what_it_does_not_tell_is_named(told: list[tuple[EntryType, dict[str, object]]], killed: list[int], said: str) -> None:
    assert unexplained(entries(*told), killed) == [said]


def effect(before: str, after: str, *, path: str = "spec.selector.version") -> Effect:
    return Effect(1, "services", "web", "", ((path, before, after),))


def test_an_effect_that_is_missing_or_there_twice_is_a_mismatch_and_one_that_was_taken_back_is_none() -> None:
    once = account([effect("blue", "green")], release="v2.1.0")
    assert mismatches(once, account([effect("blue", "green"), effect("green", "blue"), effect("blue", "green")], release="v2.2.0")) == []
    (lost,) = mismatches(once, account([], release="v2.1.0"))
    assert (lost.lost, lost.doubled) == (1, 0)
    (twice,) = mismatches(once, account([effect("blue", "green"), effect("blue", "green")], release="v2.1.0"))
    assert (twice.lost, twice.doubled) == (0, 1)
    assert "spec.selector.version blue → green" in str(twice)


def test_the_release_and_earlier_ones_are_hidden_and_the_stable_one_is_not() -> None:
    one = account([effect("v1.5.1", "v3.1.0", path="image")], release="v3.1.0")
    assert one == account([effect("v3.1.0", "v3.10.0", path="image")], release="v3.10.0")
    assert one != account([effect("v1.4.2", "v3.1.0", path="image")], release="v3.1.0")
