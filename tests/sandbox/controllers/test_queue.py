"""The work queue."""

from __future__ import annotations

import asyncio

import pytest

from console.sandbox.controllers import queue as module
from console.sandbox.controllers.queue import WorkQueue


async def taken(queue: WorkQueue[str]) -> str:
    async with asyncio.timeout(2):
        return await queue.next()


async def test_a_key_that_is_asked_for_twice_is_looked_at_once() -> None:
    queue: WorkQueue[str] = WorkQueue()
    for key in ("a", "b", "a"):
        queue.add(key)
    assert [await taken(queue), await taken(queue)] == ["a", "b"]
    assert len(queue) == 0


async def test_who_waits_is_woken() -> None:
    queue: WorkQueue[str] = WorkQueue()
    waiting = asyncio.create_task(taken(queue))
    await asyncio.sleep(0)
    queue.add("a")
    assert await waiting == "a"


async def test_of_two_wishes_for_later_the_earlier_counts() -> None:
    queue: WorkQueue[str] = WorkQueue()
    queue.add_after("a", 60)
    queue.add_after("a", 0.01)
    queue.add_after("a", 60)
    assert await taken(queue) == "a"


async def test_failures_in_a_row_make_longer_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    queue: WorkQueue[str] = WorkQueue()
    pauses: list[float] = []
    monkeypatch.setattr(queue, "add_after", lambda key, seconds: pauses.append(seconds))
    for _ in range(20):
        queue.failed("a")
    queue.done("a")
    queue.failed("a")
    assert pauses[:3] == [module.FIRST_PAUSE, 2 * module.FIRST_PAUSE, 4 * module.FIRST_PAUSE]
    assert pauses[19] == module.LONGEST_PAUSE
    assert pauses[20] == module.FIRST_PAUSE


async def test_a_resting_key_is_looked_at_after_its_rest() -> None:
    queue: WorkQueue[str] = WorkQueue()
    loop = asyncio.get_running_loop()
    queue.add("a")
    began = loop.time()
    queue.rest("a", 0.05)
    queue.add("a")
    queue.add("b")
    assert await taken(queue) == "b"
    assert await taken(queue) == "a"
    assert loop.time() - began >= 0.049


async def test_a_key_that_nobody_asks_for_does_not_come_back_from_its_rest() -> None:
    queue: WorkQueue[str] = WorkQueue()
    queue.rest("a", 0.01)
    await asyncio.sleep(0.03)
    assert len(queue) == 0
    queue.close()
