"""What the console asks of the rest, on a whole cluster: watch, plan, start, answer, go back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

import pytest

from console.app.desk import PlanChanged
from console.cli.desk import LiveDesk, open_desk
from console.cli.options import Options
from console.domain.errors import Refused
from console.domain.ids import RunId, SlotName
from console.domain.run import RunRecord
from console.domain.snapshot import Snapshot
from console.domain.views.derived import derive
from tests.e2e.conftest import Starts
from tests.support.scenario import Scenario

pytestmark = pytest.mark.slow

T = TypeVar("T")
PATIENCE = 60.0


@asynccontextmanager
async def console(s: Scenario, *, read_only: bool = False) -> AsyncIterator[LiveDesk]:
    desk = await open_desk(Options(env="rehearsal", config=s.operator.config, journal=str(s.operator.journal), read_only=read_only))
    try:
        yield desk
    finally:
        await desk.close()


async def reached(values: AsyncIterator[T], wanted: object) -> T:
    """The first value of which `wanted` is true."""
    assert callable(wanted)
    async with asyncio.timeout(PATIENCE):
        async for value in values:
            if wanted(value):
                return value
    raise AssertionError("it ended before")


async def start(desk: LiveDesk, runbook: str, **inputs: str) -> RunId:
    plan = await desk.plan(runbook, inputs)
    return await desk.start(runbook, inputs, reason="test", digest=plan.digest)


def active(desk: LiveDesk, snapshot: Snapshot) -> SlotName | None:
    derived = derive(desk.environment, snapshot.world)
    return derived.position.active if derived else None


async def test_a_release_goes_out_and_comes_back_from_the_console(scenario: Starts) -> None:
    async with scenario() as s:
        await s.deploy("v1.4.2")
        async with console(s) as desk:
            run = await start(desk, "deploy", release="v1.5.0")
            asked = await reached(desk.follow(run), lambda r: r.question is not None)
            assert isinstance(asked, RunRecord)
            assert asked.question is not None
            await desk.answer(run, "yes", "", question=asked.question)
            assert (await reached(desk.follow(run), lambda r: not r.open)).outcome == "done"
            await reached(desk.snapshots(), lambda seen: active(desk, seen) == "green")

            assert "patch service" in await desk.rollback_commands()
            back = await start(desk, "rollback")
            assert (await reached(desk.follow(back), lambda r: not r.open)).outcome == "done"
            await reached(desk.snapshots(), lambda seen: active(desk, seen) == "blue")
            listed = await reached(desk.runs(), lambda runs: len(runs) == 3)
            assert [r.id for r in listed] == [3, 2, 1]
            assert (await desk.usual("deploy"))["slots.apply"] > 0
        await s.app.expect_live("blue", "v1.4.2")


async def test_a_plan_that_is_another_one_by_now_is_shown_again(scenario: Starts) -> None:
    async with scenario() as s, console(s) as desk:
        with pytest.raises(PlanChanged) as changed:
            await desk.start("deploy", {"release": "v1.4.2"}, reason="test", digest="another")
        assert changed.value.plan.digest == (await desk.plan("deploy", {"release": "v1.4.2"})).digest
        assert await reached(desk.runs(), lambda runs: True) == ()


async def test_a_read_only_console_plans_and_watches_and_starts_nothing(scenario: Starts) -> None:
    async with scenario() as s, console(s, read_only=True) as desk:
        plan = await desk.plan("deploy", {"release": "v1.4.2"})
        assert not plan.refusal
        with pytest.raises(Refused, match="read-only"):
            await desk.start("deploy", {"release": "v1.4.2"}, reason="test", digest=plan.digest)
        await reached(desk.snapshots(), lambda seen: seen.of_kinds("Service", "Deployment").state == "FRESH")
        assert set(desk._connection.client.counts) <= {"get", "list", "watch", "livez", "create"}, (
            "creating is for reviews of our own rights"
        )
