"""The record of a rollback: the journal as long as it can be written, a spool from then on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import aclosing, suppress
from pathlib import Path

from console.domain.entry import Draft, Entry
from console.domain.errors import JournalError
from console.domain.ids import Epoch, RunId
from console.journal.errors import Overtaken
from console.journal.ledger import NOBODY, Ledger
from console.journal.place import workable
from console.journal.spool import MOVED, Spool, spool_path
from console.journal.verify import Anchor

FOLLOW_SECONDS = 0.05


class Fallback:
    """Implements `Ledger`. Once an append has failed it stays with the spool: the journal would show a gap as order."""

    def __init__(self, journal: Ledger, *, spools: tuple[Path, ...], uid: str) -> None:
        self.environment = journal.environment
        self._ledger = journal
        self._spools = spools
        self._uid = uid
        self._turned = asyncio.Event()
        """Set once the spool has taken over."""
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
        except Overtaken:
            raise
        except JournalError:
            if self.spooled:
                raise
            self._ledger = Spool(spool_path(workable(self._spools), self._uid), environment=self.environment, after=self._last)
            written = await self._ledger.append(listed)
            self._turned.set()
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
        if not self.spooled:
            async with aclosing(_until(self._turned, self._ledger.tail(run=run, after=after))) as entries:
                async for found in entries:
                    after = found.seq
                    self._seen((found,))
                    yield found
        async for found in self._ledger.tail(run=run, after=after):
            yield found

    async def anchor(self) -> Anchor:
        return await self._ledger.anchor()

    def _seen(self, entries: tuple[Entry, ...]) -> None:
        known = {e.seq for e in self._earlier}
        if not self.spooled:
            self._earlier += tuple(e for e in entries if e.seq not in known)
        self._last = max((self._last, *(e.seq for e in entries)))


class Followed:
    """The same run as another process sees it: in the journal, and in the spool once there is one. Implements `Ledger`."""

    def __init__(self, journal: Ledger, *, spools: tuple[Path, ...], uid: str) -> None:
        self.environment = journal.environment
        self._journal = journal
        self._paths = tuple(spool_path(folder, uid) for folder in spools)

    async def append(self, drafts: Iterable[Draft], *, epoch: Epoch = NOBODY) -> tuple[Entry, ...]:
        return await (self._spool() or self._journal).append(drafts, epoch=epoch)

    async def read(self, run: RunId | None = None, after: int = 0, limit: int | None = None) -> tuple[Entry, ...]:
        """Raises JournalError where there is neither."""
        spool = self._spool()
        if spool is None:
            return await self._journal.read(run=run, after=after, limit=limit)
        rest = await spool.read(after=after)
        try:
            begun = await self._journal.read(run=run, after=after)
        except JournalError:
            begun = ()
        first = rest[0].seq if rest else 0
        return (*(e for e in begun if not rest or e.seq < first), *rest)[:limit]

    async def tail(self, run: RunId | None = None, after: int = 0) -> AsyncIterator[Entry]:
        while True:
            with suppress(JournalError):
                for found in await self.read(run=run, after=after):
                    after = found.seq
                    yield found
            await asyncio.sleep(FOLLOW_SECONDS)

    async def anchor(self) -> Anchor:
        return await (self._spool() or self._journal).anchor()

    def _spool(self) -> Spool | None:
        found = next((p for p in self._paths if p.exists() or p.with_suffix(MOVED).exists()), None)
        return Spool(found, environment=self.environment) if found else None


async def _until(turned: asyncio.Event, source: AsyncIterator[Entry]) -> AsyncGenerator[Entry, None]:
    """What `source` yields until `turned` is set."""
    over = asyncio.ensure_future(turned.wait())
    try:
        while not turned.is_set():
            following = asyncio.ensure_future(anext(source))
            try:
                await asyncio.wait({following, over}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                if not following.done():
                    following.cancel()
                    await asyncio.gather(following, return_exceptions=True)
            if following.done() and not following.cancelled():
                yield following.result()
    finally:
        over.cancel()
