"""Entries that only tell may wait, but not for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import cast

from console.domain.entry import Draft, Entry
from console.domain.ids import Epoch, RunId
from console.engine.recorder import Recorder
from console.journal.ledger import Ledger

AT = datetime(2026, 3, 1, tzinfo=UTC)
WITHIN = 20.0
"""Seconds after which an entry counts as never written."""


class SlowLedger:
    """Writes when it is told to."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self.asked = asyncio.Event()
        self.may = asyncio.Event()
        self.grown = asyncio.Condition()

    async def append(self, drafts: Sequence[Draft], *, epoch: Epoch) -> tuple[Entry, ...]:
        self.asked.set()
        await self.may.wait()
        async with self.grown:
            self.written += [str(d.body["text"]) for d in drafts]
            self.grown.notify_all()
        return tuple(Entry(n, "production", d.run, d.type, AT, d.actor, d.body, "", "") for n, d in enumerate(drafts))

    async def until(self, *texts: str) -> None:
        async with asyncio.timeout(WITHIN), self.grown:
            await self.grown.wait_for(lambda: self.written == list(texts))


async def test_what_comes_while_a_write_is_on_is_written_too() -> None:
    ledger = SlowLedger()
    recorder = Recorder(
        cast(Ledger, ledger), RunId(1), actor="alice", trace=lambda _: None, linger=0.001, seen=lambda _: None, epoch=lambda: Epoch(1)
    )
    recorder.later("step.progress", {"text": "first"})
    async with asyncio.timeout(WITHIN):
        await ledger.asked.wait()
    recorder.later("step.progress", {"text": "second"})
    ledger.may.set()
    await ledger.until("first", "second")
    recorder.stop()
