"""A runner is killed (SIGKILL) before and after every record and every write of the shipped procedures, and resumed.

It ends as an undisturbed run does: same objects, same outcome, same states of its steps, and nothing was done twice (SAFETY 3.1 to 3.3).
Where it is killed is read from the undisturbed run: a new step is covered when it is written.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator

import pytest

from tests.crash.killing import KINDS, Came, drive_killed
from tests.crash.points import first_of_all, passes, step_of
from tests.crash.stand import Stand
from tests.support.faults import fault

pytestmark = pytest.mark.real


@fault(
    "the runner is killed before or after any record, write or effect of a deploy, hotfix, rollback or retire",
    group="crash and resume",
    sees="the run stands still on the Run screen, its driver named; `bluegreen resume` goes on with it",
    does="takes the lease with the next epoch, proves chain, runbook and target, looks whether the step in doubt happened, finishes it",
    costs="the time until somebody resumes; no write is made twice",
)
@pytest.mark.parametrize("kind", ["deploy", *(pytest.param(k, marks=pytest.mark.slow) for k in KINDS if k != "deploy")])
async def test_a_run_whose_runners_were_killed_in_every_step_ends_as_an_undisturbed_one(standing: Stand, kind: str) -> None:
    calm = await drive_killed(standing, kind)
    changes = frozenset(s.name for s in calm.record.steps if s.kind == "do")
    points = first_of_all(calm.points, changes=changes)
    assert {step_of(p) for p in points} >= {s.name for s in calm.record.steps}
    left = list(points)
    while left:  # no run dies more than twice in one step: what one could not reach, the next one can
        came = await drive_killed(standing, kind, left)
        assert came.killed
        assert not list(differences(calm, came))
        left = [point for point in left if point not in came.killed]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
async def test_runs_killed_at_every_point_in_a_few_rounds_end_as_an_undisturbed_one(standing: Stand, kind: str) -> None:
    """As many kills in one run as a run has to survive; what a round could not reach is tried in the next."""
    calm = await drive_killed(standing, kind)
    left, rounds = list(calm.points), 0
    while left:
        rounds += 1
        assert rounds < len(calm.points), f"never killed at {left}"
        came = await drive_killed(standing, kind, passes(left)[0])
        assert not list(differences(calm, came)), came.killed
        left = [point for point in left if point not in came.killed]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
async def test_a_run_killed_once_at_any_point_ends_as_an_undisturbed_one(standing: Stand, kind: str) -> None:
    calm = await drive_killed(standing, kind)
    assert len(calm.points) > 10
    wrong: dict[str, list[str]] = {}
    for point in calm.points:
        came = await drive_killed(standing, kind, [point])
        assert came.killed == (point,)
        if found := list(differences(calm, came)):
            wrong[point] = found
    assert not wrong


def differences(calm: Came, came: Came) -> Iterator[str]:
    """What is not as it would have been, in sentences."""
    if came.summary() != calm.summary():
        yield f"it ended as {came.summary()}, not as {calm.summary()}"
    for name in sorted({*calm.history.end, *came.history.end}):
        before, after = calm.history.end.get(name, "gone"), came.history.end.get(name, "gone")
        if before != after:
            yield f"{name} is another one:\n" + "\n".join(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0))
    for name in sorted({*calm.history.effects, *came.history.effects}):
        once, done = calm.history.effects.get(name, ()), came.history.effects.get(name, ())
        if once != done:
            yield f"{name} was changed {max(0, len(done) - 1)} times, not {max(0, len(once) - 1)} times, or differently"
