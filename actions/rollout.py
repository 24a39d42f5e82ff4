"""Waiting until a slot's pods are all there, and saying within one observation why they are not (SAFETY 1, rules 3 and 10)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from actions.shared import Looking, SlotParams, other_release, slot_of, unknown_slot
from console.domain.causes import Cause, Trouble
from console.domain.errors import PortError
from console.domain.redact import redacted
from console.domain.slots import ComponentState, SlotState, slot_state
from console.domain.steadiness import Steadiness
from console.domain.wording import listed
from console.domain.world import Kind, World
from console.engine.action import Broken, Done, NotYet, Ports, Task, Verdict

KINDS: tuple[Kind, ...] = ("Deployment", "ReplicaSet", "Pod", "Event", "Service", "HorizontalPodAutoscaler", "ConfigMap")
LAST_LINES = 5


@dataclass(frozen=True)
class Progress:
    """A slot's pods, and the last words of those that crash without leaving a message."""

    world: World
    last_words: Mapping[str, str] = field(default_factory=dict)
    """By pod: the last line its crashed container wrote."""


class Wait(Looking[SlotParams, Progress]):
    """Every component has all the pods it asks for, of the newest revision, available. The time is the wall's: flapping wins nothing."""

    name = "rollout.wait"
    title = "wait for the pods of {slot}"
    params = SlotParams
    timeout = 600.0
    poll = 0.25

    def deadline(self, task: Task[SlotParams]) -> float:
        return task.environment.waits.ready

    async def observe(self, ports: Ports, task: Task[SlotParams]) -> Progress:
        world = await ports.cluster.observe(KINDS)
        state = slot_state(task.environment, world, slot_of(task, task.params.slot))
        silent = {p for c in state.components for cause in c.causes if _ends_silently(cause) for p in cause.subjects[:1]}
        words = await asyncio.gather(*(_last_line(ports, world, pod) for pod in sorted(silent)))
        return Progress(world, {pod: text for pod, text in zip(sorted(silent), words, strict=True) if text})

    def verify(self, facts: Progress, task: Task[SlotParams], carry: object) -> Verdict:
        environment, slot = task.environment, slot_of(task, task.params.slot)
        if wrong := unknown_slot(environment, slot):
            return Broken(wrong)
        state = slot_state(environment, facts.world, slot)
        if taken := [*_taken_away(state), *other_release(task, facts.world, slot)]:
            return Broken("; ".join(taken))
        if hopeless := [c for c in state.components if any(cause.final for cause in c.causes)]:
            return Broken(listed(_why(c, facts) for c in hopeless), _evidence(state, facts))
        seen = (carry if isinstance(carry, Steadiness) else Steadiness()).after(state, facts.world.at)
        if not state.saturated:
            return NotYet("; ".join((*state.shortfalls, *([seen.sentence] if seen.sentence else []))), seen)
        figures = ", ".join(f"{c.name} {min(c.ready, c.available)}/{c.desired}" for c in state.components)
        if left := seen.missing(facts.world.at):
            return NotYet(f"{figures}, but {seen.sentence}: they have to hold it for {left:.0f} s more", seen)
        return Done(figures, {"slot": slot, "release": state.release, "pods": {c.name: c.desired for c in state.components}})


def _taken_away(state: SlotState) -> Iterator[str]:
    """What somebody else did to the slot since it was filled, that waiting does not undo."""
    for component in state.components:
        if component.deployment is None:
            yield f"the Deployment of {component.name} in {state.slot} does not exist any more: somebody deleted it"
        elif component.sized_by and component.too_small:
            yield component.too_small


def _ends_silently(cause: Cause) -> bool:
    """A crash that is waited for no longer and whose container left no message."""
    return cause.final and cause.trouble is Trouble.CRASH and '"' not in cause.sentence


async def _last_line(ports: Ports, world: World, pod: str) -> str:
    found = world.pods[pod]
    container = max(found.containers, key=lambda c: c.restarts)
    try:
        text = await ports.cluster.pod_log(pod, container.name, previous=True, tail=LAST_LINES)
    except PortError:
        return ""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return redacted(lines[-1])[:200] if lines else ""


def _why(component: ComponentState, facts: Progress) -> str:
    cause = next(c for c in component.causes if c.final)
    words = next((facts.last_words[p] for p in cause.subjects if p in facts.last_words), "")
    return f"{component.name}: {cause}" + (f', last words "{words}"' if words else "")


def _evidence(state: SlotState, facts: Progress) -> dict[str, object]:
    causes = {c.name: [str(cause) for cause in c.causes] for c in state.components if c.causes}
    return {"slot": state.slot, "causes": causes, "last words": dict(facts.last_words)}
