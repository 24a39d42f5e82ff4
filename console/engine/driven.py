"""Is anybody driving this run? Told to whoever follows it, so that nobody waits for a runner that is gone."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable

from console.domain.errors import NeedsOperator
from console.domain.run import RunRecord
from console.engine.deps import Host
from console.journal.lock import held
from console.journal.place import Place

LOOK_SECONDS = 1.0
"""Between two looks; only what two in a row say is believed, because one runner may take over from another."""


def undriven(record: RunRecord, *, place: Place, host: Host, ours: bool) -> str:
    """Why nobody drives the open run; empty while somebody does, or may, on another host. `ours`: this process handed it to a runner."""
    if record.released:
        return f"nobody drives run {record.id} now: {record.released}"
    if any(held(folder, record.uid) for folder in place.spools):
        return ""
    if not record.claims:
        return f"nobody drives run {record.id}: its runner ended before it began" if ours else ""
    if not record.driver.endswith(f"@{host.name}") or (record.driver_boot == host.boot and _lives(record.driver_pid)):
        return ""
    return f"nobody drives run {record.id}: its runner (process {record.driver_pid}) ended in the middle"


async def while_driven(records: AsyncIterator[RunRecord], nobody: Callable[[RunRecord], str]) -> AsyncGenerator[RunRecord, None]:
    """The records as they come; raises NeedsOperator once `nobody` drives the run any more."""
    following = asyncio.ensure_future(anext(records))
    record: RunRecord | None = None
    before = ""
    try:
        while True:
            await asyncio.wait({following}, timeout=LOOK_SECONDS)
            if following.done():
                try:
                    record, before = following.result(), ""
                except StopAsyncIteration:
                    return
                yield record
                following = asyncio.ensure_future(anext(records))
                continue
            now = nobody(record) if record and record.open else ""
            if record and now and now == before:
                raise NeedsOperator(now, hint=_way_on(record))
            before = now
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


def _way_on(record: RunRecord) -> str:
    if not record.id:
        return "`bluegreen status` tells where users are, `bluegreen rollback` goes on"
    return f"`bluegreen resume {record.id}` goes on from where the cluster is, `bluegreen rollback` goes back"


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
