"""Watches: what a filtered watcher sees, bookmarks, the end of history, and slow readers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from console.sandbox.apiserver import watches
from console.sandbox.apiserver.lists import filter_of
from console.sandbox.apiserver.registry import Registry
from console.sandbox.apiserver.resources import CONFIG_MAPS
from console.sandbox.apiserver.watches import options_of, stream
from tests.sandbox.apiserver.parts import NAMESPACE, config_map, fresh_registry, relabel, set_data


def watch(registry: Registry, **query: str) -> AsyncIterator[bytes]:
    wanted = filter_of(CONFIG_MAPS, NAMESPACE, "", query)
    return stream(registry.store, CONFIG_MAPS, wanted, options_of(query))


async def events(lines: AsyncIterator[bytes], count: int) -> list[tuple[str, dict[str, Any]]]:
    """The next events, of which several may come at once."""
    found: list[tuple[str, dict[str, Any]]] = []
    async with asyncio.timeout(5):
        while len(found) < count:
            for line in (await anext(lines)).splitlines():
                event = json.loads(line)
                found.append((event["type"], event["object"]))
    return found


async def test_a_watch_from_a_version_sees_what_came_after() -> None:
    registry = fresh_registry()
    since = config_map(registry, "a").revision
    config_map(registry, "b")
    lines = watch(registry, resourceVersion=str(since))
    assert [(kind, found["metadata"]["name"]) for kind, found in await events(lines, 1)] == [("ADDED", "b")]
    set_data(registry, "a", x="1")
    registry.delete(CONFIG_MAPS, (NAMESPACE, "b"))
    assert [kind for kind, _ in await events(lines, 2)] == ["MODIFIED", "DELETED"]


async def test_a_filtered_watcher_sees_objects_appear_and_vanish() -> None:
    registry = fresh_registry()
    config_map(registry, "a", labels={"slot": "blue"})
    lines = watch(registry, labelSelector="slot=green", resourceVersion=str(registry.store.revision))
    set_data(registry, "a", x="unseen")
    relabel(registry, "a", slot="green")
    set_data(registry, "a", x="seen")
    vanished = relabel(registry, "a", slot="blue")
    seen = await events(lines, 3)
    assert [kind for kind, _ in seen] == ["ADDED", "MODIFIED", "DELETED"]
    assert seen[2][1]["metadata"]["labels"] == {"slot": "green"}
    assert seen[2][1]["metadata"]["resourceVersion"] == str(vanished.revision)


async def test_a_watch_without_a_version_begins_with_what_is_there() -> None:
    registry = fresh_registry()
    config_map(registry, "a")
    config_map(registry, "b")
    lines = watch(registry, allowWatchBookmarks="true")
    seen = await events(lines, 3)
    assert [kind for kind, _ in seen] == ["ADDED", "ADDED", "BOOKMARK"]
    assert seen[2][1]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert seen[2][1]["metadata"]["resourceVersion"] == str(registry.store.revision)


async def test_bookmarks_come_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watches, "BOOKMARK_SECONDS", 0.02)
    registry = fresh_registry()
    since = str(config_map(registry, "a").revision)
    lines = watch(registry, resourceVersion=since, allowWatchBookmarks="true")
    registry.store.revision += 1
    ((kind, found),) = await events(lines, 1)
    assert (kind, found["metadata"]["resourceVersion"]) == ("BOOKMARK", str(registry.store.revision))


async def test_a_watch_ends_with_its_time_after_a_last_bookmark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watches, "BEFORE_END_SECONDS", 0.9)
    registry = fresh_registry()
    since = str(config_map(registry, "a").revision)
    async with asyncio.timeout(5):
        kinds = [
            json.loads(line)["type"] async for line in watch(registry, resourceVersion=since, timeoutSeconds="1", allowWatchBookmarks="1")
        ]
    assert kinds == ["BOOKMARK"]


async def test_a_forgotten_version_is_an_error_event() -> None:
    registry = fresh_registry(window=3)
    since = config_map(registry, "a").revision
    for number in range(9):
        set_data(registry, "a", x=str(number))
    ((kind, status),) = await events(watch(registry, resourceVersion=str(since)), 1)
    assert (kind, status["code"], status["reason"]) == ("ERROR", 410, "Expired")
    assert status["message"].startswith(f"too old resource version: {since} (")


async def test_a_reader_that_falls_behind_loses_its_watch_and_nobody_waits_for_it() -> None:
    registry = fresh_registry(window=10)
    since = str(config_map(registry, "a").revision)
    slow, fast = watch(registry, resourceVersion=since), watch(registry, resourceVersion=since)
    set_data(registry, "a", x="first")
    await events(slow, 1)
    for number in range(50):
        set_data(registry, "a", x=str(number))
        await events(fast, 1)
    with pytest.raises(StopAsyncIteration):
        await anext(slow)


async def test_an_event_is_encoded_once_for_all_watchers() -> None:
    registry = fresh_registry()
    since = str(config_map(registry, "a").revision)
    readers = [watch(registry, resourceVersion=since, labelSelector="!none") for _ in range(3)]
    set_data(registry, "a", x="1")
    changes = registry.store.of(CONFIG_MAPS).changes_from(0)
    assert changes is not None
    first = changes[-1].line
    for reader in readers:
        await events(reader, 1)
    assert changes[-1].line is first
