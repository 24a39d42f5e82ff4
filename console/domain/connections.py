"""What a console is connected to beside what it watches: the journal, the waiting runner, who holds the lease, how much was asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class LeaseSeen:
    """Who drives this environment, as the Lease says."""

    holder: str = ""
    """Empty when nobody does."""
    run: str = ""
    epoch: int = 0
    renewed_at: datetime | None = None
    """By the holder's clock."""
    trouble: str = ""
    """Why it could not be read."""


@dataclass(frozen=True)
class Connections:
    """One look at them; what the snapshot says of its sources is not repeated."""

    at: datetime
    """By this machine's clock."""
    server: str
    requests: Mapping[str, int] = field(default_factory=dict)
    """Requests to the API server since the connection was opened, by verb."""
    journal: str = ""
    """Where it is."""
    journal_head: int | None = None
    """Number of its newest entry; None when it could not be read."""
    journal_trouble: str = ""
    runner: str = ""
    """`waits (process 4711)`, `none: read-only`."""
    runner_trouble: str = ""
    lease: LeaseSeen | None = None
    """None: nobody ever took it."""
