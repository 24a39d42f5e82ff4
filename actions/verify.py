"""Verification of production after the switch, as the specification's script means it: routed, healthy, the right release, in time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

from pydantic import Field

from actions.health import Round, judged
from actions.shared import Looking, Params, Seconds
from actions.traffic import RoutedView, look_routed, routed
from console.domain.position import position
from console.engine.action import Broken, Done, NotYet, Ports, Task, Verdict


class ProductionParams(Params):
    after: Seconds | None = None
    """Seconds to let the new release serve before it is asked; None takes the environment's `verify_after`."""
    connections: int = Field(default=10, ge=1, le=1000)
    consecutive: int = Field(default=3, ge=1, le=100)
    slowest: Seconds = 1.0
    """Answers slower than this are told, as the book's script does; they do not fail the verification."""


@dataclass(frozen=True)
class ProductionView:
    """The entry point, asked and followed to its pods."""

    round: Round
    routed: RoutedView
    now: datetime
    """By the runner's own clock, as the step's beginning is."""


class VerifyProduction(Looking[ProductionParams, ProductionView]):
    """Users reach the active slot, and it serves them well."""

    name = "verify.production"
    title = "verify production"
    params = ProductionParams

    def deadline(self, task: Task[ProductionParams]) -> float:
        return settle(task) + task.environment.waits.health

    async def observe(self, ports: Ports, task: Task[ProductionParams]) -> ProductionView:
        reached, results = await asyncio.gather(
            look_routed(ports, task.environment, connections=task.params.connections), ports.probes.live(fresh=True)
        )
        active = position(task.environment, reached.world).active
        return ProductionView(Round(reached.world, results, active), reached, ports.clock.now())

    def verify(self, facts: ProductionView, task: Task[ProductionParams], carry: object) -> Verdict:
        slot = facts.round.slot
        if slot is None:
            return Broken("no slot takes all the traffic")
        left = settle(task) - (facts.now - task.started_at).total_seconds() if task.started_at else 0.0
        if left > 0:
            return NotYet(f"lets {slot} serve for {left:.0f} s more", 0)
        arrived = routed(facts.routed, task, slot)
        if not isinstance(arrived, Done):
            return arrived if isinstance(arrived, Broken) else NotYet(arrived.message, 0)
        well = judged(facts.round, task, wanted=task.params.consecutive, carry=carry)
        if not isinstance(well, Done):
            return well
        slow = [r for r in facts.round.results if r.latency is not None and r.latency > task.params.slowest]
        warned = f"; careful: {len(slow)} answers took longer than {task.params.slowest:.1f} s" if slow else ""
        return Done(f"{well.message}; {arrived.message}{warned}", {**arrived.evidence, **well.evidence})


def settle(task: Task[ProductionParams]) -> float:
    """Seconds that the new release serves before it is judged."""
    return task.environment.waits.verify_after if task.params.after is None else task.params.after
