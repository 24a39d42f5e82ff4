"""The short form of `make chaos`: runners are killed and requests disturbed, and everything ends as without."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.sandbox.rehearsal_cluster import SandboxCluster
from tests.chaos.scene import Wanted, chaos
from tests.support.faults import fault


@fault(
    "runners are killed at any moment while the API server fails at every eighth request",
    group="crash and resume",
    sees="`resume` and the journal say what was in doubt and what it was found to be",
    does="goes on where the cluster really is; ends, and leaves every object, as an undisturbed run does",
    costs="one `resume` for each death",
)
@pytest.mark.real
@pytest.mark.slow
async def test_runs_that_are_killed_and_disturbed_end_as_undisturbed_ones(real_box: SandboxCluster, tmp_path: Path) -> None:
    result = await chaos(real_box, tmp_path, Wanted(seed=7, kills=4, faults=30))
    assert result.ok, "\n".join(result.table())
    assert result.tally.resumes >= 3
