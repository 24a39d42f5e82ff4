"""A wait looks at live traffic: what moved it, and what is left of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from console.cluster.errors import Unauthorized, Unreachable
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
