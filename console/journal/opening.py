"""Opening a journal: where it is, who may be waiting for it, and what was recorded beside it while it could not be written."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from console.domain.errors import JournalError
from console.journal import engines
from console.journal.journal import Journal, Now, utc_now
from console.journal.spool import reconcile


async def open_journal(
    where: str | Path, environment: str, *, busy_timeout: float = 5.0, now: Now = utc_now, spools: Iterable[Path] = ()
) -> Journal:
    """Open (and create) the journal at a file or a `postgresql://` URL; raises JournalError with the way out.

    `busy_timeout`: seconds an append waits for its turn. `spools`: folders whose finished spools of this environment are taken in.
    """
    url = engines.location_of(where)
    journal = Journal(engines.create(url, environment=environment, busy_timeout=busy_timeout), environment, now)
    try:
        await journal.prepare()
        with suppress(JournalError):  # it can be read; what waits beside it comes over when it can be written
            await reconcile(journal, spools)
    except BaseException:
        await journal.close()
        raise
    return journal
