"""The standing way back: planned from what is watched, blocked by what would block it, timed by earlier ways back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from console.domain.entry import Draft, Entry, EntryType
from console.domain.ids import RunId
from console.domain.snapshot import LinkSeen
from console.domain.views.readiness import Readiness
from console.domain.world import KINDS, KubeObject, Listed
from console.engine import readiness as standing
from console.engine.history import BackTimes, back_seconds
from console.engine.ports import AccessRule
from console.engine.readiness import Answers, readiness, watch_readiness
from console.store import Store
from tests.engine.rig import Rig

NOW = datetime(2026, 3, 1, 2, 41, tzinfo=UTC)


async def made(shop: Rig, answers: Answers | None = None) -> Readiness:
    return await readiness(shop.deps, await shop.cluster.observe(), answers or Answers(), BackTimes(), now=lambda: NOW)


async def test_a_way_back_that_could_be_taken_is_planned_and_nothing_stands_against_it(shop: Rig) -> None:
    found = await made(shop)
    assert (found.slot, found.release, found.blocked, found.problem, found.checked_at) == ("green", "v0", (), "", NOW)
    assert shop.cluster.writes == []


async def test_rights_are_asked_once_and_what_is_missing_blocks(shop: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[AccessRule, ...]] = []

    async def may(rules: Iterable[AccessRule]) -> tuple[AccessRule, ...]:
        asked.append(tuple(rules))
        return tuple(rule for rule in asked[-1] if rule.resource == "leases" or str(rule) == "patch configmaps")

    monkeypatch.setattr(shop.cluster, "may", may)
    answers = Answers()
    found = await made(shop, answers)
    (blocked,) = found.blocked
    assert "you may not get leases" in blocked
    assert found.warnings == ("you may not patch configmaps: the hold and the draining are left undone",)
    await made(shop, answers)
    assert len(asked) == len(set(asked)) == 2, "each question once: what the plan needs, and what it would leave undone"
    monkeypatch.setattr(standing, "ASKED_EVERY", -1.0)
    await made(shop, answers)
    assert len(asked) == 4


async def test_nothing_that_a_watch_tells_is_read_again(shop: Rig) -> None:
    world = await shop.cluster.observe()
    shop.cluster.calls.clear()
    answers = Answers()
    for _ in range(3):
        await readiness(shop.deps, world, answers, BackTimes(), now=lambda: NOW)
    assert sorted(verb for verb, _ in shop.cluster.calls) == ["fingerprint", "may", "may"]


async def test_without_a_way_back_or_a_runbook_it_says_so(shop: Rig) -> None:
    bare = replace(await shop.cluster.observe(), deployments={})
    nothing = await readiness(shop.deps, bare, Answers(), BackTimes(), now=lambda: NOW)
    assert (nothing.slot, nothing.blocked, nothing.problem) == ("", (), "")
    without = replace(shop.deps, runbooks={})
    missing = await readiness(without, await shop.cluster.observe(), Answers(), BackTimes(), now=lambda: NOW)
    assert missing.problem == "no runbook “rollback” is configured"


async def test_a_server_that_does_not_answer_is_told_and_the_watch_goes_on(shop: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    from console.domain.errors import PortError

    async def away(rules: Iterable[AccessRule]) -> tuple[AccessRule, ...]:
        raise PortError("no answer within 10 s", sent="no")

    monkeypatch.setattr(shop.cluster, "may", away)
    assert (await made(shop)).problem == "no answer within 10 s"


async def listed(shop: Rig, store: Store) -> None:
    """What the watches of the shop say now."""
    world = await shop.cluster.observe()
    objects: dict[str, Iterable[KubeObject]] = {"Deployment": world.deployments.values(), "Service": world.services.values()}
    store.put(LinkSeen(ok=True))
    for kind in KINDS:
        store.put(Listed(kind, tuple(objects.get(kind, ())), "1", world.at))


async def test_it_is_planned_again_after_a_change_that_matters(shop: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing, "AT_MOST_EVERY", 0.0)
    store = Store(namespace="shop")
    await listed(shop, store)
    plans: AsyncIterator[Readiness] = watch_readiness(shop.deps, store, now=lambda: NOW)
    async with asyncio.timeout(20):
        assert (await anext(plans)).release == "v0"
        again = asyncio.ensure_future(anext(plans))
        store.put(LinkSeen(ok=True, latency=0.1))
        await asyncio.sleep(0)
        assert not again.done()
        shop.cluster.put(replace(shop.cluster.deployment("backend-green"), available=0, ready=0))
        await listed(shop, store)
        found = await again
    assert "backend has no pods in green" in found.blocked[0]
    await plans.aclose()  # type: ignore[attr-defined]


def entry(run: int, kind: EntryType, at: float, **body: object) -> Entry:
    draft = Draft(kind, RunId(run), "alice", body)
    return Entry(0, "production", draft.run, draft.type, NOW + timedelta(seconds=at), draft.actor, draft.body, "", "")


def back(run: int, seconds: float, *, applied: bool = False) -> list[Entry]:
    steps = [entry(run, "step.result", 1, step="slots.apply", outcome="done", seconds=1)] if applied else []
    opened = entry(run, "run.opened", 0, runbook="rollback", direction="back")
    return [opened, *steps, entry(run, "step.result", seconds, step="traffic.switch", outcome="done", seconds=0.1)]


def test_ways_back_are_timed_from_their_start_until_users_were_back() -> None:
    times = back_seconds([*back(1, 0.8), *back(2, 1.2), *back(3, 9.0), *back(4, 41.0, applied=True)])
    assert times.warm is not None
    assert (times.warm.seconds, times.warm.runs, times.warm.basis) == (1.2, 3, "ways back")
    assert times.recorded is not None
    assert (times.recorded.seconds, times.recorded.runs) == (41.0, 1)


def test_before_the_first_way_back_the_switches_stand_in_and_before_those_nothing() -> None:
    forward = entry(1, "run.opened", 0, runbook="deploy", direction="forward")
    switched = entry(1, "step.result", 60, step="traffic.switch", outcome="done", seconds=0.3)
    failed = entry(2, "step.result", 60, step="traffic.switch", outcome="failed", seconds=30)
    times = back_seconds([forward, switched, failed])
    assert times.warm is not None
    assert (times.warm.seconds, times.warm.runs, times.warm.basis) == (0.3, 1, "switches")
    assert times.recorded is None
    assert back_seconds([forward]) == BackTimes()
