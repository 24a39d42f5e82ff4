"""The rollback that preempts, as people start it: by command line and by the console, while a deploy waits at its gate (SAFETY 1.8)."""

from __future__ import annotations

import asyncio
import json

import pytest

from console.cli.desk import open_desk
from console.domain.ids import RunId
from console.domain.run import RunRecord
from tests.contract.wire import eventually
from tests.crash.preempting import users
from tests.crash.stand import PATIENCE, Person, Stand
from tests.support.faults import fault

pytestmark = [pytest.mark.real, pytest.mark.slow]
WAITING, SUPERSEDED = 6, 4


async def at_its_gate(stand: Stand) -> tuple[Person, Person]:
    """Alice's deploy waits for an answer; Bob is at another machine with an empty journal."""
    await stand.restore()
    alice, bob = stand.person(asks=False), stand.person(user="operator-2", asks=False)
    code, said = await alice.cli("run", "deploy", "-i", "release=v1.5.1", "--reason", "CHG-42")
    assert code == WAITING, said
    return alice, bob


async def lost(alice: Person) -> RunRecord:
    """Her run, once it has ended."""

    async def record() -> RunRecord:
        return await alice.record(RunId(1))

    return await eventually(record, lambda found: not found.open, within=PATIENCE)


@fault(
    "a deploy waits at its gate, and somebody rolls back by the command line of another machine",
    group="two operators",
    sees="exit code 0 for the rollback, exit code 4 and `superseded` for the deploy, in its own journal",
    does="the deploy gives way within two seconds and changes nothing any more",
    costs="nothing",
)
async def test_a_rollback_by_command_line_preempts_a_deploy_that_waits(standing: Stand) -> None:
    alice, bob = await at_its_gate(standing)
    code, said = await bob.cli("rollback", "--yes", "--reason", "the totals are wrong")
    assert code == 0, said
    await expect_back(standing, alice, said)


async def test_a_rollback_by_the_console_preempts_a_deploy_that_waits(standing: Stand) -> None:
    alice, bob = await at_its_gate(standing)
    desk = await open_desk(bob.options)
    try:
        plan = await desk.plan("rollback", {})
        async with asyncio.timeout(PATIENCE):
            run = await desk.start("rollback", {}, reason="the totals are wrong", digest=plan.digest)
            record = [each async for each in desk.follow(run)][-1]
    finally:
        await desk.close()
    assert (record.outcome, record.exit_code) == ("done", 0), record.outcome_reason
    await expect_back(standing, alice, record.live)


async def expect_back(stand: Stand, alice: Person, said: str) -> None:
    """Users are on what was stable; her record says by whom she was superseded, and her commands exit with 4."""
    record = await lost(alice)
    assert record.outcome == "superseded"
    assert record.outcome_reason.startswith("operator-2@")
    code, shown = await alice.cli("attach", "1")
    assert code == SUPERSEDED, shown
    code, shown = await alice.cli("--json", "show", "1")
    assert json.loads(shown)["exit_code"] == SUPERSEDED
    selected, live = await users(stand)
    assert (len(selected), sorted(live)) == (1, ["v1.4.2"]), said
