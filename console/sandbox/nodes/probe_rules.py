"""When a series of probe results changes what is thought of a container: the kubelet's thresholds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from console.sandbox.nodes.objects import Probe


class ProbeKind(Enum):
    """What a probe decides."""

    STARTUP = "Startup"
    """Whether the others begin; failing restarts the container."""
    READINESS = "Readiness"
    """Whether it gets traffic."""
    LIVENESS = "Liveness"
    """Whether it is restarted."""


@dataclass(frozen=True)
class Tally:
    """Equal results in a row, and the verdict they have led to."""

    kind: ProbeKind
    success_threshold: int
    failure_threshold: int
    verdict: bool | None
    """None while a startup probe has not decided."""
    last: bool | None = None
    in_a_row: int = 0

    def counted(self, success: bool) -> Tally:
        """The tally after one more result."""
        in_a_row = self.in_a_row + 1 if success == self.last else 1
        enough = in_a_row >= (self.success_threshold if success else self.failure_threshold)
        return replace(self, last=success, in_a_row=in_a_row, verdict=success if enough else self.verdict)


def fresh_tally(kind: ProbeKind, probe: Probe) -> Tally:
    """The tally of a container that has just started: alive, not ready, start undecided."""
    first: dict[ProbeKind, bool | None] = {ProbeKind.STARTUP: None, ProbeKind.READINESS: False, ProbeKind.LIVENESS: True}
    return Tally(kind, probe.success_threshold, probe.failure_threshold, first[kind])
