"""Answers of health checks, and what counts as healthy (SAFETY 2, last rows)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from console.domain.ids import ComponentName

ProbeLabel = Literal["ok", "timeout", "refused", "dns", "tls", "reset", "status", "body", "release", "skipped"]


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """One check asked once."""

    check: str
    component: ComponentName
    ok: bool | None
    """None: the probe was skipped, which is neither pass nor failure."""
    label: ProbeLabel
    detail: str = ""
    """`503`, `database.status is "down", not "healthy"`, `connection refused`."""
    status: int | None = None
    latency: float | None = None
    """Seconds."""
    release: str = ""
    """Release that the answer named; empty when the application does not say."""
    url: str = ""
    at: datetime | None = None
