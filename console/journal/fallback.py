"""The record of a rollback: the journal as long as it can be written, a spool from then on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from pathlib import Path

from console.domain.ids import Epoch, RunId
from console.domain.run import Draft, Entry
from console.journal.errors import JournalUnavailable
from console.journal.ledger import NOBODY, Ledger
from console.journal.place import workable
from console.journal.spool import Spool, spool_path
from console.journal.verify import Anchor


class Fallback:
    """Implements `Ledger`. Once an append has failed it stays with the spool: the journal would show a gap as order."""

    def __init__(self, journal: Ledger, *, spools: tuple[Path, ...], uid: str) -> None:
        self.environment = journal.environment
        self._ledger = journal
        self._spools = spools
        self._uid = uid
        self._last = 0
        self._earlier: tuple[Entry, ...] = ()

    @property
    def spooled(self) -> bool:
        """The journal could not be written, and the spool holds the rest."""
        return isinstance(self._ledger, Spool)

    async def append(self, drafts: Iterable[Draft], *, epoch: Epoch = NOBODY) -> tuple[Entry, ...]:
        listed = tuple(drafts)
        try:
            written = await self._ledger.append(listed, epoch=epoch)
        except JournalUnavailable:
            if self.spooled:
                raise
            self._ledger = Spool(spool_path(workable(self._spools), self._uid), environment=self.environment, after=self._last)
            written = await self._ledger.append(listed)
        self._seen(written)
        return written

    async def read(self, run: RunId | None = None, after: int = 0, limit: int | None = None) -> tuple[Entry, ...]:
        if not self.spooled:
            found = await self._ledger.read(run=run, after=after, limit=limit)
            self._seen(found)
            return found
        rest = await self._ledger.read(run=run)
        return tuple(e for e in (*self._earlier, *rest) if e.seq > after)[:limit]

    async def tail(self, run: RunId | None = None, after: int = 0) -> AsyncIterator[Entry]:
        async for found in self._ledger.tail(run=run, after=after):
            self._seen((found,))
            yield found

    async def anchor(self) -> Anchor:
        return await self._ledger.anchor()

    def _seen(self, entries: tuple[Entry, ...]) -> None:
        known = {e.seq for e in self._earlier}
        if not self.spooled:
            self._earlier += tuple(e for e in entries if e.seq not in known)
        self._last = max((self._last, *(e.seq for e in entries)))
