"""Writes a run's entries. What guards an effect is durable at once; what only tells may wait a moment and goes with the next write."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from console.domain.entry import Draft, Entry, EntryType
from console.domain.errors import JournalError
from console.domain.ids import Epoch, RunId
from console.engine.deps import Trace
from console.journal.ledger import Ledger


class Recorder:
    """Entries in order, in as few transactions as safety allows."""

    def __init__(
        self,
        ledger: Ledger,
        run: RunId,
        *,
        actor: str,
        trace: Trace,
        linger: float,
        seen: Callable[[Entry], object],
        epoch: Callable[[], Epoch],
    ) -> None:
        self._ledger = ledger
        self._run = run
        self._actor = actor
        self._trace = trace
        self._linger = linger
        """Seconds that an entry may wait for others."""
        self._seen = seen
        self._epoch = epoch
        """Of the lease that we drive with."""
        self._waiting: list[Draft] = []
        self._writing = asyncio.Lock()
        self._timer: asyncio.Task[None] | None = None

    def later(self, kind: EntryType, body: Mapping[str, object]) -> None:
        """Write with the next entry that cannot wait, or after `linger`."""
        self._waiting.append(Draft(kind, self._run, self._actor, body))
        if self._timer is None or self._timer.done():
            self._timer = asyncio.create_task(self._flush_soon())

    async def now(self, kind: EntryType, body: Mapping[str, object], *, actor: str = "") -> None:
        """Durable when it returns, together with all that waited. Raises JournalError: then nothing was written."""
        draft = Draft(kind, self._run, actor or self._actor, body)
        self._waiting.append(draft)
        try:
            await self.flush()
        except JournalError:
            self._waiting = [d for d in self._waiting if d is not draft]
            raise

    async def flush(self) -> None:
        """Write what waits. A cancelled caller does not tear the write apart."""
        await asyncio.shield(self._flush())

    def stop(self) -> None:
        """Write nothing more by itself."""
        if self._timer:
            self._timer.cancel()

    async def _flush(self) -> None:
        async with self._writing:
            drafts = tuple(self._waiting)
            if not drafts:
                return
            points = [_point(d) for d in drafts]
            for point in points:
                self._trace(f"before {point}")
            written = await self._ledger.append(drafts, epoch=self._epoch())
            del self._waiting[: len(drafts)]
            for entry in written:
                self._seen(entry)
            for point in points:
                self._trace(f"after {point}")

    async def _flush_soon(self) -> None:
        while self._waiting:  # more may come while a write is on
            await asyncio.sleep(self._linger)
            try:
                await self._flush()
            except JournalError:
                return  # it still waits: the next write that must be durable meets the same error and is heard


def _point(draft: Draft) -> str:
    step = draft.body.get("step")
    return f"{draft.type} {step}" if step else draft.type
