"""The API server is away, busy or slow to answer: the run waits and goes on, and the time of an outage is not its own."""

from __future__ import annotations

import asyncio

import pytest

from console.cluster.errors import Details, Forbidden, Gone, ServerFault, TimedOut, TooManyRequests, Unreachable
from console.domain.change import JsonPatch, Write
from console.domain.errors import PortError
from console.engine import follow, stage
from console.engine.failures import LONGEST_ASKED, Failure, failure_of, pause_after
from console.engine.ports import LeaseState
from tests.engine.rig import Rig
from tests.support.faults import fault

REFUSED = Unreachable("connection refused")
AWAY = (REFUSED, TimedOut("no answer"), ServerFault("no leader", status=503), ServerFault("no upstream", status=502))


@fault(
    "the API server is away for minutes in the middle of a run",
    group="the cluster",
    sees="every panel LOST with its age; in the run's step the reason and `trying again`",
    does="waits up to 15 minutes in a step, on top of the step's own time, then goes on where it was",
    costs="the length of the outage",
)
@pytest.mark.parametrize("error", AWAY, ids=lambda e: e.message)
async def test_an_outage_longer_than_a_steps_time_is_waited_for(shop: Rig, error: PortError) -> None:
    opened = await shop.open(assume_yes=True)
    shop.cluster.fail("observe", error, times=20)  # at 5 s each: twice the 30 s of a step
    began = shop.clock.monotonic()
    record = await shop.drive(opened.ref)
    assert record.outcome == "done"
    assert shop.clock.monotonic() - began > 60
    told = [str(e.body["text"]) for e in await shop.journal.read() if e.type == "step.progress"]
    assert f"{error.message}; trying again" in told


DENIED = Forbidden("services is forbidden: User alice cannot list resource services")


@fault(
    "an API server that has just started refuses everybody until it knows its own rules (403)",
    group="the cluster",
    sees="the denial and `trying again` in the step's progress",
    does="takes a denial within 20 s after an outage for one that passes; any other ends the step at once",
    costs="the seconds until the server knows its rules",
)
@pytest.mark.parametrize("verb", ["observe", "write"])
async def test_a_denial_right_after_an_outage_passes(shop: Rig, verb: str) -> None:
    opened = await shop.open(assume_yes=True)
    for error in (REFUSED, DENIED):
        shop.cluster.fail(verb, error, times=3)
    assert (await shop.drive(opened.ref)).outcome == "done"


async def test_a_denial_that_stays_after_an_outage_ends_the_step(shop: Rig) -> None:
    opened = await shop.open(assume_yes=True)
    for error, times in ((REFUSED, 3), (DENIED, 10_000)):
        shop.cluster.fail("write", error, times=times)
    began = shop.clock.monotonic()
    record = await shop.drive(opened.ref)
    assert DENIED.message in record.outcome_reason
    assert shop.clock.monotonic() - began < 60


async def test_an_outage_without_end_ends_the_step(shop: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "OUTAGE_SECONDS", 100.0)
    opened = await shop.open(assume_yes=True)
    shop.cluster.fail("observe", REFUSED, times=10_000)
    began = shop.clock.monotonic()
    record = await shop.drive(opened.ref)
    assert record.outcome == "needs_operator"
    assert 100 < shop.clock.monotonic() - began < 300


async def test_a_server_that_fails_at_one_thing_is_not_away(shop: Rig) -> None:
    """A webhook that always fails would otherwise hold the run for a quarter of an hour."""
    opened = await shop.open(assume_yes=True)
    shop.cluster.fail("observe", ServerFault("admission webhook failed", status=500), times=10_000)
    began = shop.clock.monotonic()
    await shop.drive(opened.ref)
    assert shop.clock.monotonic() - began < 300


@fault(
    "the API server sheds load: 429 with Retry-After",
    group="the cluster",
    sees="`the server has received too many requests; trying again` in the step's progress",
    does="waits as long as the server asks, a minute at most, then asks again",
    costs="the wait that the server asks for",
)
async def test_the_wait_that_a_busy_server_asks_for_is_kept(shop: Rig) -> None:
    busy = TooManyRequests("too many requests", details=Details(retry_after=17.0))
    opened = await shop.open(assume_yes=True)
    shop.cluster.fail("observe", busy, times=2)  # the first look is one ahead, whose failure the step meets again
    began = shop.clock.monotonic()
    assert (await shop.drive(opened.ref)).outcome == "done"
    assert shop.clock.monotonic() - began >= 17.0


def test_a_wait_without_reason_is_cut() -> None:
    assert pause_after(TooManyRequests("too many requests", details=Details(retry_after=86_400.0)), 1) == LONGEST_ASKED
    assert pause_after(TooManyRequests("too many requests"), 1) == 1.0
    assert pause_after(REFUSED, 1) == 0.1


def test_a_list_that_expired_is_read_again() -> None:
    assert failure_of(Gone("too old resource version")) is Failure.AGAIN


@fault(
    "the API server goes away between the two patches, and somebody asks the run to stop",
    group="the cluster",
    sees="the wish in the journal, and the step that waits for the server",
    does="finishes the switch first, then stops where users are",
    costs="the length of the outage",
)
async def test_a_wish_to_stop_waits_until_a_split_is_finished(shop: Rig) -> None:
    opened = await shop.open(assume_yes=True)
    asking: list[asyncio.Task[None]] = []

    def outage(write: Write) -> None:
        if write.name == "frontend" and isinstance(write, JsonPatch):
            shop.cluster.before_write = None
            shop.cluster.fail("observe", REFUSED, times=40)
            asking.append(asyncio.create_task(follow.stop(shop.journal, opened.run, reason="enough", actor="bob")))
            raise TimedOut("no answer", sent="maybe")

    shop.cluster.before_write = outage
    record = await shop.drive(opened.ref)
    await asyncio.gather(*asking)
    assert [shop.cluster.selects(name) for name in ("backend", "frontend")] == ["green", "green"]
    assert (record.outcome, record.live) == ("needs_operator", "users are on green (v2)")
    assert record.outcome_reason.startswith("enough; live traffic is not where it was")


async def test_a_failed_proof_of_the_target_leaves_no_second_try_for_the_lease_behind(shop: Rig) -> None:
    """One that is still under way would take the lease from the next try: the run would be superseded by itself."""
    opened = await shop.open(assume_yes=True)
    cluster, put, under_way = shop.cluster, shop.cluster.put_lease, 0

    async def slow(name: str, state: LeaseState) -> LeaseState:
        nonlocal under_way
        assert not under_way, "two tries at the lease at once"
        under_way += 1
        try:
            await asyncio.sleep(0.05)
            return await put(name, state)
        finally:
            under_way -= 1

    cluster.put_lease = slow  # type: ignore[method-assign]
    cluster.fail("fingerprint", Unreachable("reset"))
    record = await shop.drive(opened.ref)
    assert record.outcome == "done"
    assert record.claims == 1
