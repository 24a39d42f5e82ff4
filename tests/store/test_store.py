"""The latest value wins, whoever reads and however slowly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from console.domain.snapshot import LINK, LinkSeen, Seen, Snapshot
from console.domain.world import KubeObject, Listed, Meta, Pod, Service, Upserted
from console.store import PENDING, Store

WELL = LinkSeen(ok=True)


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2036, 3, 1, 2, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def goes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> Store:
    return Store(namespace="shop", now=clock)


def services(*names: str) -> Listed[KubeObject]:
    return Listed("Service", tuple(Service(Meta(name)) for name in names), "1")


async def soon(snapshots: AsyncIterator[Snapshot]) -> Snapshot:
    return await asyncio.wait_for(anext(snapshots), 5)


async def test_a_reader_gets_the_present_then_every_difference(store: Store) -> None:
    snapshots = store.changes()
    assert (await soon(snapshots)).world is None
    store.put(services("web"))
    world = (await soon(snapshots)).world
    assert world is not None
    assert set(world.services) == {"web"}


async def test_a_slow_reader_misses_values_but_not_the_latest(store: Store) -> None:
    snapshots = store.changes()
    await soon(snapshots)
    for number in range(500):
        store.put(services(f"web-{number}"))
    world = (await soon(snapshots)).world
    assert world is not None
    assert set(world.services) == {"web-499"}


async def test_nothing_new_is_no_news_but_silence_is(store: Store, clock: Clock) -> None:
    store.put(WELL)
    snapshots = store.changes(tick=0.01)
    assert (await soon(snapshots)).of(LINK).state == "FRESH"
    waiting = asyncio.ensure_future(anext(snapshots))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    clock.goes(4)
    assert (await asyncio.wait_for(waiting, 5)).of(LINK).state == "STALE"
    clock.goes(2)
    assert (await soon(snapshots)).of(LINK).state == "LOST"


async def test_every_reader_hears_of_a_change(store: Store) -> None:
    readers = [store.changes() for _ in range(3)]
    for reader in readers:
        await soon(reader)
    waiting = [asyncio.ensure_future(anext(reader)) for reader in readers]
    await asyncio.sleep(0)
    store.put(WELL)
    found = await asyncio.wait_for(asyncio.gather(*waiting), 5)
    assert [snapshot.link.ok for snapshot in found] == [True] * 3


def test_events_are_reduced_once_per_read_not_once_each(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    batches: list[int] = []
    from console import store as module

    def counted(snapshot: Snapshot, seen: list[Seen], **rest: object) -> Snapshot:
        batches.append(len(seen))
        return snapshot

    monkeypatch.setattr(module, "reduce", counted)
    for _ in range(1000):
        store.put(WELL)
    store.current()
    assert batches == [1000]


def test_without_a_reader_memory_does_not_grow(store: Store) -> None:
    pods: Listed[KubeObject] = Listed("Pod", (), "1")
    store.put(pods)
    for number in range(PENDING + 10):
        store.put(Upserted("Pod", Pod(Meta("same", resource_version=str(number)))))
    assert len(store._pending) < PENDING
    world = store.current().world
    assert world is not None
    assert world.pods["same"].meta.resource_version == str(PENDING + 9)
