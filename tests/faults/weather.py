"""Which request meets which fault: decided by the seed and by how often the same request came, not by the order of others."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from console.cluster.calls import Call
from tests.faults.kinds import STREAMED, Fault, possible

WEIGHTS: Mapping[Fault, float] = {fault: 1.0 for fault in Fault} | {Fault.HANG: 0.05, Fault.SLOW: 0.4, Fault.WATCH_CUT: 3.0}
"""How often a fault comes beside the others; those that only cost time come less."""
LONGEST_SLOW = 1.5


@dataclass(frozen=True)
class Decision:
    """What becomes of one request."""

    fault: Fault | None
    seconds: float = 0.0
    """For SLOW: how long the answer is held back."""
    share: float = 0.0
    """For what is cut: where, from 0 to 1."""
    after: int = 0
    """For what happens in a watch: how many events pass before."""
    drawn: float = 0.0
    """A number from 0 to 1 for whoever decides more than this."""


CLEAR = Decision(None)


@dataclass
class Weather:
    """Faults for a share (`rate`) of all requests, the same for the same seed."""

    seed: int
    rate: float
    weights: Mapping[Fault, float] = field(default_factory=lambda: WEIGHTS)
    watch_seconds: float | None = None
    """Every watch is cut after so long."""
    most: int | None = None
    """Faults after which the sky is clear."""
    spared: frozenset[str] = frozenset()
    """Paths that nothing happens to."""
    decided: int = 0
    """Faults so far."""
    _came: Counter[str] = field(default_factory=Counter)

    def decide(self, call: Call) -> Decision:
        """What becomes of this request."""
        key = f"{call.verb} {call.group} {call.resource} {call.name}"
        self._came[key] += 1
        drawn = random.Random(f"{self.seed}/{key}/{self._came[key]}")
        if drawn.random() >= self.rate or (self.most is not None and self.decided >= self.most) or call.path in self.spared:
            return Decision(None, drawn=drawn.random())
        candidates = sorted(possible(call) & {f for f, weight in self.weights.items() if weight > 0}, key=lambda f: f.name)
        if not candidates:
            return CLEAR
        self.decided += 1
        (fault,) = drawn.choices(candidates, [self.weights[f] for f in candidates])
        seconds = drawn.uniform(0.1, LONGEST_SLOW)
        return Decision(fault, seconds, drawn.random(), drawn.randrange(4) if fault in STREAMED else 0, drawn.random())


@dataclass
class Script:
    """Exactly these faults, each for the first request that fits; then nothing."""

    wanted: list[tuple[str, Fault]]
    """`patch services backend` (its beginning is enough) and what happens to it."""
    watch_seconds: float | None = None

    def decide(self, call: Call) -> Decision:
        """The first entry that fits is used up."""
        said = f"{call.verb} {call.resource} {call.name}".strip()
        for number, (request, fault) in enumerate(self.wanted):
            if said.startswith(request) and fault in possible(call):
                del self.wanted[number]
                return Decision(fault, seconds=1.0, share=0.5)
        return CLEAR
