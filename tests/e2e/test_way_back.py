"""Every way back, and everything it does not need: a journal, the machine that deployed, the program itself."""

from __future__ import annotations

import shutil

import pytest

from tests.e2e.conftest import Starts
from tests.support.layout import SHOP


@pytest.mark.slow
async def test_a_release_two_back_is_applied_to_the_idle_slot_and_then_switched_to(scenario: Starts) -> None:
    async with scenario(SHOP) as s:
        await s.adopt("v1.4.0", active="east")
        await s.deploy("v1.4.1")
        await s.deploy("v1.5.0")
        await s.app.expect_live("east", "v1.5.0")
        (await s.cli("rollback", "--to", "v1.4.0", "--yes", "--reason", "both are wrong")).expect(0)
        await s.app.expect_live("west", "v1.4.0")


async def test_a_second_operator_goes_back_with_an_empty_journal_and_another_home(scenario: Starts) -> None:
    async with scenario() as s:
        await s.deploy("v1.4.2")
        home = await s.app.active()
        await s.deploy("v1.5.0")
        shutil.rmtree(s.operator.home)
        other = s.person("elsewhere", user="operator-2")
        assert (await other.cli("--json", "runs")).expect(0).json == []
        (await other.cli("rollback", "--yes", "--reason", "the first operator's machine is gone")).expect(0)
        await s.app.expect_live(home, "v1.4.2")
        (run,) = (await other.cli("--json", "runs")).expect(0).json
        assert (run["outcome"], run["by"]) == ("done", "operator-2")


@pytest.mark.slow
async def test_the_printed_commands_go_back_with_kubectl_alone(scenario: Starts) -> None:
    async with scenario(SHOP) as s:
        await s.adopt("v1.4.0", active="east")
        await s.deploy("v1.5.0")
        printed = (await s.cli("rollback", "--print")).expect(0).out
        assert (await s.app.selected()) == {"pricing": "west", "web": "west"}
        (await s.kubectl(printed)).expect(0)
        await s.until_routed("east")
        await s.app.expect_live("east", "v1.4.0")
        status = (await s.cli("--json", "status")).expect(0).json
        assert (status["active"], status["users"]["state"]) == ("east", "well")


@pytest.mark.slow
async def test_the_printed_commands_for_a_recorded_release_fill_the_slot_first(scenario: Starts) -> None:
    async with scenario(SHOP) as s:
        await s.adopt("v1.4.0", active="east")
        await s.deploy("v1.5.0")
        (await s.cli("retire", "--yes", "--reason", "no longer needed")).expect(0)
        assert await s.app.sizes("east") == {"pricing": 0, "web": 0}
        await s.app.expect_live("west", "v1.5.0")
        printed = (await s.cli("rollback", "--print")).expect(0).out
        (await s.kubectl(printed)).expect(0)
        await s.until_routed("east")
        await s.app.expect_live("east", "v1.4.0")


@pytest.mark.slow
async def test_a_warm_slot_is_kept_until_its_time_is_over(scenario: Starts) -> None:
    async with scenario(SHOP, waits={"keep_warm": "10m"}) as s:
        await s.adopt("v1.4.0", active="east")
        await s.deploy("v1.5.0")
        (await s.cli("retire", "--yes", "--reason", "too early")).expect(3, "warm")
        assert await s.app.sizes("east") == {"pricing": 2, "web": 2}
        (await s.cli("run", "deploy", "-i", "release=v1.5.1", "--yes", "--reason", "too early, too")).expect(3, "v1.4.0", "warm")
        await s.app.expect_live("west", "v1.5.0")


@pytest.mark.slow
async def test_a_release_that_was_rolled_back_is_held_until_somebody_lifts_it(scenario: Starts) -> None:
    async with scenario(SHOP) as s:
        await s.adopt("v1.4.0", active="east")
        await s.deploy("v1.5.0")
        (await s.cli("rollback", "--yes", "--reason", "wrong totals")).expect(0)
        again = ("run", "deploy", "-i", "release=v1.5.0", "--yes", "--reason", "again")
        (await s.cli(*again)).expect(3, "v1.5.0", "held", "wrong totals")
        await s.app.expect_live("east", "v1.4.0")
        (await s.cli("hold", "v1.5.0", "--lift")).expect(2, "--reason")
        (await s.cli("hold", "v1.5.0", "--lift", "--reason", "it was the catalogue")).expect(0)
        (await s.cli(*again)).expect(0)
        await s.app.expect_live("west", "v1.5.0")


@pytest.mark.slow
async def test_the_emergency_procedure_goes_back_from_a_slot_that_serves_nothing(scenario: Starts) -> None:
    async with scenario(SHOP) as s:
        await s.adopt("v1.4.0", active="east")
        await s.deploy("v1.5.0")
        await s.box.faults.crash("west")
        (await s.cli("rollback", "--emergency", "--yes", "--reason", "all of west is down")).expect(0)
        await s.app.expect_live("east", "v1.4.0")
