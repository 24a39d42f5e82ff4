"""What a run needs of its record: the journal has it, and so has the spool that stands in for it on the way back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Protocol

from console.domain.entry import Draft, Entry
from console.domain.ids import Epoch, RunId
from console.journal.verify import Anchor

NOBODY = Epoch(0)
"""Who writes is no driver."""


class Ledger(Protocol):
    """Append, read and follow one environment's entries."""

    @property
    def environment(self) -> str: ...
    async def append(self, drafts: Iterable[Draft], *, epoch: Epoch = NOBODY) -> tuple[Entry, ...]:
        """`epoch`: of the driver that writes, who is refused once a later one has claimed the run; `NOBODY` for people."""
        ...

    async def read(self, run: RunId | None = None, after: int = 0, limit: int | None = None) -> tuple[Entry, ...]: ...
    def tail(self, run: RunId | None = None, after: int = 0) -> AsyncIterator[Entry]: ...
    async def anchor(self) -> Anchor: ...
