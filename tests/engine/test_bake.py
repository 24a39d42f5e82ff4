"""A wait looks at live traffic: what moved it, and what is left of it."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from console.cluster.errors import Unauthorized, Unreachable
from console.domain.health import ProbeResult
from console.domain.ids import ComponentName
from console.domain.world import FieldManager
from tests.engine.rig import Rig
from tests.support.faults import fault

NOON = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)


def moved_by(shop: Rig, name: str, slot: str, manager: str) -> None:
    found = shop.cluster.service(name)
    by = FieldManager(manager, "Update", frozenset({"spec.selector"}), NOON)
    meta = replace(found.meta, managers=(by,))
    shop.cluster.put(replace(found, meta=meta, selector={**found.selector, "version": slot}))


async def test_a_switch_back_by_hand_ends_the_watch_with_a_name(shop: Rig) -> None:
    opened = await shop.open("baked", assume_yes=True)
    running = shop.start(opened.ref)
    await shop.until(opened.run, lambda r: r.step("wait").state.value == "running")
    for name in ("backend", "frontend"):
        moved_by(shop, name, "blue", "argocd-controller")
    record = await running
    assert (record.outcome, record.exit_code) == ("failed", 1)
    moved = "backend green → blue by argocd-controller and frontend green → blue by argocd-controller"
    assert record.outcome_reason == f"live traffic was moved while it was watched: {moved}"


@fault(
    "every pod of one component of the new release is gone while it is watched",
    group="pods",
    sees="within seconds the run's end: green does not serve any more, with the cause",
    does="evidence first, then the way back: asked, or taken by itself with --yes, exit 5",
    costs="the release is held",
)
async def test_a_component_without_any_pod_ends_the_watch_and_goes_back(shop: Rig) -> None:
    opened = await shop.open("baked", assume_yes=True)
    running = shop.start(opened.ref)
    await shop.until(opened.run, lambda r: r.step("wait").state.value == "running")
    shop.cluster.settles = False
    found = shop.cluster.deployment("backend-green")
    shop.cluster.put(replace(found, ready=0, available=0))
    record = await running
    assert (record.outcome, record.exit_code) == ("rolled_back", 5)
    assert record.outcome_reason.startswith("green does not serve any more: backend has 0 of 2 pods available")


@pytest.mark.parametrize("error", [Unreachable("no route to host"), Unauthorized("the token expired")])
async def test_an_api_server_that_does_not_tell_ends_no_watch(shop: Rig, error: Exception) -> None:
    opened = await shop.open("baked", assume_yes=True)
    running = shop.start(opened.ref)
    await shop.until(opened.run, lambda r: r.step("wait").state.value == "running")
    shop.cluster.fail("observe", error, times=20)
    record = await running
    assert record.outcome == "done"
    said = {str(e.body.get("text")) for e in await shop.journal.read() if e.type == "step.progress"}
    assert "live traffic is seen again" in said


def answered(*, ok: bool, detail: str = "") -> tuple[ProbeResult, ...]:
    return (ProbeResult("database", ComponentName("backend"), ok, "ok" if ok else "body", detail),)


@fault(
    "a health check of the live entry point fails while a release is watched",
    group="pods",
    sees="in the run's step, within two looks (4 s): which check fails and what it answered; and when it is well again",
    does="the watch goes on; the check after it decides, and goes back if health is still failing then",
    costs="nothing while it recovers within the watch",
)
async def test_health_that_fails_during_the_watch_is_told_and_so_is_its_end(shop: Rig) -> None:
    lost = answered(ok=False, detail='database.status is "down"')
    shop.deps.probes.live_rounds = deque([answered(ok=True), lost, answered(ok=True), lost, lost, lost, answered(ok=True)])  # type: ignore[attr-defined]
    opened = await shop.open("baked", assume_yes=True)
    record = await shop.drive(opened.ref)
    assert record.outcome == "done"
    said = [str(e.body.get("text")) for e in await shop.journal.read() if e.type == "step.progress" and e.body.get("step") == "wait"]
    assert said == ['live health fails: backend database: database.status is "down"', "live health is well again"]
