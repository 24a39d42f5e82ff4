"""Release after release, forward and back, under load: no request fails, and users are where every command says they are."""

from __future__ import annotations

import pytest

from console.sandbox.loadgen import Report
from tests.e2e.conftest import Starts
from tests.support.scenario import Scenario


@pytest.mark.parametrize(("rounds", "rate"), [(1, 40.0), pytest.param(20, 200.0, marks=pytest.mark.slow)])
async def test_deploying_switching_and_going_back_costs_no_request(scenario: Starts, rounds: int, rate: float) -> None:
    """`rate` requests a second; the short form leaves a busy machine room."""
    async with scenario(hurried=False) as s:
        await s.deploy("v1.4.2")
        home = await s.app.active()
        async with s.load(rate, fresh=0.5) as load:
            for number in range(rounds):
                await forward_and_back(s, f"v2.{number}.0", home=home, stable="v1.4.2")
            seconds = load.now()
        expect_no_failure(load.report(), at_least=(0.95 if rounds >= 20 else 0.5) * rate * seconds)
        assert set(load.report().by_slot()) == set(s.layout.slots)
        await s.quiet()


async def forward_and_back(s: Scenario, release: str, *, home: str, stable: str) -> None:
    """One round: deploy a new release, find users on it, roll back, find them where they were."""
    s.add_release(release)
    await s.deploy(release)
    await s.app.expect_live(s.layout.other(home), release)
    (await s.cli("rollback", "--yes", "--reason", f"round of {release}")).expect(0)
    await s.app.expect_live(home, stable)


def expect_no_failure(report: Report, *, at_least: float) -> None:
    assert not report.failures, str(report)
    assert report.sent >= at_least, f"{report.sent} requests instead of {at_least:.0f}: the load did not keep its rate"
    fresh = len(report.fresh().samples)
    assert 0.4 < fresh / report.sent < 0.6, f"{fresh} of {report.sent} requests were on connections of their own"
