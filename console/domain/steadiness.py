"""How pods hold their readiness over several looks: one that comes and goes is not ready (SAFETY 1, rule 10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from console.domain.ids import ComponentName
from console.domain.slots import SlotState
from console.domain.wording import counted

STEADY_SECONDS = 10.0
"""Pods that lost their readiness have to keep it for so long before they count as ready."""


@dataclass(frozen=True)
class Steadiness:
    """What was seen of a slot's pods so far."""

    ready: Mapping[ComponentName, tuple[str, int]] = field(default_factory=dict)
    """Newest ReplicaSet and how many of its pods were ready at the last look."""
    losses: int = 0
    """Looks at which fewer were ready than before."""
    lost_at: datetime | None = None

    def after(self, state: SlotState, at: datetime) -> Steadiness:
        """With one more look, at the API server's time."""
        now = {c.name: (c.current.replica_set, c.current.ready) for c in state.components if c.current}
        lost = any(name in now and now[name][0] == of and now[name][1] < count for name, (of, count) in self.ready.items())
        return Steadiness(now, self.losses + lost, at if lost else self.lost_at)

    def missing(self, at: datetime) -> float:
        """Seconds that readiness has still to hold; 0 where it was never lost."""
        return max(0.0, STEADY_SECONDS - (at - self.lost_at).total_seconds()) if self.lost_at else 0.0

    @property
    def sentence(self) -> str:
        """`readiness was lost 3 times`; empty where it never was."""
        return f"readiness was lost {counted(self.losses, 'time')} while we looked" if self.losses else ""
