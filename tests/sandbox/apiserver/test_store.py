"""The store's history: what is held, what is forgotten, and how the past is read."""

from __future__ import annotations

import asyncio

from console.sandbox.apiserver.resources import CONFIG_MAPS
from console.sandbox.apiserver.writes import Deletion
from tests.sandbox.apiserver.parts import NAMESPACE, config_map, fresh_registry, set_data

KEY = (NAMESPACE, "a")


def test_a_version_of_the_past_is_read_by_undoing_what_came_after() -> None:
    registry = fresh_registry()
    collection = registry.store.of(CONFIG_MAPS)
    config_map(registry, "a", x="1")
    config_map(registry, "b")
    before = registry.store.revision
    set_data(registry, "a", x="2")
    registry.delete(CONFIG_MAPS, (NAMESPACE, "b"))
    config_map(registry, "c")
    seen = collection.at(before)
    assert seen is not None
    assert [(each.key[1], each.body.get("data")) for each in seen] == [("a", {"x": "1"}), ("b", None)]
    assert [each.key[1] for each in collection.all()] == ["a", "c"]


def test_history_is_bounded() -> None:
    registry = fresh_registry(window=5)
    collection = registry.store.of(CONFIG_MAPS)
    first = config_map(registry, "a").revision
    revisions = [set_data(registry, "a", x=str(number)).revision for number in range(20)]
    assert collection.at(first) is None
    assert collection.position_after(first) is None
    assert collection.position_after(revisions[-6]) is not None
    assert collection.position_after(revisions[-7]) is None
    position = collection.position_after(revisions[-3])
    assert position is not None
    changes = collection.changes_from(position)
    assert changes is not None
    assert [change.revision for change in changes] == revisions[-2:]


def test_a_reader_far_behind_is_told_so() -> None:
    registry = fresh_registry(window=5)
    collection = registry.store.of(CONFIG_MAPS)
    config_map(registry, "a")
    for number in range(30):
        set_data(registry, "a", x=str(number))
    assert collection.changes_from(0) is None


def test_compaction_leaves_the_present_only() -> None:
    registry = fresh_registry()
    collection = registry.store.of(CONFIG_MAPS)
    before = config_map(registry, "a").revision
    set_data(registry, "a", x="1")
    registry.store.compact()
    assert collection.position_after(before) is None
    assert collection.position_after(registry.store.revision) is not None
    assert collection.get(KEY) is not None


def test_the_last_state_of_a_deleted_object_carries_the_version_of_its_deletion() -> None:
    registry = fresh_registry()
    config_map(registry, "a", x="1")
    registry.delete(CONFIG_MAPS, KEY)
    changes = registry.store.of(CONFIG_MAPS).changes_from(0)
    assert changes is not None
    line = changes[-1].line
    assert line.startswith(b'{"type":"DELETED"')
    assert f'"resourceVersion":"{registry.store.revision}"'.encode() in line


def test_a_write_that_changes_nothing_is_no_version() -> None:
    registry = fresh_registry()
    config_map(registry, "a", x="1")
    before = registry.store.revision
    set_data(registry, "a", x="1")
    assert registry.store.revision == before


def test_a_dry_run_is_no_version() -> None:
    registry = fresh_registry()
    config_map(registry, "a")
    before = registry.store.revision
    registry.delete(CONFIG_MAPS, KEY, Deletion(dry_run=True))
    assert registry.store.revision == before
    assert registry.store.of(CONFIG_MAPS).get(KEY) is not None


async def test_who_waits_for_growth_is_woken_by_a_write() -> None:
    registry = fresh_registry()
    collection = registry.store.of(CONFIG_MAPS)
    position = collection.position_after(registry.store.revision)
    assert position is not None
    waiters = [asyncio.create_task(collection.grown(position, 10)) for _ in range(3)]
    await asyncio.sleep(0)
    config_map(registry, "a")
    assert await asyncio.gather(*waiters) == [True, True, True]
    assert not await collection.grown(position + 1, 0.01)
