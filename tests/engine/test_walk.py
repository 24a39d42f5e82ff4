"""Runs that go well, and what they leave behind."""

from __future__ import annotations

import asyncio

from console.domain.run import StepState
from tests.engine.rig import Rig


async def test_a_deploy_switches_and_says_where_users_are(shop: Rig) -> None:
    record = await shop.run()
    assert (record.outcome, record.exit_code) == ("done", 0)
    assert record.live == "users are on green (v2)"
    assert record.title == "deploy v2 to green"
    assert [s.state for s in record.steps] == [StepState.DONE] * 5
    assert [shop.cluster.selects(n) for n in ("backend", "frontend")] == ["green", "green"]


async def test_what_is_already_so_is_not_done_again(shop: Rig) -> None:
    await shop.run(inputs={"release": "v0"})
    record = await shop.record(1)
    assert record.step("shop.put").state is StepState.NOOP
    assert record.step("shop.put").reason == "green has v0"


async def test_the_intent_is_recorded_before_the_effect_and_the_result_after(shop: Rig) -> None:
    await shop.run()
    wanted = ["before step.intent traffic.switch", "after step.intent traffic.switch", "before guard", "effect traffic.switch"]
    found = [p for p in shop.points if p in wanted]
    assert found.index("after step.intent traffic.switch") < found.index("effect traffic.switch")
    types = [e.type for e in await shop.journal.read(run=(await shop.record(1)).id) if e.body.get("step") == "traffic.switch"]
    assert types == ["step.started", "step.intent", "step.result"]


async def test_every_write_carries_run_and_epoch(shop: Rig) -> None:
    record = await shop.run()
    notes = shop.cluster.service("backend").meta.annotations
    assert (notes["bluegreen/run"], notes["bluegreen/epoch"]) == (f"1@{record.uid}", str(record.epoch))


async def test_the_lease_is_free_afterwards_and_carries_the_anchor(shop: Rig) -> None:
    await shop.run()
    lease = shop.cluster.leases["bluegreen-shop"]
    assert (lease.holder, lease.epoch) == ("", 1)
    verdict = await shop.journal.verify(lease.anchor)
    assert verdict.ok
    assert verdict.anchored


async def test_a_rollback_needs_few_writes_to_the_journal_before_its_effect(shop: Rig) -> None:
    await shop.run()
    shop.points.clear()
    await shop.run("rollback", {})
    before = shop.points[: shop.points.index("effect traffic.switch")]
    assert "after run.claimed" in before
    assert before.index("before run.claimed") < before.index("before step.intent traffic.switch") < before.index("after run.claimed")


async def test_a_wait_is_counted_in_the_api_servers_time(shop: Rig) -> None:
    shop.cluster.skew = 3600.0
    opened = await shop.open("baked", assume_yes=True)
    began = shop.clock.monotonic()
    record = await shop.drive(opened.ref)
    assert record.outcome == "done"
    assert 900 <= shop.clock.monotonic() - began < 1000
    assert record.step("wait").reason.startswith("waited until 03:5")


async def test_the_record_can_be_followed_to_its_end(shop: Rig) -> None:
    opened = await shop.open(assume_yes=True)
    running = shop.start(opened.ref)
    last = await shop.until(opened.run, lambda r: not r.open)
    assert last.outcome == "done"
    assert (await asyncio.wait_for(running, 5)).outcome == "done"
