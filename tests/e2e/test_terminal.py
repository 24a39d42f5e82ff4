"""A run belongs to nobody's terminal: closing it changes nothing, another one follows, answers, and gets the same exit code."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Starts
from tests.support.layout import SHOP

DEPLOY = ("run", "deploy", "-i", "release=v1.5.0", "--reason", "x")


async def test_closing_the_terminal_changes_nothing_and_another_one_follows_to_the_end(scenario: Starts) -> None:
    async with scenario(SHOP, waits={"bake": "6s"}) as s:
        await s.adopt("v1.4.0", active="east")
        terminal = await s.operator.terminal(*DEPLOY, "--yes")
        await terminal.shows("apply v1.5.0 to west")
        terminal.close()
        assert await terminal.ended() != 0
        (await s.cli("attach")).expect(0, "check health once more", "done")
        await s.app.expect_live("west", "v1.5.0")
        record = await s.show()
        assert (record["outcome"], record["claims"]) == ("done", 1)
        await s.quiet()


@pytest.mark.slow
async def test_the_question_before_the_switch_waits_for_any_terminal(scenario: Starts) -> None:
    async with scenario(SHOP) as s:
        await s.adopt("v1.4.0", active="east")
        first = await s.operator.terminal(*DEPLOY)
        await first.shows("Switch live traffic to west?")
        first.close()
        await first.ended()
        assert await s.app.active() == "east"
        (await s.cli("attach")).expect(6, "waits for a person")
        second = await s.person("elsewhere", journal=s.operator.journal).terminal("attach")
        await second.shows("type 's' and Enter")
        second.type("y\r")
        await second.shows("neither")
        second.type("s\r")
        assert await second.ended() == 0, second.text
        await s.app.expect_live("west", "v1.5.0")
        second.close()


@pytest.mark.slow
async def test_a_question_that_is_declined_leaves_users_where_they_are(scenario: Starts) -> None:
    async with scenario(SHOP) as s:
        await s.adopt("v1.4.0", active="east")
        terminal = await s.operator.terminal(*DEPLOY)
        await terminal.shows("type 's' and Enter")
        terminal.type("no\r")
        assert await terminal.ended() == 1, terminal.text
        await s.app.expect_live("east", "v1.4.0")
        terminal.close()


@pytest.mark.slow
async def test_ctrl_c_detaches_and_the_run_goes_on(scenario: Starts) -> None:
    async with scenario(SHOP, waits={"bake": "4s"}) as s:
        await s.adopt("v1.4.0", active="east")
        terminal = await s.operator.terminal(*DEPLOY, "--yes")
        await terminal.shows("apply v1.5.0 to west")
        terminal.type("\x03")
        assert await terminal.ended() == 130, terminal.text
        (await s.cli("attach", str((await s.show())["id"]))).expect(0)
        await s.app.expect_live("west", "v1.5.0")
        terminal.close()
