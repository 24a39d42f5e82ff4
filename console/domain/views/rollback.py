"""The Rollback screen: every way back with what it costs, what it would do, and what blocks it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from console.domain.rollback import Target
from console.domain.runbook import Runbook
from console.domain.views.derived import Derived
from console.domain.views.marks import Mark
from console.domain.views.overview import target_name
from console.domain.views.readiness import estimate_words, rounded, seconds_back
from console.domain.views.run import Said, command_said
from console.domain.views.standing import standing_words
from console.domain.views.state import ConsoleState
from console.domain.views.words import day_and_clock, whole_duration

RUNBOOK = "rollback"


@dataclass(frozen=True)
class TargetRow:
    """One way back."""

    key: str
    """Stays the same while the target does: the chosen row follows it."""
    mark: Mark
    name: str
    how: str
    """`warm 6/6`, `revision 12`."""
    time: str
    verdict: str
    """`ready`, or what is in its way."""
    refusal: str = ""
    """Why it cannot be chosen; empty when it can."""
    inputs: Mapping[str, str] | None = None
    """What the rollback runbook is started with."""
    effects: tuple[Said, ...] = ()


@dataclass(frozen=True)
class RollbackView:
    users: str
    rows: tuple[TargetRow, ...]
    note: str = ""
    """Said where there is no target, or the facts are old."""


def rollback_view(state: ConsoleState) -> RollbackView:
    """Targets of the newest world, with their age where it is not fresh."""
    derived = state.derived
    if derived is None or state.snapshot is None:
        return RollbackView("users: unknown", (), f"the cluster was not read yet: {state.connecting}")
    age = standing_words(state.snapshot.of_kinds("Service", "Deployment"), state.now)
    rows = tuple(_row(state, derived, target) for target in derived.targets)
    note = f"{age}: this is how it was then; the runner looks again before it changes anything" if age else ""
    return RollbackView(_users(derived), rows, note or ("" if rows else _none(derived)))


def rollback_inputs(runbook: Runbook | None, target: Target) -> Mapping[str, str]:
    """Inputs that make the rollback runbook take `target`; what the runbook does not ask for is left out."""
    found: dict[str, str] = {}
    for wanted in runbook.inputs if runbook else ():
        if wanted.type == "release" and target.release and target.kind == "recorded":
            found[wanted.name] = target.release
        elif wanted.type == "slot":
            found[wanted.name] = target.slot
        elif wanted.name == "override" and target.override:
            found[wanted.name] = target.override
    return found


def _row(state: ConsoleState, derived: Derived, target: Target) -> TargetRow:
    seconds = seconds_back(state.readiness, target)
    mark, verdict = _verdict(state, target)
    refusal = "; ".join(target.problems) if not target.usable and not target.override else ""
    revision = f"revision {target.revision}" if target.revision is not None else "not recorded"
    return TargetRow(
        key=f"{target.kind} {target.slot} {target.release}",
        mark=mark,
        name=target_name(target),
        how=f"warm {target.ready}/{target.wanted}" if target.kind == "warm" else revision,
        time=f"about {rounded(seconds)}" if seconds is not None else "time unknown",
        verdict=verdict,
        refusal=refusal,
        inputs=rollback_inputs(state.runbooks.get(RUNBOOK), target),
        effects=_effects(state, derived, target),
    )


def _verdict(state: ConsoleState, target: Target) -> tuple[Mark, str]:
    """What stands against it: by the target itself, and for the best one by the plan as it was made last."""
    made = state.readiness if state.readiness and state.readiness.of(target) else None
    if not target.usable:
        return Mark.BROKEN, target.problems[0]
    if made and made.blocked:
        return Mark.BROKEN, f"blocked: {made.blocked[0]}"
    if made and made.problem:
        return Mark.PARTLY, f"ready, but its plan cannot be made: {made.problem}"
    return (Mark.PARTLY, f"ready, but {target.warning}") if target.warning else (Mark.DONE, "ready")


def _checked(state: ConsoleState, target: Target) -> list[Said]:
    """When the plan of the best way back was made last, and what it says."""
    made = state.readiness
    if made is None or not made.of(target):
        return [Said("", Mark.TO_COME, "planned and checked when it is asked for", "dim")]
    age = whole_duration(state.seconds_since(made.checked_at))
    if made.problem:
        return [Said("", Mark.PARTLY, f"its plan cannot be made since {age}: {made.problem}", "waiting")]
    if made.blocked:
        return [Said("", Mark.BROKEN, f"planned {age} ago, blocked: {reason}", "broken") for reason in made.blocked]
    warned = [Said("", Mark.PARTLY, warning, "waiting") for warning in made.warnings]
    return [Said("", Mark.DONE, f"planned and checked {age} ago: rights, holds, schema, health of {target.slot}"), *warned]


def _effects(state: ConsoleState, derived: Derived, target: Target) -> tuple[Said, ...]:
    """What taking it would do, in the order in which it happens, and the commands that do it by hand."""
    blocked = [Said("", Mark.BROKEN, problem, "broken") for problem in target.problems]
    override = [Said("", None, f"may be overridden by name, with a reason: {target.override}")] if target.override else []
    warned = [Said("", Mark.PARTLY, target.warning)] if target.warning else []
    first = [] if target.kind == "warm" else [Said("", Mark.TO_COME, f"applies {target.release} to {target.slot} and waits for its pods")]
    moves = [
        Said("", Mark.TO_COME, f"{name}  slot  {slot or '?'} → {target.slot}")
        for name, slot in reversed(tuple(derived.position.slots.items()))
        if slot != target.slot
    ]
    after = _after(state, derived, target)
    until = _warm_until(derived, target, state.zone, state.now)
    commands = [command_said(command) for command in target.kubectl]
    time = [Said("", Mark.TO_COME, f"users are back in {estimate_words(state.readiness, target)}")]
    checked = _checked(state, target) if target.usable else []
    return (*blocked, *override, *warned, *checked, *time, *first, *moves, *after, *until, *commands)


def _after(state: ConsoleState, derived: Derived, target: Target) -> list[Said]:
    """What the runbook does to the slot that users leave, from its own steps."""
    runbook, active = state.runbooks.get(RUNBOOK), derived.active
    if runbook is None or active is None or active.slot == target.slot:
        return []
    said = {
        "hold.place": f"holds {active.release}: no run deploys it before the hold is lifted" if active.release else "",
        "evidence.save": f"saves logs and pod states of {active.slot}",
        "slots.retire": f"scales {active.slot} to zero at the end, once evidence is saved",
    }
    return [Said("", Mark.TO_COME, text) for step in runbook.steps if (text := said.get(step.action, ""))]


def _warm_until(derived: Derived, target: Target, zone: tzinfo, now: datetime) -> list[Said]:
    until = derived.switch.keep_warm_until
    if target.kind != "warm" or until is None:
        return []
    return [Said("", Mark.TO_COME, f"{target.slot} is kept warm until {day_and_clock(until, zone, now=now)}")]


def _users(derived: Derived) -> str:
    active = derived.active
    if active is not None:
        return f"users are on {active.slot} {active.release or ''}".rstrip()
    return "users are split: " + ", ".join(f"{name} → {slot or '?'}" for name, slot in derived.position.slots.items())


def _none(derived: Derived) -> str:
    if derived.position.problems:
        return derived.position.problems[0]
    if derived.position.absent:
        return "nothing takes traffic yet, so there is nothing to go back from"
    return "nothing to go back to: the other slot is empty and no earlier stable release is recorded"
