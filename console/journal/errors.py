"""Why the record cannot be written, read or trusted.

JournalError               exit code 2 (console.domain.errors)
├── JournalUnavailable     it cannot be reached or written now: folder, lock, disk, server
├── JournalDamaged         what is stored is not what was written
├── JournalVersion         it was written by a newer bluegreen
├── RunIsOpen              another run of this environment has not ended
└── Overtaken              a later driver has claimed the run: what an earlier one writes is refused
"""

from __future__ import annotations

from console.domain.errors import JournalError
from console.domain.ids import RunId


class JournalUnavailable(JournalError):
    """Nothing was recorded. A rollback to the warm slot goes on with a spool (SAFETY 3.1); nothing else does."""


class JournalDamaged(JournalError):
    """The chain or the file is broken: read what is left, start a new journal elsewhere."""


class JournalVersion(JournalError):
    """The schema is one this version does not know."""


class Overtaken(JournalError):
    """Nothing was recorded: the run is not ours any more, and goes on without us."""

    exit_code = 4


class RunIsOpen(JournalError):
    """One run at a time: another has been opened and not closed."""

    exit_code = 3

    def __init__(self, run: RunId, runbook: str) -> None:
        super().__init__(
            f"run {run} ({runbook}) of this environment has not ended",
            hint=f"`bluegreen attach {run}` follows it, `bluegreen resume {run}` goes on with it, `bluegreen abort {run}` ends it",
        )
        self.run = run
