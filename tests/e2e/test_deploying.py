"""A release into an empty namespace, onto Deployments that somebody else owns, in place, and one component alone."""

from __future__ import annotations

import copy
from typing import Any

from tests.e2e.conftest import Starts
from tests.support.application import Json
from tests.support.layout import FOREIGN_NOTE, ROLLING, SHOP
from tests.support.scenario import Scenario


async def test_the_first_release_fills_an_empty_namespace(scenario: Starts) -> None:
    async with scenario() as s:
        assert await s.app.list("deployments") == []
        ran = await s.deploy("v1.4.2")
        await s.app.expect_live(await s.app.active(), "v1.4.2")
        assert "done" in ran.out
        assert {d["metadata"]["name"] for d in await s.app.list("deployments")} == {
            part.deployments[await s.app.active()] for part in s.layout.parts
        }
        status = (await s.cli("--json", "status")).expect(0).json
        assert (status["users"]["state"], status["slots"][status["active"]]["stable"]) == ("well", True)


async def test_adopted_deployments_keep_all_that_is_not_ours(scenario: Starts) -> None:
    async with scenario(SHOP) as s:
        await s.adopt("v1.4.0", active="east")
        before = await s.app.objects()
        await s.deploy("v1.5.0")
        await s.app.expect_live("west", "v1.5.0")
        after = await s.app.objects()
        assert await s.app.tags("west") == {"pricing": "v1.5.0", "web": "v1.5.0"}
        assert await s.app.sizes("west") == await s.app.sizes("east") == {"pricing": 2, "web": 2}
        assert without_ours(s, after) == without_ours(s, before)
        (await s.cli("rollback", "--yes", "--reason", "back")).expect(0)
        await s.app.expect_live("east", "v1.4.0")
        assert without_ours(s, await s.app.objects()) == without_ours(s, before)


async def test_in_one_slot_a_release_replaces_what_runs_and_the_way_back_applies_the_last_stable_one(scenario: Starts) -> None:
    async with scenario(ROLLING) as s:
        await s.deploy("v1.4.2")
        async with s.load(50) as load:
            await s.deploy("v1.5.0")
            await s.app.expect_live("main", "v1.5.0")
            (await s.cli("rollback", "--yes", "--reason", "errors")).expect(0)
            await s.app.expect_live("main", "v1.4.2")
        assert not load.report().failures, str(load.report())
        assert await s.app.tags("main") == {"backend": "v1.4.2", "frontend": "v1.4.2"}


async def test_a_hotfix_changes_one_component_and_leaves_the_other_its_image(scenario: Starts) -> None:
    async with scenario(SHOP) as s:
        await s.adopt("v1.4.0", active="east")
        s.add_release("v1.4.0-fix", only="backend")
        (await s.cli("run", "hotfix", "-i", "release=pricing=v1.4.0-fix", "-i", "watch=1s", "--yes", "--reason", "wrong totals")).expect(0)
        assert await s.app.tags("west") == {"pricing": "v1.4.0-fix", "web": "v1.4.0"}
        await s.app.expect_live("west", "v1.4.0", pricing="v1.4.0-fix")
        (await s.cli("rollback", "--yes", "--reason", "back")).expect(0)
        await s.app.expect_live("east", "v1.4.0")


def without_ours(s: Scenario, found: dict[str, Json]) -> dict[str, Json]:
    """The same without what a console may change: image, replicas and selector's slot, our annotations, and what the server counts."""
    return {name: _foreign(s, copy.deepcopy(each)) for name, each in found.items()}


def _foreign(s: Scenario, each: Json) -> Json:
    each.pop("status", None)
    metadata: dict[str, Any] = each["metadata"]
    for counted in ("generation", "resourceVersion", "managedFields"):
        metadata.pop(counted, None)
    notes = metadata["annotations"]
    assert notes[FOREIGN_NOTE] == "the shop team"
    metadata["annotations"] = {k: v for k, v in notes.items() if not k.startswith(("bluegreen/", "deployment.kubernetes.io/"))}
    if "template" in each["spec"]:
        each["spec"].pop("replicas")
        each["spec"]["template"]["spec"]["containers"][0].pop("image")
    else:
        each["spec"]["selector"].pop(s.layout.slot_key)
    return each
