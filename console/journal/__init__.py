"""The record of runs: append-only, hash-chained, one chain per environment.

SQLite for one user on one host, PostgreSQL for a team: one schema, one code path. Appending, reading, following and checking the
chain live here; what the entries mean is `console.domain.run_fold`. Must not import a cluster client, the engine or a screen.
"""

from __future__ import annotations

from console.journal.journal import Journal
from console.journal.opening import open_journal

__all__ = ["Journal", "open_journal"]
