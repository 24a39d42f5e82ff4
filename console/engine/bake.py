"""A wait: time that has to pass, counted from an absolute moment in the API server's time, so that a resumed run does not start anew.

Meanwhile live traffic is looked at: nobody waits for the end of a time in which users were moved elsewhere, or are served by nobody.
Health checks of the live entry point that fail are told as they do; the step after the wait judges them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from console.domain.environment import Environment
from console.domain.errors import BluegreenError
from console.domain.foreign import moved_from
from console.domain.health import CheckKey, Tally, tally
from console.domain.moments import spoken
from console.domain.position import position
from console.domain.runbook import Step
from console.domain.slots import slot_state
from console.domain.wording import listed
from console.domain.world import World
from console.engine import traffic
from console.engine.ending import StepEnded
from console.engine.failures import Failure, back_off, failure_of, said
from console.engine.session import Session
from console.engine.stage import WAITING_FOR_LOGIN
from console.engine.tasks import bake_seconds

LONGEST = 60.0
"""Longest wait between two looks at the API server's time: a machine that slept meanwhile finds out here."""
Slots = Mapping[str, str]
"""The slot that each component's users are sent to; empty where there is none."""
LOOK_SECONDS = 2.0
"""Seconds between two looks at live traffic."""
TOLD_AFTER = 2
"""Rounds that a health check has to fail in a row to be told: one lost answer is nobody's news."""
DEAD_SECONDS = 5.0
"""A component of the live slot without any available pod for so long is not one that is just restarting."""


async def pass_time(session: Session, step: Step) -> str:
    """Returns what happened; stop requests and a lost lease end it at once, a person may end it by the answer `skip`.

    Raises StepEnded when somebody else moved live traffic, or when nothing is left of what serves it.
    """
    now = await _server_time(session)
    until = session.until(step.name) or now + timedelta(seconds=bake_seconds(step, session.setting))
    watch = _Watch(session, _live_at_start(session, step.name) or await _live_now(session))
    more = {"until": until.isoformat(), "live": dict(watch.before)}
    session.started(step, attempt=session.step(step.name).attempts + 1, more=more)
    await session.recorder.flush()
    while (left := (until - now).total_seconds()) > 0:
        if early := await _waited(session, step, left, watch):
            return early
        now = await _server_time(session)
    return f"waited until {until:%H:%M:%S} UTC"


async def _waited(session: Session, step: Step, left: float, watch: _Watch) -> str:
    """Wait so long, LONGEST at most, by the monotonic clock; returns who cut it short, empty when nobody did."""
    clock = session.deps.clock
    began = clock.monotonic()
    while (rest := min(left, LONGEST) - (clock.monotonic() - began)) > 0:
        if by := _skipped(session, step.name):
            return f"cut short by {by}, {spoken(left - (clock.monotonic() - began))} early"
        await watch.look()
        await session.signals.pause(min(rest, LOOK_SECONDS))
    return ""


@dataclass
class _Watch:
    """Looks at live traffic for the length of a wait."""

    session: Session
    before: Slots
    """Where live traffic was when the wait began; empty where that was not seen."""
    blind: bool = False
    """The last look saw nothing."""
    dead_since: float | None = None
    """On the monotonic clock."""
    health: Mapping[CheckKey, Tally] = field(default_factory=dict)
    """Of the live entry point, since the wait began."""
    told: str = ""
    """What was told of failing health checks, until they are well again."""

    async def look(self) -> None:
        """An API server that does not answer says nothing about users."""
        try:
            world = await self.session.deps.cluster.observe(traffic.KINDS)
            if self.blind:
                self.session.progress("live traffic is seen again")
            self.blind = False
            self._moved(world)
            await self._served(world)
            await self._healthy()
        except BluegreenError as error:
            self.blind = True
            waits = failure_of(error) is Failure.LOGIN
            self.session.progress(f"{WAITING_FOR_LOGIN}: {said(error)}" if waits else f"live traffic cannot be looked at: {said(error)}")

    def _moved(self, now: World) -> None:
        environment = self.session.deps.environment
        self.before = self.before or _slots(environment, now)
        if found := moved_from(environment, now, self.before):
            raise StepEnded("failed", f"live traffic was moved while it was watched: {listed(found)}")

    async def _served(self, world: World) -> None:
        """Raises StepEnded with the causes, which take a longer look, once a component is without pods for long enough."""
        clock = self.session.deps.clock
        if not _dead(self.session.deps.environment, world):
            self.dead_since = None
            return
        self.dead_since = clock.monotonic() if self.dead_since is None else self.dead_since
        if clock.monotonic() - self.dead_since < DEAD_SECONDS:
            return
        environment = self.session.deps.environment
        whole = await self.session.deps.cluster.observe()
        if dead := _dead(environment, whole):
            active = position(environment, whole).active
            raise StepEnded("failed", f"{active} does not serve any more: {'; '.join(dead)}")

    async def _healthy(self) -> None:
        """Tells which health checks fail, and when they pass again."""
        self.health = tally(self.health, await self.session.deps.probes.live(fresh=True))
        failing = listed([t.latest.said for t in self.health.values() if t.failed >= TOLD_AFTER])
        if failing and failing != self.told:
            self.session.progress(f"live health fails: {failing}")
            self.told = failing
        elif self.told and not any(t.failed for t in self.health.values()):
            self.session.progress("live health is well again")
            self.told = ""


def _dead(environment: Environment, world: World) -> list[str]:
    """What is missing of those components of the live slot that have no available pod at all."""
    active = position(environment, world).active
    if active is None:
        return []
    return [c.shortfall for c in slot_state(environment, world, active).components if not min(c.ready, c.available) and c.shortfall]


def _slots(environment: Environment, world: World) -> Slots:
    return {name: slot or "" for name, slot in position(environment, world).slots.items()}


async def _live_now(session: Session) -> Slots:
    """Empty while the API server does not tell: then the first look that succeeds decides."""
    try:
        return _slots(session.deps.environment, await session.deps.cluster.observe(traffic.KINDS))
    except BluegreenError:
        return {}


def _live_at_start(session: Session, step: str) -> Slots:
    """As an earlier runner journaled it; empty where none did."""
    noted = (e.body.get("live") for e in session.entries if e.type == "step.started" and e.body.get("step") == step)
    found = next((n for n in noted if isinstance(n, Mapping)), {})
    return {str(name): str(slot) for name, slot in found.items()}


async def _server_time(session: Session) -> datetime:
    """The API server's time. Nothing stands in for it: this machine's clock may be hours off, and would end the wait at once."""
    tries = 0
    while True:
        try:
            return await session.deps.cluster.server_time()
        except BluegreenError as error:
            tries += 1
            session.progress(f"{said(error)}; trying again")
            await session.signals.pause(back_off(tries))


def _skipped(session: Session, step: str) -> str:
    """Who cut this wait short; empty when nobody did."""
    answers = (e for e in session.entries if e.type == "gate.answered" and e.body.get("step") == step)
    return next((e.actor for e in answers if e.body.get("answer") == "skip"), "")
