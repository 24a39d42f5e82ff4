"""Rollback takes the environment from a running deploy at any point of it, from another machine with an empty journal (SAFETY 1.8, 3.5)."""

from __future__ import annotations

from typing import get_args

import pytest

from tests.crash.killing import drive_killed
from tests.crash.preempting import Preempted, Wakes, preempted
from tests.crash.stand import Stand
from tests.support.faults import fault

pytestmark = pytest.mark.real
SOME = (
    "after step.intent slots.apply",
    "before guard",
    "after step.intent traffic.switch",
    "wrote traffic.switch Service traider-backend",
    "after step.started wait",
)
"""Before anything is written, right before a write, before the switch, in the middle of it, and while it is watched."""
MOST_TELLING = SOME[3]


@fault(
    "the machine that drives a deploy hangs at any point of it, in the middle of the switch too, and somebody else rolls back",
    group="two operators",
    sees="the rollback is done at once; the deploy ends as superseded and names who drives now",
    does="the rollback takes the lease with the next epoch; whatever the late driver still sends is refused or leaves users where they are",
    costs="nothing: the same key, no wait for the driver that hangs",
)
@pytest.mark.parametrize("point", [p if p == MOST_TELLING else pytest.param(p, marks=pytest.mark.slow) for p in SOME])
async def test_a_holder_that_hangs_is_taken_over_and_writes_nothing_afterwards(standing: Stand, point: str) -> None:
    expect_back(await preempted(standing, point, "after"), point)


@pytest.mark.parametrize("point", SOME[-1:])
async def test_a_holder_that_lives_gives_way(standing: Stand, point: str) -> None:
    expect_back(await preempted(standing, point, "meanwhile"), point)


@pytest.mark.slow
@pytest.mark.parametrize("wakes", get_args(Wakes))
async def test_a_rollback_preempts_a_deploy_at_every_point(standing: Stand, wakes: Wakes) -> None:
    calm = await drive_killed(standing, "deploy")
    wrong = {}
    for point in calm.points:
        try:
            expect_back(await preempted(standing, point, wakes), point)
        except AssertionError as problem:
            wrong[point] = str(problem)
    assert not wrong


def expect_back(found: Preempted, point: str) -> None:
    """Nobody's traffic is split, one release serves, and both records say what happened."""
    assert (found.back.outcome, found.back.exit_code) == ("done", 0), found.back.outcome_reason
    assert len(found.selected) == 1, f"split: {found.selected}"
    assert len(found.live) == 1, f"the live slot carries {found.live}"
    assert found.live != {"v1.5.1"}, "users are on what was deployed"
    assert not found.late, f"changed after the rollback had ended: {found.late}"
    if found.loser.outcome != "done":  # it was over before
        assert (found.loser.outcome, found.loser.exit_code) == ("superseded", 4), found.loser.outcome_reason
        assert found.back.uid in found.loser.outcome_reason, found.loser.outcome_reason
