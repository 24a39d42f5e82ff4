"""What a run needs of its record: the journal has it, and so has the spool that stands in for it on the way back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Protocol

from console.domain.ids import RunId
from console.domain.run import Draft, Entry
from console.journal.verify import Anchor


class Ledger(Protocol):
    """Append, read and follow one environment's entries."""

    @property
    def environment(self) -> str: ...
    async def append(self, drafts: Iterable[Draft]) -> tuple[Entry, ...]: ...
    async def read(self, run: RunId | None = None, after: int = 0, limit: int | None = None) -> tuple[Entry, ...]: ...
    def tail(self, run: RunId | None = None, after: int = 0) -> AsyncIterator[Entry]: ...
    async def anchor(self) -> Anchor: ...
