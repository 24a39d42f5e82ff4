"""What a run would do now, step by step, without doing any of it.

The same plan is `bluegreen plan`, the Run screen before a start, what is confirmed, and what is planned again at the confirmation.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from pydantic import BaseModel

from console.domain.change import Blocked, Change, Noop, Plan, canonical_digest
from console.domain.environment import Environment
from console.domain.runbook import COMMAND, MANUAL, Confirm, Runbook, Step
from console.domain.views.plan import PlanRow, PlanState, PlanView
from console.domain.views.words import plural
from console.engine import rights
from console.engine.action import Action, Broken, Done, NotYet, Ports, Task, Verdict
from console.engine.deps import Deps
from console.engine.failures import said
from console.engine.ports import AccessRule
from console.engine.still_cluster import StillCluster
from console.engine.tasks import Setting, action_of, spoken, steps_of, task_of, title_of

_MOVED_BY_OTHERS = ("replicas",)
"""Differences that an autoscaler makes and unmakes: they do not make a plan another one."""


BLOCKED: PlanState = "blocked"


@dataclass(frozen=True)
class _Seen:
    """One step with what its action says of it now."""

    step: Step
    plan: Plan | None = None
    verdict: Verdict | None = None


async def plan_run(runbook: Runbook, setting: Setting, deps: Deps, *, usual: Mapping[str, float] | None = None) -> PlanView:
    """Plan every step on one and the same observation. Raises what the cluster raises; writes nothing."""
    ports = still_ports(deps)
    steps = steps_of(runbook, setting.environment, setting.inputs)
    missing, planned = await asyncio.gather(
        _missing(runbook, steps, setting, ports, deps), asyncio.gather(*(_planned(s, setting, ports, deps) for s in steps))
    )
    first = next((i for i, seen in enumerate(planned) if isinstance(seen.plan, Change) and not seen.plan.bookkeeping), len(planned))
    seen = await asyncio.gather(*(_checked(s, setting, ports, deps) if i < first else _as_is(s) for i, s in enumerate(planned)))
    usually = usual or {}
    rows = (
        _row(s, setting, deps, expected=i > first, usual=usually.get(s.step.name), lacking=missing.get(s.step.name, ""))
        for i, s in enumerate(seen)
    )
    asked = tuple(_asked_then(runbook, s.step, row) for s, row in zip(seen, rows, strict=True))
    return _view(runbook, setting, asked, [s for s in seen[: first + 1] if s.plan])


async def plan_step(step: Step, setting: Setting, ports: Ports, deps: Deps) -> Plan:
    """What one `do` step would do now."""
    action = action_of(step, deps.actions)
    task = task_of(step, action, setting)
    return action.plan(await action.observe(ports, task), task)


def still_ports(deps: Deps) -> Ports:
    """Ports for looking only."""

    async def nothing(*_: object) -> None:
        return None

    return Ports(StillCluster(deps.cluster), deps.probes, deps.clock, deps.registry, deps.place.runs, guard=nothing, report=nothing)


def change_digest(change: Change) -> str:
    """sha256 over what is intended: subjects and values after, without those that an autoscaler moves."""
    return canonical_digest([[d.subject, d.what, d.after] for d in change.differences if d.what not in _MOVED_BY_OTHERS])


async def _missing(runbook: Runbook, steps: tuple[Step, ...], setting: Setting, ports: Ports, deps: Deps) -> Mapping[str, str]:
    """By step, the rights that its writes need and we do not have; those that every run needs stand at its first change."""
    needed: dict[str, tuple[AccessRule, ...]] = {}
    for step in steps:
        if step.kind == "do":
            action = action_of(step, deps.actions)
            shared = () if needed else rights.driving(setting.environment, runbook.direction)
            needed[step.name] = (*shared, *action.rights(task_of(step, action, setting)))
    lacking = await rights.missing(ports.cluster, (rule for rules in needed.values() for rule in rules))
    return {name: rights.sentence(r for r in rules if r in lacking) for name, rules in needed.items()}


async def _planned(step: Step, setting: Setting, ports: Ports, deps: Deps) -> _Seen:
    if step.kind != "do" or step.action == MANUAL:
        return _Seen(step)
    return _Seen(step, plan=await plan_step(step, setting, ports, deps))


async def _checked(seen: _Seen, setting: Setting, ports: Ports, deps: Deps) -> _Seen:
    """A check before the first change is made once, now."""
    if seen.step.kind != "check" or seen.step.action == COMMAND:
        return seen  # a plan runs nobody's command
    action = action_of(seen.step, deps.actions)
    task: Task[BaseModel] = task_of(seen.step, action, setting)
    return _Seen(seen.step, verdict=await _verdict(action, task, ports))


async def _verdict(action: Action[BaseModel, object], task: Task[BaseModel], ports: Ports) -> Verdict:
    try:
        return action.verify(await action.observe(ports, task), task, None)
    except Exception as error:
        return NotYet(said(error))


async def _as_is(seen: _Seen) -> _Seen:
    return seen


def _row(seen: _Seen, setting: Setting, deps: Deps, *, expected: bool, usual: float | None, lacking: str) -> PlanRow:
    """`lacking`: rights that are missing; they block a step however far it is."""
    step = seen.step
    change = seen.plan if isinstance(seen.plan, Change) else None
    blocked = seen.plan if isinstance(seen.plan, Blocked) and not expected else None
    state, text = _said_of(seen, setting, expected=expected) if not lacking else (BLOCKED, lacking)
    return PlanRow(
        step=step.name,
        kind=step.kind,
        title=title_of(step, setting, deps.actions),
        state=state,
        text=text,
        differences=change.differences if change else (),
        kubectl=change.kubectl if change else (),
        reasons=blocked.reasons if blocked and not lacking else (text,) if state == "blocked" else (),
        override="" if lacking else _override(blocked, seen.verdict),
        warnings=change.warnings if change else (),
        undo=change.undo if change else "",
        usual=usual,
        within=step.within,
        phase=step.phase,
    )


def _asked_then(runbook: Runbook, step: Step, row: PlanRow) -> PlanRow:
    """An item that a person is asked about where it does not pass does not keep its checklist from being started."""
    if row.state != "blocked" or step.kind != "check" or not runbook.asks_again(step):
        return row
    return replace(row, state="check", text=f"not yet: {row.text}", reasons=(), override="")


def _override(blocked: Blocked | None, verdict: Verdict | None) -> str:
    """The rule that a person may take the responsibility for, of a change or of a check."""
    if blocked is not None:
        return blocked.override
    return str(verdict.evidence.get("override", "")) if isinstance(verdict, Broken) else ""


def _said_of(seen: _Seen, setting: Setting, *, expected: bool) -> tuple[PlanState, str]:
    """State and the clause beside the title. After the first change a plan is what is expected now, and may become another."""
    match seen.plan, seen.verdict:
        case Change(), _ if seen.step.action == COMMAND:
            return "change", "runs a command"
        case Change() as change, _:
            count = plural(sum(d.severity == "change" for d in change.differences), "change")
            return "change", f"{count} expected" if expected else count
        case Noop(reason), _:
            return ("later", "planned when it is reached") if expected else ("noop", reason)
        case Blocked() as blocked, _:
            return ("later", f"not yet: {blocked.reason}") if expected else ("blocked", blocked.reason)
        case None, Done(message):
            return "check", message
        case None, NotYet(message):
            return "check", f"not yet: {message}"
        case None, Broken(message):
            return "blocked", message
        case None, None:
            return _not_looked_at(seen.step, setting)
        case _:
            assert_never(seen.plan)


def _not_looked_at(step: Step, setting: Setting) -> tuple[PlanState, str]:
    match step.kind:
        case "gate":
            return "asks", "asks an operator"
        case "wait":
            return "waits", ""
        case "do" if step.action == MANUAL:
            ask = spoken(str(step.params.get("ask", "")), setting)
            return "asks", f"asks: {ask}" if step.title else "asks for what is seen"
        case "check" if step.action == COMMAND:
            return "check", "runs a command when it is reached"
        case "check" | "do":
            return "check", "looked at when it is reached"


def _view(runbook: Runbook, setting: Setting, rows: tuple[PlanRow, ...], certain: list[_Seen]) -> PlanView:
    environment = setting.environment
    asks_itself = runbook.direction == "back" or any(row.state == "asks" for row in rows)
    confirm: Confirm = "key" if asks_itself else environment.protection.confirm
    return PlanView(
        runbook=runbook.name,
        title=spoken(runbook.title, setting),
        environment=environment.name,
        rows=rows,
        digest=_digest(runbook, setting, rows, certain),
        inputs=dict(setting.inputs),
        direction=runbook.direction,
        confirm=confirm,
        phrase=phrase_for(confirm, environment, runbook.name),
        require_reason=environment.protection.require_reason and runbook.direction == "forward",
    )


def phrase_for(confirm: Confirm, environment: Environment, runbook: str) -> str:
    """What has to be typed: nothing for a key, the environment's name, or the runbook with it."""
    match confirm:
        case "key":
            return ""
        case "name":
            return environment.name
        case "phrase":
            return f"{runbook} {environment.name}"


def _digest(runbook: Runbook, setting: Setting, rows: tuple[PlanRow, ...], certain: list[_Seen]) -> str:
    """Intended objects and values and what stands against them; never what was observed on the way."""
    bindings = setting.bindings
    release = bindings.release
    intended = [[s.step.name, change_digest(s.plan) if isinstance(s.plan, Change) else type(s.plan).__name__] for s in certain]
    return canonical_digest(
        {
            "runbook": runbook.digest,
            "steps": [row.step for row in rows],
            "inputs": dict(setting.inputs),
            "slots": [bindings.active, bindings.preview, bindings.previous, bindings.previous_release],
            "release": [release.name, release.digest, release.migration_class] if release else None,
            "intended": intended,
            "blocked": [[row.step, list(row.reasons)] for row in rows if row.state == "blocked"],
        }
    )
