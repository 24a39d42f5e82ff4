"""What a plan tells ahead of time: past steps that only note something, and which rule a person may take on."""

from __future__ import annotations

from dataclasses import dataclass, replace

from console.domain.change import Blocked, Change, Difference, Plan
from console.domain.runbook import Runbook, Step
from console.engine.action import Action, Broken, NoParams, Ports, Task, Verdict
from console.engine.ports import AccessRule
from console.engine.start import Request, prepare
from tests.engine.rig import Rig


@dataclass(frozen=True)
class Fixed:
    """An action whose plan and verdict are given."""

    name: str
    answer: Plan = Change("note it")
    verdict: Verdict = Broken("no")
    effect: str = "check_then_act"
    title: str = "do it"
    params: type[NoParams] = NoParams
    timeout: float = 1.0
    poll: float = 0.1

    def deadline(self, task: Task[NoParams]) -> float:
        return self.timeout

    def rights(self, task: Task[NoParams]) -> tuple[AccessRule, ...]:
        return ()

    async def observe(self, ports: Ports, task: Task[NoParams]) -> None:
        return None

    def plan(self, facts: None, task: Task[NoParams]) -> Plan:
        return self.answer

    def verify(self, facts: None, task: Task[NoParams], carry: object) -> Verdict:
        return self.verdict


async def states(shop: Rig, *actions: Fixed) -> list[tuple[str, str]]:
    """(state, rule that may be overridden) of each step of a runbook made of `actions`."""
    steps = tuple(Step("check" if a.effect == "observe" else "do", a.name, a.name) for a in actions)
    known: dict[str, Action] = {a.name: a for a in actions}  # type: ignore[misc, type-arg]
    deps = replace(shop.deps, actions=known)
    plan = (await prepare(Request(Runbook("try", "try", steps), {}), deps)).plan
    return [(row.state, row.override) for row in plan.rows]


NOTED = Change("note it", differences=(Difference("v2", "record", "nothing", "there"),))
FORBIDDEN = Blocked(("it is kept warm",), override="keep-warm")


async def test_what_blocks_after_a_mere_note_is_told_now(shop: Rig) -> None:
    assert await states(shop, Fixed("note", replace(NOTED, bookkeeping=True)), Fixed("apply", FORBIDDEN)) == [
        ("change", ""),
        ("blocked", "keep-warm"),
    ]


async def test_what_blocks_after_a_real_change_may_be_different_then(shop: Rig) -> None:
    assert await states(shop, Fixed("put", NOTED), Fixed("apply", FORBIDDEN)) == [("change", ""), ("later", "")]


async def test_a_check_that_fails_names_the_rule_that_a_person_may_take_on(shop: Rig) -> None:
    check = Fixed("check", verdict=Broken("another tool writes here", {"override": "foreign-writers"}), effect="observe")
    assert await states(shop, check) == [("blocked", "foreign-writers")]
