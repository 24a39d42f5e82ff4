"""One look at what the console is connected to beside what it watches, for the Sources screen and `bluegreen sources`."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from console.cli.parts import Connection
from console.domain.connections import Connections, LeaseSeen
from console.domain.errors import BluegreenError, JournalError
from console.engine.lease import lease_name

if TYPE_CHECKING:
    from console.engine.process import WarmRunner
    from console.journal.journal import Journal

LEASE_EVERY = 10.0
"""Seconds for which the lease is not read again: it is the only thing here that asks the API server."""


class Looking:
    """Remembers the lease between two looks."""

    def __init__(self, connection: Connection, journal: Journal | None, *, trouble: str, now: Callable[[], datetime]) -> None:
        self._connection, self._journal, self._trouble, self._now = connection, journal, trouble, now
        self._lease: LeaseSeen | None = None
        self._read_at = float("-inf")

    async def look(self, runner: WarmRunner | None, *, runner_words: str = "") -> Connections:
        """`runner_words` says why none waits, where that is meant so."""
        head, trouble = await self._head()
        return Connections(
            at=self._now(),
            server=self._connection.client.server,
            requests=dict(self._connection.client.counts),
            journal=self._journal.location if self._journal else self._connection.site.place.journal,
            journal_head=head,
            journal_trouble=trouble,
            runner=runner.words if runner else runner_words,
            runner_trouble=runner.trouble if runner else "",
            lease=await self._leased(),
        )

    async def _head(self) -> tuple[int | None, str]:
        if self._journal is None:
            return None, self._trouble or "there is no journal"
        try:
            return (await self._journal.head()).seq, ""
        except JournalError as problem:
            return None, str(problem)

    async def _leased(self) -> LeaseSeen | None:
        if time.monotonic() - self._read_at < LEASE_EVERY:
            return self._lease
        self._read_at = time.monotonic()
        try:
            found = await self._connection.cluster.lease(lease_name(self._connection.site.environment.application))
        except BluegreenError as problem:
            self._lease = LeaseSeen(trouble=str(problem))
        else:
            self._lease = LeaseSeen(found.holder, found.run, int(found.epoch), found.renewed_at) if found else None
        return self._lease
