"""The standing way back: the rollback plan made from what is watched, again whenever that changes, without asking the server for it.

What no watch tells (our rights, whose namespace this is) is asked seldom, so that a steady console sends next to nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from console.domain.errors import BluegreenError, JournalError, UsageError
from console.domain.ids import ReleaseName
from console.domain.records import records_of
from console.domain.release import Release
from console.domain.rollback import rollback_targets
from console.domain.views.readiness import Readiness
from console.domain.wording import listed
from console.domain.world import KINDS, Deployment, Kind, Service, World
from console.engine.deps import Deps
from console.engine.history import BackTimes, back_times
from console.engine.ports import AccessRule, Cluster, Fingerprint
from console.engine.start import Request, prepare
from console.engine.still_cluster import StillCluster
from console.store import Store

RUNBOOK = "rollback"
AT_MOST_EVERY = 2.0
"""Seconds between two plans while things change."""
AT_LEAST_EVERY = 15.0
"""Seconds after which it is planned again though nothing changed."""
ASKED_EVERY = 90.0
"""Seconds that an answer on rights, or on the namespace, is trusted for the display. A run that starts asks anew."""

USEFUL = (AccessRule("patch", "configmaps"), AccessRule("patch", "deployments", "apps"))
"""What a way back does once users are back. The plan itself names what it cannot do without."""


@dataclass
class Answers:
    """What was asked of the server, and when."""

    kept: dict[object, tuple[float, Any]] = field(default_factory=dict)

    async def of(self, question: object, ask: Callable[[], Awaitable[Any]]) -> Any:
        asked_at, answer = self.kept.get(question, (float("-inf"), None))
        if time.monotonic() - asked_at > ASKED_EVERY:
            answer = await ask()
            self.kept[question] = time.monotonic(), answer
        return answer


class SeenCluster(StillCluster):
    """A cluster as it was watched: nothing that a watch tells is read again."""

    def __init__(self, cluster: Cluster, world: World, answers: Answers) -> None:
        super().__init__(cluster)
        self._world, self._answers = world, answers

    async def observe(self, kinds: Iterable[Kind] = KINDS) -> World:
        return self._world

    async def get_service(self, name: str) -> Service | None:
        return self._world.services.get(name)

    async def get_deployment(self, name: str) -> Deployment | None:
        return self._world.deployments.get(name)

    async def may(self, rules: Iterable[AccessRule]) -> tuple[AccessRule, ...]:
        wanted = tuple(rules)
        refused: tuple[AccessRule, ...] = await self._answers.of(("may", wanted), lambda: self._cluster.may(wanted))
        return refused

    async def fingerprint(self) -> Fingerprint:
        found: Fingerprint = await self._answers.of("fingerprint", self._cluster.fingerprint)
        return found


async def watch_readiness(deps: Deps, store: Store, *, now: Callable[[], datetime]) -> AsyncIterator[Readiness]:
    """The plan of the way back, for ever: after each change that matters to it, and now and then without one."""
    answers, times = Answers(), Times(deps)
    seen: World | None = None
    planned_at = float("-inf")
    async with aclosing(store.changes()) as changes:
        async for snapshot in changes:
            if snapshot.world is None or snapshot.of_kinds("Service", "Deployment").state != "FRESH":
                continue  # what is not seen is not checked: the last check grows old, and says so
            world = snapshot.world
            if seen is not None and _same(world, seen) and time.monotonic() - planned_at < AT_LEAST_EVERY:
                continue
            seen, planned_at = world, time.monotonic()
            yield await readiness(deps, world, answers, await times.read(), now=now)
            await asyncio.sleep(AT_MOST_EVERY)


async def readiness(deps: Deps, world: World, answers: Answers, times: BackTimes, *, now: Callable[[], datetime]) -> Readiness:
    """Plan the way back on this world. Never raises: what stands against planning is told in it."""
    runbook = deps.runbooks.get(RUNBOOK)
    best = next(iter(rollback_targets(deps.environment, world)), None)
    made = Readiness(now(), warm=times.warm, recorded=times.recorded)
    if runbook is None or best is None:
        return replace(made, problem="" if runbook else f"no runbook “{RUNBOOK}” is configured")
    made = replace(made, slot=str(best.slot), release=str(best.release or ""))
    cluster = SeenCluster(deps.cluster, world, answers)
    try:
        request = Request(runbook, {}, reason="plan")
        plan = (await prepare(request, replace(deps, cluster=cluster, journal=None, resolve=_recorded(deps, world)))).plan
        warnings = await _left_undone(cluster)
    except BluegreenError as problem:
        return replace(made, checked_at=now(), problem=str(problem))
    refused = (plan.refusal,) if plan.refusal else ()
    return replace(made, checked_at=now(), blocked=refused, warnings=(*warnings, *plan.warnings))


@dataclass
class Times:
    """How long ways back took here, read again only when the journal has grown."""

    deps: Deps
    known: BackTimes = field(default_factory=BackTimes)
    head: int = -1

    async def read(self) -> BackTimes:
        journal = self.deps.journal
        try:
            if journal is not None and (head := (await journal.head()).seq) != self.head:
                self.known, self.head = await back_times(journal), head
        except JournalError:
            pass  # estimates are a help; the way back needs no journal
        return self.known


def _same(world: World, other: World) -> bool:
    """Nothing that a way back depends on has changed: a kind's objects are another mapping whenever one of them changed."""
    pairs = ((w.services, w.deployments, w.autoscalers, w.records) for w in (world, other))
    return all(one is another for one, another in zip(*pairs, strict=True))


def _recorded(deps: Deps, world: World) -> Callable[[str], Awaitable[Release]]:
    async def resolve(text: str) -> Release:
        found = records_of(deps.environment, world).release(ReleaseName(text))
        if found is None:
            raise UsageError(f"the images of {text} are not recorded any more")
        return found

    return resolve


async def _left_undone(cluster: Cluster) -> tuple[str, ...]:
    """What a missing right does not stop, but leaves for somebody else."""
    less = [str(rule) for rule in await cluster.may(USEFUL)]
    return (f"you may not {listed(less)}: the hold and the draining are left undone",) if less else ()
