"""What the request handlers of one process share."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from aiohttp import web

from console.sandbox.application.faults import FaultSwitch
from console.sandbox.application.metrics import Metrics
from console.sandbox.application.settings import Settings


@dataclass
class Context:
    """The settings, and the state that changes while the process runs."""

    settings: Settings
    metrics: Metrics
    faults: FaultSwitch
    started: float = field(default_factory=time.monotonic)
    draining: bool = False
    """Set by SIGTERM: no longer ready, every answer closes its connection."""

    @property
    def release(self) -> str:
        """The release to report, which a fault switch may make a lie."""
        return self.faults.faults.report_release or self.settings.release

    def identity(self) -> dict[str, str]:
        """Who answers, as part of JSON bodies."""
        settings = self.settings
        return {"component": settings.component.value, "release": self.release, "slot": settings.slot, "pod": settings.pod}


CONTEXT: web.AppKey[Context] = web.AppKey("context", Context)
