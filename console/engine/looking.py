"""A last look for the person who has to decide: the step in doubt is planned again, and the ways on are judged."""

from __future__ import annotations

import asyncio

from console.domain.errors import BluegreenError
from console.domain.position import position
from console.domain.rollback import rollback_targets
from console.domain.run_fold import differences
from console.domain.sight import Sight, judged
from console.domain.world import World
from console.engine import traffic
from console.engine.failures import said
from console.engine.session import Session
from console.engine.stage import stage_of
from console.engine.start import BACK_KINDS

LOOK_SECONDS = 10.0
"""Longest time for the look: what it cannot see in time is unknown, and the run is left to the person all the same."""


async def look_for_person(session: Session) -> Sight:
    """Never raises for what is outside: a look that failed is an unknown verdict."""
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            sight, world = await asyncio.gather(_step_in_doubt(session), session.deps.cluster.observe(BACK_KINDS))
    except (BluegreenError, TimeoutError) as error:
        return Sight("unknown", said(error), moved=True)
    return _with_ways(session, sight, world)


async def _step_in_doubt(session: Session) -> Sight:
    current = session.record.current
    step = next((s for s in session.steps if current and s.name == current.name), None)
    if step is None or current is None:
        return Sight("only looks", "no step is open")
    if step.kind != "do":
        return Sight("only looks", "the step changes nothing by itself")
    stage = stage_of(session, step)
    try:
        plan = stage.action.plan(await stage.action.observe(session.ports, stage.task), stage.task)
    except Exception as error:
        return Sight("unknown", said(error))
    return judged(differences((current.intent or {}).get("differences")) or current.differences, plan)


def _with_ways(session: Session, sight: Sight, world: World) -> Sight:
    environment = session.deps.environment
    targets = rollback_targets(environment, world)
    best = targets[0] if targets else None
    return Sight(
        sight.verdict,
        sight.text,
        sight.left,
        split=position(environment, world).split,
        moved=traffic.traffic_of(environment, world) != session.live_before,
        back=f"{best.slot} {best.release or 'without a release name'}, {best.kind}" if best else "",
        no_way_back="; ".join(best.problems) if best else "nothing else runs, and no earlier release is recorded as stable",
    )
