"""What may not be done now is refused before anything changes, with the reason; what goes back comes first."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Starts
from tests.support.layout import SHOP

DEPLOY = ("run", "deploy", "-i", "release=v1.5.0", "--yes", "--reason", "x")


@pytest.mark.slow
async def test_while_a_run_is_on_another_deployment_is_refused_and_named_its_holder(scenario: Starts) -> None:
    async with scenario(SHOP) as s:
        await s.adopt("v1.4.0", active="east")
        (await s.cli("run", "deploy", "-i", "release=v1.5.0", "--reason", "x", "--detach")).expect(0, "run 1 was started")
        (await s.cli("attach")).expect(6, "Switch live traffic to west?")
        second = ("run", "deploy", "-i", "release=v1.5.1", "--yes", "--reason", "me too")
        (await s.cli(*second)).expect(3, "run 1")
        (await s.person("elsewhere").cli(*second)).expect(3, "operator@", "run 1@")
        assert await s.app.tags("west") == {"pricing": "v1.5.0", "web": "v1.5.0"}
        (await s.cli("attach", "--answer", "yes")).expect(0)
        await s.app.expect_live("west", "v1.5.0")


@pytest.mark.slow
async def test_going_back_does_not_wait_for_the_deployment_that_is_on(scenario: Starts) -> None:
    async with scenario(SHOP, waits={"bake": "90s"}) as s:
        await s.adopt("v1.4.0", active="east")
        deployment = await s.begin(*DEPLOY)
        await s.run_reaches("watch")
        (await s.cli("run", "deploy", "-i", "release=v1.5.1", "--yes", "--reason", "me too")).expect(3)
        (await s.cli("rollback", "--yes", "--reason", "not what was meant")).expect(0)
        await s.app.expect_live("east", "v1.4.0")
        (await deployment.ended()).expect(4, "superseded")
        assert [run["outcome"] for run in (await s.cli("--json", "runs")).expect(0).json] == ["done", "superseded"]
        await s.quiet()


@pytest.mark.slow
async def test_a_deployment_that_is_aborted_before_the_switch_leaves_users_where_they_are(scenario: Starts) -> None:
    async with scenario(SHOP) as s:
        await s.adopt("v1.4.0", active="east")
        s.add_release("v9-unready", faults={"FAULT_UNREADY": "1"})
        run = await s.begin("run", "deploy", "-i", "release=v9-unready", "--yes", "--reason", "x")
        await s.run_reaches("wait")
        (await s.cli("abort", "--reason", "wrong window")).expect(0)
        (await run.ended()).expect(1, "wrong window")
        await s.app.expect_live("east", "v1.4.0")
        assert (await s.show())["outcome"] == "stopped"


async def test_nothing_is_deployed_over_services_that_disagree(scenario: Starts) -> None:
    async with scenario(SHOP) as s:
        await s.adopt("v1.4.0", active="east")
        await s.app.patch("services", "storefront", {"spec": {"selector": {s.layout.slot_key: None}}})
        (await s.cli(*DEPLOY)).expect(3, "storefront")
        assert await s.app.sizes("west") == {"pricing": 0, "web": 0}
