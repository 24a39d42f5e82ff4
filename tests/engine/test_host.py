"""What the machine does to a runner: told to end, frozen, its clock set; and how whoever follows the run hears of its end."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from console.cluster.errors import Unreachable
from console.domain.change import JsonPatch, MergePatch
from console.domain.errors import NeedsOperator
from console.domain.ids import Epoch, RunId
from console.domain.run import RunRecord
from console.engine import driven, follow
from console.engine.deps import Host, boot_id
from console.engine.driven import undriven, while_driven
from console.engine.runner import Drive, claim
from console.journal.lock import RunLock
from tests.engine.rig import Rig
from tests.engine.test_killed import ONCE, POINTS
from tests.fakes.clock import ManualClock
from tests.support.faults import fault


def effects(shop: Rig) -> list[tuple[str, str]]:
    return [(w.kind, w.name) for w in shop.cluster.writes if isinstance(w, JsonPatch | MergePatch)]


@fault(
    "the runner gets SIGTERM (the machine shuts down, a container is stopped)",
    group="the host",
    sees="whoever follows reads “the runner was told to end (SIGTERM)”, exit code 4, and that `resume` goes on",
    does="reaches the next safe point, records it and lets go of the run and of the lease",
    costs="one `resume`; nothing is done twice",
)
@pytest.mark.parametrize("point", POINTS)
async def test_a_runner_told_to_end_anywhere_lets_go_at_a_safe_point_and_a_resume_ends_the_same(shop: Rig, point: str) -> None:
    opened = await shop.open(assume_yes=True)
    drives: list[Drive] = []

    def trace(found: str) -> None:
        if found == point:
            drives[0].end("the runner was told to end (SIGTERM)")

    drives.append(await claim(opened.ref, replace(shop.deps, trace=trace, linger=3600.0)))
    record = await drives[0].run()
    if record.open:
        assert record.released == "the runner was told to end (SIGTERM)"
        assert shop.cluster.leases["bluegreen-shop"].holder == ""
        assert len({shop.cluster.selects(n) for n in ("backend", "frontend")}) == 1
        record = await shop.drive(opened.ref)
    assert (record.outcome, record.live) == ("done", "users are on green (v2)")
    assert effects(shop) == ONCE


@fault(
    "the runner is frozen (SIGSTOP, a suspended machine) and another operator takes over meanwhile",
    group="the host",
    sees="the run ends as superseded and names who drives now; exit code 4",
    does="looks at the lease before each effect: the first thing it does after it wakes is to stop",
    costs="nothing: what the other did stands",
)
@pytest.mark.parametrize("guard", [1, 2, 3, 4])
async def test_a_runner_that_slept_through_a_take_over_stops_before_its_next_effect(shop: Rig, guard: int) -> None:
    opened = await shop.open(assume_yes=True)
    guards, done = 0, -1

    def trace(found: str) -> None:
        nonlocal guards, done
        guards += found == "before guard"
        if found == "before guard" and guards == guard:
            done = len(effects(shop))
            held = shop.cluster.leases["bluegreen-shop"]
            taken = replace(held, holder="bob@laptop/u2", epoch=Epoch(held.epoch + 1), run="7@u2", resource_version="taken")
            shop.cluster.leases["bluegreen-shop"] = taken

    record = await (await claim(opened.ref, replace(shop.deps, trace=trace))).run()
    assert record.outcome == "superseded"
    assert "bob@laptop" in record.outcome_reason
    assert effects(shop) == ONCE[:done]
    assert shop.cluster.leases["bluegreen-shop"].holder == "bob@laptop/u2"


class Skewed:
    """Counts seconds as the true clock does, and tells another hour at every look: somebody sets it to and fro."""

    def __init__(self, true: ManualClock, hours: float) -> None:
        self._true, self._hours = true, hours

    def monotonic(self) -> float:
        return self._true.monotonic()

    def now(self) -> datetime:
        self._hours = -self._hours
        return self._true.now() + timedelta(hours=self._hours)

    async def sleep(self, seconds: float) -> None:
        await self._true.sleep(seconds)


@fault(
    "the clock of the runner's machine is set forwards or backwards by hours",
    group="the host",
    sees="nothing, beside the times in the record",
    does="deadlines are counted by a clock that nobody can set, absolute times by the API server's",
    costs="nothing",
)
@pytest.mark.parametrize("hours", [5.0, -5.0])
async def test_a_clock_that_is_set_by_hours_changes_no_deadline_and_no_wait(shop: Rig, hours: float) -> None:
    began, start = shop.clock.now(), shop.clock.monotonic()
    wrong = replace(shop, deps=replace(shop.deps, clock=Skewed(shop.clock, hours)))
    record = await wrong.run("baked")
    assert record.outcome == "done"
    assert 900 <= shop.clock.monotonic() - start < 1000
    (until,) = [e.body["until"] for e in await shop.journal.read(run=record.id) if e.body.get("until")]
    assert 900 <= (datetime.fromisoformat(str(until)) - began).total_seconds() < 1000


async def test_a_resumed_wait_asks_the_api_server_for_the_time_until_it_tells(shop: Rig) -> None:
    opened = await shop.open("baked", assume_yes=True)
    start = shop.clock.monotonic()
    await shop.drive_until(opened.ref, "after step.started wait")

    def trace(found: str) -> None:
        if found == "after run.claimed":
            shop.cluster.fail("server_time", Unreachable("connection refused"), times=6)

    deps = replace(shop.deps, clock=Skewed(shop.clock, 5.0), trace=trace)
    record = await (await claim(opened.ref, deps)).run()
    assert record.outcome == "done"
    assert shop.clock.monotonic() - start >= 900


async def test_a_machine_that_slept_through_a_wait_finds_out_from_the_api_server(shop: Rig) -> None:
    """Its own count of seconds stood still meanwhile."""
    opened = await shop.open("baked", assume_yes=True)
    start = shop.clock.monotonic()

    def trace(found: str) -> None:
        if found == "after step.started wait":
            shop.cluster.skew = 840.0

    await (await claim(opened.ref, replace(shop.deps, trace=trace))).run()
    assert shop.clock.monotonic() - start < 200


HOST = Host("bastion", 1, boot_id())
OURS = os.getpid()


@pytest.mark.parametrize(
    ("changes", "ours", "why"),
    [
        ({}, False, ""),
        ({}, True, "its runner ended before it began"),
        ({"claims": 1, "driver": "alice@bastion", "driver_pid": OURS, "driver_boot": HOST.boot}, True, ""),
        ({"claims": 1, "driver": "alice@bastion", "driver_pid": OURS, "driver_boot": "an earlier one"}, False, "ended in the middle"),
        ({"claims": 1, "driver": "alice@bastion", "driver_pid": 2**22 + 1, "driver_boot": HOST.boot}, False, "ended in the middle"),
        ({"claims": 1, "driver": "alice@elsewhere", "driver_pid": 2**22 + 1, "driver_boot": "x"}, False, ""),
        ({"claims": 1, "released": "the runner was told to end (SIGTERM)"}, False, "nobody drives run 1 now: the runner was told to end"),
    ],
)
async def test_who_drives_a_run_is_told_as_far_as_this_host_knows(shop: Rig, changes: dict[str, object], ours: bool, why: str) -> None:
    record = replace(await shop.record((await shop.open()).run), **changes)  # type: ignore[arg-type]
    said = undriven(record, place=shop.deps.place, host=HOST, ours=ours)
    assert why in said
    assert bool(said) == bool(why)
    with RunLock(shop.deps.place.runs, record.uid):
        assert bool(undriven(record, place=shop.deps.place, host=HOST, ours=ours)) == bool(record.released)


@fault(
    "the runner is killed while a command or a console follows the run",
    group="the host",
    sees="the command ends within 3 s with exit code 4: nobody drives the run; `resume` goes on from where the cluster is, or `rollback`",
    does="stays open as it was; the environment is free for a resume or a way back",
    costs="one `resume` or `rollback`",
)
async def test_who_follows_a_run_that_nobody_drives_any_more_is_told_the_way_on(shop: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driven, "LOOK_SECONDS", 0.01)
    run = (await shop.open()).run
    gone: list[str] = [""]
    seen: list[RunRecord] = []

    async def read() -> None:
        async for record in while_driven(_followed(shop, run), lambda r: gone[0]):
            seen.append(record)
            gone[0] = "nobody drives run 1: its runner (process 7) ended in the middle"

    with pytest.raises(NeedsOperator, match=r"ended in the middle\. `bluegreen resume 1` goes on from where the cluster is"):
        await asyncio.wait_for(read(), 10)
    assert len(seen) == 1


async def test_following_ends_with_the_run(shop: Rig) -> None:
    run = (await shop.run()).id
    assert [r.outcome async for r in while_driven(_followed(shop, run), lambda r: "nobody")] == ["done"]


def _followed(shop: Rig, run: RunId) -> AsyncIterator[RunRecord]:
    return follow.follow(shop.journal, run)
