"""Work that people do: a challenge, and the value that they observed. Never a mere "done": a value shows that somebody looked."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from actions.shared import Params
from console.domain.challenge import Challenge, same_value
from console.domain.change import Change, Plan, Written
from console.domain.environment import Environment
from console.domain.position import position
from console.domain.records import deployment_of, slot_release
from console.domain.runbook import Effect
from console.domain.world import Kind, World
from console.engine.action import Done, NotYet, Ports, Task, Verdict
from console.engine.ports import AccessRule

Known = Literal["active_slot", "active_release", "ready_pods"]
"""What the console sees by itself and a value can be compared with. `ready_pods`: of the slot that takes the traffic."""
KINDS: tuple[Kind, ...] = ("Service", "Deployment", "ConfigMap")


class ManualParams(Params):
    ask: str = Field(min_length=3)
    """The challenge: what has to be done or looked at, and which value is to be answered."""
    choices: list[str] = Field(default=[], min_length=2)
    least: float | None = None
    most: float | None = None
    unit: str = ""
    expect: str = ""
    """The only value that passes; without it, and without `equals`, every value does."""
    equals: Known | None = None


class Manual:
    """States a challenge and expects the observed value; what the console can see is compared."""

    name = "manual"
    title = "ask a person"
    effect: Effect = "manual"
    params = ManualParams
    timeout = 0.0
    poll = 1.0

    def deadline(self, task: Task[ManualParams]) -> float:
        """A person has none."""
        return float("inf")

    def rights(self, task: Task[ManualParams]) -> tuple[AccessRule, ...]:
        """None: people act, not we."""
        return ()

    def question(self, task: Task[ManualParams]) -> str:
        return task.params.ask

    def challenge(self, task: Task[ManualParams]) -> Challenge:
        params = task.params
        if params.choices:
            return Challenge("choice", tuple(params.choices))
        if params.least is not None or params.most is not None or params.unit:
            return Challenge("number", least=params.least, most=params.most, unit=params.unit)
        return Challenge()

    async def observe(self, ports: Ports, task: Task[ManualParams]) -> World | None:
        """None where nothing is compared: then the item needs no cluster."""
        return await ports.cluster.observe(KINDS) if task.params.equals else None

    def plan(self, facts: World | None, task: Task[ManualParams]) -> Plan:
        return Change(self.question(task), bookkeeping=True)

    async def apply(self, ports: Ports, task: Task[ManualParams], change: Change) -> tuple[Written, ...]:
        """People act, not we."""
        return ()

    def verify(self, facts: World | None, task: Task[ManualParams], carry: object) -> Verdict:
        """`carry` is the value that was answered."""
        answered, params = str(carry), task.params
        if params.equals:
            seen = _seen(params.equals, task.environment, facts)
            if seen == "":
                return NotYet(f"{answered} was answered; the console cannot see the {_named(params.equals)} now")
            if not same_value(answered, seen):
                return NotYet(f"{answered} was answered, and the console sees {seen}: look again")
            return Done(f"{answered}, as the console sees it", {"value": answered, "seen": seen})
        if params.expect and not same_value(answered, params.expect):
            return NotYet(f"{answered} was answered, and {params.expect} lets it go on: look again, or skip it with a reason")
        return Done(answered, {"value": answered})


def _named(known: Known) -> str:
    return known.replace("_", " ")


def _seen(known: Known, environment: Environment, world: World | None) -> str:
    """The value as the console sees it; empty where it cannot."""
    active = position(environment, world).active if world else None
    if world is None or active is None:
        return ""
    match known:
        case "active_slot":
            return active
        case "active_release":
            return slot_release(environment, world, active) or ""
        case "ready_pods":
            found = [d for c in environment.components if (d := deployment_of(c, active, world))]
            return str(sum(d.ready for d in found)) if found else ""
