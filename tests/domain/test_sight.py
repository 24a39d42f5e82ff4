"""The verdict on a step in doubt: what was intended against what the same plan says now."""

from __future__ import annotations

import pytest

from console.domain.change import Blocked, Change, Difference, Noop, Plan
from console.domain.run_fold import differences
from console.domain.sight import Sight, Verdict, decode, encode, judged

BACKEND = Difference("backend", "slot", "blue", "green")
FRONTEND = Difference("frontend", "slot", "blue", "green")
THERE = Difference("backend", "slot", "green", "green", "same")
INTENDED = (BACKEND, FRONTEND, Difference("backend", "replicas", "3", "3"))


@pytest.mark.parametrize(
    ("plan", "verdict", "left"),
    [
        (Noop("both are on green already"), "applied", ()),
        (Change("switch both", differences=(BACKEND, FRONTEND)), "not applied", (BACKEND, FRONTEND)),
        (Change("switch frontend", differences=(THERE, FRONTEND)), "partial", (FRONTEND,)),
        (Change("switch a third", differences=(Difference("api", "slot", "blue", "green"),)), "not applied", None),
        (Blocked(("green has no pods",)), "blocked", ()),
    ],
)
def test_what_is_planned_again_tells_whether_it_happened(plan: Plan, verdict: Verdict, left: tuple[Difference, ...] | None) -> None:
    sight = judged(INTENDED, plan)
    assert sight.verdict == verdict
    assert left is None or sight.left == left


def test_a_sight_comes_back_from_the_journal_as_it_was() -> None:
    sight = Sight("partial", "switch frontend", (FRONTEND,), split=True, moved=True, back="blue v1, warm", no_way_back="too old")
    raw = encode(sight)
    assert decode(raw, differences(raw["left"])) == sight
    assert decode(None, ()) is None
    assert decode({"verdict": "of tomorrow"}, ()) == Sight("unknown")
