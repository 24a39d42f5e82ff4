"""How long a node waits before it tries again: the kubelet's rule for crashed containers and for image pulls."""

from __future__ import annotations

from dataclasses import dataclass, replace

FIRST = 10.0
LONGEST = 300.0


@dataclass(frozen=True)
class Backoff:
    """The waiting time that stands before the next try; it doubles with every try and is forgotten after a long quiet time.

    The first try after a failure is immediate. Times are seconds on the monotonic clock. `scale` shortens every time by the same
    factor, so that a rehearsal keeps the proportions.
    """

    scale: float = 1.0
    current: float = 0.0
    """The wait that is owed after the next failure; 0 before the first try."""
    tried: float = 0.0
    """When the last try began."""

    def wait(self, *, failed: float, now: float) -> float:
        """Seconds still to wait before the next try, after a failure at `failed`; 0 means try now."""
        if self._forgotten(now):
            return 0.0
        return max(0.0, failed + self.current - now)

    def retried(self, now: float) -> Backoff:
        """The back-off after a try that begins now."""
        doubled = FIRST * self.scale if self._forgotten(now) else min(self.current * 2, LONGEST * self.scale)
        return replace(self, current=doubled, tried=now)

    @property
    def shown(self) -> str:
        """The wait as messages write it, in the real proportions' own seconds: `10s`, `2m40s`, `5m0s`."""
        seconds = round(self.current / self.scale)
        minutes, rest = divmod(seconds, 60)
        return f"{minutes}m{rest}s" if minutes else f"{rest}s"

    def _forgotten(self, now: float) -> bool:
        return self.current == 0 or now - self.tried > 2 * LONGEST * self.scale
