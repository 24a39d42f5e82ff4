"""Asking a slot, or the live entry point, whether it is well (SAFETY 2: a skipped probe is neither pass nor failure)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import Field

from actions.shared import Looking, Params, SlotParams, slot_of, unknown_slot
from console.domain.expected import expected_answer
from console.domain.health import ProbeResult
from console.domain.ids import ComponentName, SlotName
from console.domain.position import position
from console.domain.slots import SlotState, slot_state
from console.domain.wording import counted, listed
from console.domain.world import Kind, World
from console.engine.action import Broken, Done, NotYet, Ports, Task, Verdict

HEALTH_KINDS: tuple[Kind, ...] = ("Service", "Deployment", "ReplicaSet", "Pod", "ConfigMap")


class SlotHealthParams(SlotParams):
    consecutive: int = Field(default=3, ge=1, le=100)
    """Rounds in a row in which every check that could be asked passed."""


class LiveHealthParams(Params):
    consecutive: int = Field(default=1, ge=1, le=100)


@dataclass(frozen=True)
class Round:
    """One round of checks, and the release that should have answered."""

    world: World
    results: tuple[ProbeResult, ...]
    slot: SlotName | None
    """The slot whose release is expected; None while the live entry point is asked and no slot takes all traffic."""


@dataclass(frozen=True)
class Row:
    """Rounds in a row that a slot passed: pods that crash between two rounds answer well in each of them."""

    passed: int = 0
    restarts: Mapping[ComponentName, int] = field(default_factory=dict)
    """Of each component's containers, at the last round."""

    def restarted(self, state: SlotState) -> Iterator[str]:
        """Components whose containers ended since."""
        for component in state.components:
            more = component.restarts - self.restarts.get(component.name, component.restarts)
            if more > 0:
                because = f": {component.cause}" if component.cause else ""
                yield f"{component.name} restarted {counted(more, 'time')} between two rounds{because}"


class SlotHealth(Looking[SlotHealthParams, Round]):
    """Asks a slot's pods before users reach them."""

    name = "health.slot"
    title = "check health of {slot}"
    params = SlotHealthParams

    def deadline(self, task: Task[SlotHealthParams]) -> float:
        return task.environment.waits.health

    async def observe(self, ports: Ports, task: Task[SlotHealthParams]) -> Round:
        world = await ports.cluster.observe(HEALTH_KINDS)
        slot = slot_of(task, task.params.slot)
        return Round(world, await ports.probes.slot(slot, world), slot)

    def verify(self, facts: Round, task: Task[SlotHealthParams], carry: object) -> Verdict:
        if wrong := unknown_slot(task.environment, slot_of(task, task.params.slot)):
            return Broken(wrong)
        state = slot_state(task.environment, facts.world, slot_of(task, task.params.slot))
        before = carry if isinstance(carry, Row) else Row()
        restarts = {c.name: c.restarts for c in state.components}
        if unsteady := [*before.restarted(state), *(c.shortfall for c in state.components if c.desired and not min(c.ready, c.available))]:
            return NotYet("; ".join(dict.fromkeys(unsteady)), Row(0, restarts))
        verdict = judged(facts, task, wanted=task.params.consecutive, carry=before.passed)
        if isinstance(verdict, NotYet) and isinstance(verdict.carry, int):
            return NotYet(verdict.message, Row(verdict.carry, restarts))
        return verdict


class LiveHealth(Looking[LiveHealthParams, Round]):
    """Asks the real entry point, with a connection of its own per check."""

    name = "health.live"
    title = "check health of the live entry point"
    params = LiveHealthParams

    def deadline(self, task: Task[LiveHealthParams]) -> float:
        return task.environment.waits.health

    async def observe(self, ports: Ports, task: Task[LiveHealthParams]) -> Round:
        world = await ports.cluster.observe(HEALTH_KINDS)
        return Round(world, await ports.probes.live(fresh=True), position(task.environment, world).active)

    def verify(self, facts: Round, task: Task[LiveHealthParams], carry: object) -> Verdict:
        return judged(facts, task, wanted=task.params.consecutive, carry=carry)


def judged(facts: Round, task: Task[Any], *, wanted: int, carry: object) -> Verdict:
    """Done after `wanted` rounds in a row without a failure; `carry` counts them. What cannot be asked is said, not passed over."""
    asked = [r for r in facts.results if r.ok is not None]
    if not asked:
        return _nothing_asked(facts, task)
    failures = [*(r.said for r in asked if not r.ok), *wrong_releases(facts, task)]
    if failures:
        return NotYet("; ".join(dict.fromkeys(failures)), 0)
    passed = (carry if isinstance(carry, int) else 0) + 1
    slowest = max((r.latency for r in asked if r.latency is not None), default=0.0)
    text = f"{counted(len(asked), 'check')} ok, slowest {slowest * 1000:.0f} ms"
    if passed < wanted:
        return NotYet(f"{passed} of {wanted} in a row: {text}", passed)
    said = sorted({r.release for r in asked if r.release})
    return Done(text + (f", {wanted} times in a row" if wanted > 1 else ""), {"checks": [_evidence(r) for r in asked], "releases": said})


def wrong_releases(facts: Round, task: Task[Any]) -> list[str]:
    """Answers that name another release than the one that is in the slot."""
    if facts.slot is None:
        return []
    wrong: list[str] = []
    for result in facts.results:
        if not result.release:
            continue
        release = task.bindings.release if facts.slot == task.bindings.preview else None
        expected = expected_answer(task.environment, facts.world, slot=facts.slot, component=result.component, release=release)
        if expected and result.release != expected:
            wrong.append(f"{result.component} answers as {result.release}, not as {expected}")
    return wrong


def _nothing_asked(facts: Round, task: Task[Any]) -> Verdict:
    if not task.environment.health.checks:
        return Done("no health checks are configured: readiness alone speaks for it", {"checks": []})
    if not facts.results:
        return Done("no URL is configured for the entry point: the slot's own checks speak for it", {"checks": []})
    return NotYet("no check could be asked: " + listed(dict.fromkeys(r.detail or r.label for r in facts.results)), 0)


def _evidence(result: ProbeResult) -> dict[str, object]:
    return {
        "component": result.component, "check": result.check, "url": result.url, "status": result.status, "latency_ms": _ms(result.latency),
        "release": result.release,
    }  # fmt: skip


def _ms(seconds: float | None) -> float | None:
    return round(seconds * 1000, 1) if seconds is not None else None
