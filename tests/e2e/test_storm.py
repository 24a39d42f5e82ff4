"""Deploying, going back and looking on while every fifth request meets a fault: nothing exits, nothing false is said or done twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from tests.e2e.conftest import Starts
from tests.faults.account import Account, Mismatch, account, mismatches
from tests.faults.behind import behind_faults
from tests.faults.kinds import Fault
from tests.faults.observers import Looks, keep_looking, status_process, watching_console
from tests.faults.proxy import FaultProxy
from tests.faults.truth import LAG, Truth, watched_truth
from tests.faults.weather import Weather
from tests.sandbox.waiting import until
from tests.support.faults import fault
from tests.support.scenario import Scenario

SEED = 20_261_127
RATE = 0.15
RUN_SECONDS = 400.0
"""A run among hangs of ten seconds each may take its time; that it ends is what counts."""


@fault(
    "every fifth request to the API server fails: 409, 410, 422, 429, 500, 502, 503, resets, hangs, lost answers, cut and garbled bodies",
    group="the cluster",
    sees="what is true or that it is not known; never `well` while users are not, never `done` before it is",
    does="asks again, looks before it repeats a write, and ends as it does without faults",
    costs="time",
)
@pytest.mark.parametrize("faults", [pytest.param(300, marks=pytest.mark.slow), pytest.param(10_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("box", [pytest.param("real", marks=pytest.mark.real)], indirect=True)
async def test_in_a_storm_nothing_exits_nothing_false_is_said_and_no_effect_is_lost_or_doubled(scenario: Starts, faults: int) -> None:
    async with scenario() as s, behind_faults(s) as proxy:
        await s.deploy("v1.4.2")
        home = await s.app.active()
        for release in ("v1.5.0", "v1.5.1"):  # the second round meets what every later one meets
            undisturbed = await round_trip(s, proxy, release, home=home)
        wrong: list[Mismatch] = []
        async with storm(s, proxy, seed=SEED) as (truth, looks):
            rounds = 0
            while len(proxy.injected) < faults:
                rounds += 1
                release = f"v2.{rounds}.0"
                s.add_release(release)
                disturbed = await round_trip(s, proxy, release, home=home)
                wrong += [m for before, now in zip(undisturbed, disturbed, strict=True) for m in mismatches(before, now)]
                if rounds == 1 or rounds % 10 == 0:
                    await sabotage(s, truth, home)
        print(report(proxy, looks, truth, rounds))
        assert wrong == [], "\n".join(map(str, wrong))
        assert truth.wrong() == []
        assert {c.by for c in truth.claims} == {"console", "status"}
        if faults >= 10_000:
            assert set(proxy.faults) == set(Fault)


async def round_trip(s: Scenario, proxy: FaultProxy, release: str, *, home: str) -> tuple[Account, Account]:
    """A deploy and the way back, each really done when it says so; the effects of both."""
    begun = len(proxy.effects)
    deploying = await s.begin("run", "deploy", "-i", f"release={release}", "--yes", "--reason", release)
    (await deploying.ended(within=RUN_SECONDS)).expect(0)
    await s.app.expect_live(s.layout.other(home), release, connections=3)
    between = len(proxy.effects)
    going_back = await s.begin("rollback", "--yes", "--reason", release)
    (await going_back.ended(within=RUN_SECONDS)).expect(0)
    await s.app.expect_live(home, "v1.4.2", connections=3)
    return account(proxy.effects[begun:between], release=release), account(proxy.effects[between:], release=release)


async def sabotage(s: Scenario, truth: Truth, slot: str) -> None:
    """Users lose a component for longer than a screen may be behind: whoever still says `well` is caught."""
    name = s.layout.parts[0].deployments[slot]
    await s.app.patch("deployments", name, {"spec": {"replicas": 0}})
    await until(lambda: not truth.samples[-1].well, what="users are without a component")
    since = truth.samples[-1].at
    await until(lambda: truth.samples[-1].at > since + 1.2 * LAG, within=3 * LAG, what="a screen has had time to tell")
    await s.app.patch("deployments", name, {"spec": {"replicas": 2}})
    await until(lambda: truth.samples[-1].well, within=60, what="users are well again")


@asynccontextmanager
async def storm(s: Scenario, proxy: FaultProxy, *, seed: int) -> AsyncIterator[tuple[Truth, Looks]]:
    """Bad weather, and everybody who looks on."""
    looks = Looks()
    async with AsyncExitStack() as stack:
        truth = await stack.enter_async_context(watched_truth(s))
        proxy.weather = Weather(seed, RATE)
        await stack.enter_async_context(watching_console(s, truth))
        await stack.enter_async_context(status_process(s))
        looking = asyncio.create_task(keep_looking(s, truth, looks))
        try:
            yield truth, looks
            assert not looking.done(), "a look ended in something else than a sentence"
        finally:
            proxy.weather = None
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)


def report(proxy: FaultProxy, looks: Looks, truth: Truth, rounds: int) -> str:
    """The counts."""
    lines = [f"{len(proxy.injected)} faults in {proxy.requests.total()} requests, {rounds} rounds of deploy and rollback"]
    lines += [f"  {count:>6}  {kind.value}" for kind, count in proxy.faults.most_common()]
    lines.append(f"{sum(i.effect for i in proxy.injected)} writes had their effect although their answer was lost or damaged")
    lines.append(f"{len(proxy.effects)} effects, {looks.taken} looks, {looks.refused} looks refused with a sentence")
    return "\n".join([*lines, f"{len(truth.claims)} times `well` was said, {len(truth.wrong())} times wrongly"])
