"""Proof from the environment before this one."""

from __future__ import annotations

from pathlib import Path

import pytest

from actions.release import Promotable, StableElsewhere
from console.domain.errors import PortError
from console.domain.ids import ReleaseName
from console.domain.release import Release
from console.engine.action import Broken, Done, Verdict
from tests.actions.asking import task_of
from tests.actions.fake import FakeCluster, ports_of
from tests.actions.worlds import Case, environment_of, release_of, world_of

CASE: Case = {"environment": {"promoted_from": "staging"}, "services": {}, "release": "v1.5.0", "action": "release.promotable"}


async def judged(folder: Path, elsewhere: StableElsewhere, case: Case = CASE) -> Verdict:
    environment = environment_of(case)
    cluster = FakeCluster(world_of(case, environment))
    task = task_of(case, environment, cluster)
    action = Promotable(elsewhere)
    return action.verify(await action.observe(ports_of(cluster, folder), task), task, None)


def recording(*releases: Release) -> StableElsewhere:
    async def ask(environment: str, name: ReleaseName) -> Release | None:
        assert environment == "staging"
        return next((r for r in releases if r.name == name), None)

    return ask


async def test_the_same_images_that_are_stable_there_may_come(tmp_path: Path) -> None:
    verdict = await judged(tmp_path, recording(release_of("v1.5.0", {}, environment_of(CASE))))
    assert verdict == Done(
        "v1.5.0 is stable in staging",
        {"from": "staging", "images": {"backend": "example/backend:v1.5.0", "frontend": "example/frontend:v1.5.0"}},
    )


async def test_what_never_passed_there_does_not_come(tmp_path: Path) -> None:
    verdict = await judged(tmp_path, recording())
    assert isinstance(verdict, Broken)
    assert verdict.message.startswith("v1.5.0 is not recorded as stable in staging")
    assert verdict.evidence == {"override": "promotion"}


async def test_another_image_under_the_same_name_is_no_proof(tmp_path: Path) -> None:
    other = release_of("v1.5.0", {"images": {"backend": "example/backend:v1.5.0-rc1"}}, environment_of(CASE))
    verdict = await judged(tmp_path, recording(other))
    assert isinstance(verdict, Broken)
    assert verdict.message.startswith("v1.5.0 in staging has another image of backend")


@pytest.mark.parametrize("override", ["", "promotion"])
async def test_an_environment_that_does_not_answer_proves_nothing_but_can_be_overridden(override: str, tmp_path: Path) -> None:
    async def unreachable(environment: str, name: ReleaseName) -> Release | None:
        raise PortError("connection refused", reason="Unreachable")

    verdict = await judged(tmp_path, unreachable, {**CASE, "with": {"override": override}})
    assert isinstance(verdict, Done if override else Broken)
    assert verdict.message.startswith("no proof that v1.5.0 passed: staging does not answer: connection refused")
