"""Probes whose answers a test writes, and a registry that knows what it was told."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from console.domain.health import ProbeResult
from console.domain.ids import ComponentName, SlotName
from console.domain.world import World

WELL = ProbeResult("basic", ComponentName("backend"), True, "ok", status=200, latency=0.004)
ILL = ProbeResult("basic", ComponentName("backend"), False, "status", detail="503", status=503)


@dataclass
class ScriptedProbes:
    """Implements `Probes`. Each queue gives one round after the other; the last round stays."""

    live_rounds: deque[tuple[ProbeResult, ...]] = field(default_factory=lambda: deque([(WELL,)]))
    slot_rounds: dict[SlotName, deque[tuple[ProbeResult, ...]]] = field(default_factory=dict)
    releases: dict[ComponentName, dict[str, int]] = field(default_factory=dict)
    error: Exception | None = None
    """Raised by every question while it is set."""

    def script_slot(self, slot: str, rounds: Iterable[tuple[ProbeResult, ...]]) -> None:
        self.slot_rounds[SlotName(slot)] = deque(rounds)

    async def live(self, *, fresh: bool = False) -> tuple[ProbeResult, ...]:
        return self._next(self.live_rounds)

    async def slot(self, slot: SlotName, world: World) -> tuple[ProbeResult, ...]:
        return self._next(self.slot_rounds.setdefault(slot, deque([(WELL,)])))

    async def answered_release(self, component: ComponentName, *, count: int) -> Mapping[str, int]:
        if self.error:
            raise self.error
        return self.releases.get(component, {})

    def _next(self, rounds: deque[tuple[ProbeResult, ...]]) -> tuple[ProbeResult, ...]:
        if self.error:
            raise self.error
        return rounds.popleft() if len(rounds) > 1 else rounds[0]


@dataclass
class KnownDigests:
    """Implements `Registry`."""

    digests: dict[str, str] = field(default_factory=dict)

    async def digest(self, image: str) -> str | None:
        return self.digests.get(image)
