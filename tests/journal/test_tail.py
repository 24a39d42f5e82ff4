"""Following the journal while others write it."""

from __future__ import annotations

import asyncio
import time

from console.journal import Journal
from tests.journal.conftest import OpenJournal
from tests.journal.drafts import note
from tests.journal.drafts import opened as run_opened


async def test_a_tail_starts_with_what_is_there_and_goes_on(journal: Journal) -> None:
    await journal.append([note(1, "one"), note(2, "other run"), note(1, "two")])
    tail = journal.tail(run=note(1).run, after=0)
    assert [(await anext(tail)).body["text"] for _ in range(2)] == ["one", "two"]
    waiting = asyncio.ensure_future(anext(tail))
    await asyncio.sleep(0)
    await journal.append([note(2, "not for us"), note(1, "three")])
    assert (await asyncio.wait_for(waiting, 5)).body["text"] == "three"
    await tail.aclose()  # type: ignore[attr-defined]


async def test_another_process_is_heard_within_50_ms_while_a_run_is_open(opened: OpenJournal) -> None:
    here, there = await opened(), await opened()
    await here.open_run(run_opened())
    tail = here.tail(after=1)
    lags: list[float] = []
    for number in range(20):
        waiting = asyncio.ensure_future(anext(tail))
        await asyncio.sleep(0.01 + 0.003 * number)  # so that appends meet the poll at every phase
        began = time.monotonic()
        await there.append([note(1)])
        await asyncio.wait_for(waiting, 5)
        lags.append(time.monotonic() - began)
    await tail.aclose()  # type: ignore[attr-defined]
    assert sorted(lags)[5] < 0.05, "a quarter of them, however busy this machine is; an idle tail would need 60 ms for that"


async def test_an_idle_tail_hardly_looks(journal: Journal) -> None:
    looks = 0
    growth = journal._growth

    async def counted() -> tuple[int, int]:
        nonlocal looks
        looks += 1
        return await growth()

    journal._growth = counted  # type: ignore[method-assign]
    tail = journal.tail()
    waiting = asyncio.ensure_future(anext(tail))
    await asyncio.wait({waiting}, timeout=1.0)
    assert 2 <= looks <= 8
    waiting.cancel()
