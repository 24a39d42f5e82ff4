"""The Overview: who is live, is it well, what is running, can I go back?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from console.domain.position import Position
from console.domain.rollback import SWITCH_SECONDS, Target
from console.domain.run import RunRecord, StepState
from console.domain.slots import SlotState
from console.domain.snapshot import LIVE
from console.domain.views.alerts import Alert, alerts, split_text
from console.domain.views.derived import Derived
from console.domain.views.marks import Mark
from console.domain.views.readiness import OLD, assumed, rounded, seconds_back
from console.domain.views.run import outcome_words
from console.domain.views.slot import SlotView, slot_view
from console.domain.views.standing import standing_words
from console.domain.views.state import ConsoleState
from console.domain.views.words import clock, day_and_clock, duration, listed, whole_duration


@dataclass(frozen=True)
class Verdict:
    """A mark and a clause."""

    mark: Mark
    text: str
    shorter: tuple[str, ...] = ()
    """The same for less and less room; the last one is cut where even that does not fit."""


@dataclass(frozen=True)
class OverviewView:
    users: Verdict
    """Service health: how those are served who are here now."""
    deploy: Verdict
    """Outcome of the newest deployment: another question than service health (SAFETY 1, rule 12)."""
    switch: str
    """`frontend → blue, backend → blue`."""
    switch_short: str
    slots: tuple[SlotView, ...]
    way_back: Verdict
    triggers: Verdict
    run: Verdict
    alerts: tuple[Alert, ...]


def overview_view(state: ConsoleState) -> OverviewView:
    environment = state.environment
    slots = tuple(slot_view(environment, state.snapshot, state.derived, s, now=state.now) for s in environment.slots) if environment else ()
    return OverviewView(
        users=users_verdict(state),
        deploy=deploy_verdict(state),
        switch=_switch(state.position, short=False),
        switch_short=_switch(state.position, short=True),
        slots=slots,
        way_back=way_back(state),
        triggers=Verdict(Mark.OFF, "not armed: nothing rolls back by itself"),
        run=run_line(state),
        alerts=alerts(state),
    )


def standing_text(state: ConsoleState) -> str:
    """One line for a terminal that is too small for more."""
    verdict = users_verdict(state)
    name = state.environment.name.upper() if state.environment else ""
    return f"{name}  USERS {verdict.mark.glyph} {verdict.text}".strip()


def alarm_text(state: ConsoleState) -> str:
    """What stands above everything else on every screen: split traffic."""
    return split_text(state)


def users_verdict(state: ConsoleState) -> Verdict:
    """How the slot that takes the traffic is doing; never well while the facts are not fresh."""
    if state.snapshot is None or state.environment is None:
        return Verdict(Mark.UNKNOWN, f"unknown: connecting to {state.connecting}")
    derived, fresh = state.derived, state.snapshot.of_kinds("Service", "Deployment")
    if derived is None:
        return Verdict(Mark.UNKNOWN, f"unknown: {fresh.reason or 'Services and Deployments were not read yet'}")
    known = _served(state, derived)
    if fresh.state == "FRESH":
        return known
    age = standing_words(fresh, state.now)
    return Verdict(Mark.UNKNOWN, f"{age}, before that: {known.text}")


def _served(state: ConsoleState, derived: Derived) -> Verdict:
    here = derived.position
    if here.split:
        return Verdict(Mark.BROKEN, "split over " + listed(sorted({s for s in here.slots.values() if s})))
    if here.problems:
        return Verdict(Mark.UNKNOWN, here.problems[0])
    if here.empty:
        return Verdict(Mark.OFF, "nothing is deployed yet")
    active = derived.active
    if active is None:
        return Verdict(Mark.UNKNOWN, f"the Service of {listed(here.absent)} does not exist" if here.absent else "unknown")
    name = f"{active.slot} {active.release or 'mixed releases'}"
    trouble = _trouble(state, active)
    if not trouble:
        return Verdict(Mark.WELL, f"{name}, well")
    broken = any(min(c.ready, c.available) == 0 for c in active.components)
    return Verdict(Mark.BROKEN if broken else Mark.PARTLY, f"{name}, {'broken' if broken else 'partly'}: {trouble[0]}")


def _trouble(state: ConsoleState, active: SlotState) -> list[str]:
    """What is wrong for users, as clauses."""
    found = list(active.shortfalls)
    snapshot, environment = state.snapshot, state.environment
    if snapshot is None or environment is None:
        return found
    for target in (LIVE, active.slot):
        for (component, check), tally in snapshot.probes.get(target, {}).items():
            if tally.failed:
                found.append(f"{component} {check} {tally.latest.detail or tally.latest.label}")
    readings = snapshot.metrics[active.slot].readings if active.slot in snapshot.metrics else {}
    for figure, reading in readings.items():
        allowed = environment.limits.get(figure)
        if allowed is not None and reading.state == "ok" and reading.value is not None and reading.value > allowed:
            found.append(f"{figure} over the limit")
    return found


def deploy_verdict(state: ConsoleState) -> Verdict:
    """The newest run that goes forward."""
    if state.runs is None:
        return Verdict(Mark.UNKNOWN, "the journal was not read yet")
    record = next((r for r in state.runs if r.direction == "forward"), None)
    if record is None:
        return Verdict(Mark.OFF, "none recorded")
    what = str(record.inputs.get("release") or record.title)
    if record.outcome is not None:
        mark, word = outcome_words(record.outcome)
        back = next((r for r in state.runs if r.id > record.id and r.direction == "back" and r.outcome == "done"), None)
        if back is not None:
            when = day_and_clock(back.closed_at or back.opened_at, state.zone, now=state.now)
            return Verdict(Mark.BROKEN, f"{what} was rolled back {when} (run {back.id})")
        return Verdict(mark, f"{what} {word} {day_and_clock(record.closed_at or record.opened_at, state.zone, now=state.now)}")
    step = record.current
    if record.question:
        return Verdict(Mark.WAITING, f"{what} asks: {record.question.text}")
    if step is None:
        return Verdict(Mark.RUNNING, f"{what} is ending")
    cause = _preview_cause(state)
    return Verdict(Mark.RUNNING, f"{what} waits: {cause}" if cause else f"{what}, {_step_place(record)}: {step.title}")


def _preview_cause(state: ConsoleState) -> str:
    """What keeps the other slot's pods down while a run waits for them."""
    if state.derived is None:
        return ""
    active = state.derived.position.active
    others = [s for s in state.derived.slots.values() if s.slot != active and not s.empty]
    return next((f"{c.name} {c.causes[0].word}" for s in others for c in s.components if c.causes and c.causes[0].final), "")


def way_back(state: ConsoleState) -> Verdict:
    """Can I go back, to what, how fast, and how long still?"""
    if state.derived is None or state.snapshot is None:
        return Verdict(Mark.UNKNOWN, "unknown: the cluster was not read yet")
    verdict = _way_back(state, state.derived)
    fresh = state.snapshot.of_kinds("Service", "Deployment")
    if fresh.state in ("FRESH", "STALE"):
        return verdict
    before = f"{standing_words(fresh, state.now)}, before that: "
    return Verdict(Mark.UNKNOWN, before + verdict.text, tuple(before + text for text in verdict.shorter))


def _way_back(state: ConsoleState, derived: Derived) -> Verdict:
    best = derived.targets[0] if derived.targets else None
    active = derived.active
    if best is None:
        why = "no earlier stable release is recorded" if active else "nothing takes traffic"
        return Verdict(Mark.OFF, f"nothing to go back to: {why}")
    if active is not None and active.stable and best.kind != "warm":
        return _not_needed(state, active, best)
    if best.usable:
        return _usable(state, derived, best)
    if active is not None and active.stable:
        return _not_needed(state, active, None)
    return Verdict(Mark.BROKEN, f"none: {best.problems[0]}" + (f" (may be overridden: {best.override})" if best.override else ""))


def _usable(state: ConsoleState, derived: Derived, best: Target) -> Verdict:
    """The target may be gone back to; whether the plan says so too."""
    made = state.readiness if state.readiness and state.readiness.of(best) else None
    name = target_name(best)
    if made and made.blocked:
        return Verdict(Mark.BROKEN, f"blocked: to {name}, but {made.blocked[0]}", (f"blocked: {made.blocked[0]}",))
    time = _in_about(seconds_back(made, best)) + (" (assumed)" if assumed(made, best) else "")
    ready, until = f"ready: to {name}{time}", _until(state, derived, best)
    if made and made.problem:
        return Verdict(Mark.PARTLY, f"{ready}, but its plan cannot be made: {made.problem}", (f"{ready}, but not planned: {made.problem}",))
    if made and (age := state.seconds_since(made.checked_at)) > OLD:
        return Verdict(Mark.PARTLY, f"{ready}, checked {whole_duration(age)} ago{until}", (f"{ready}, checked {whole_duration(age)} ago",))
    if best.warning:
        return Verdict(Mark.PARTLY, f"{ready}, but {best.warning}")
    return Verdict(Mark.DONE, ready + until, (f"ready: to {name}{_in_about(seconds_back(made, best))}{until}",))


def _not_needed(state: ConsoleState, active: SlotState, best: Target | None) -> Verdict:
    """Users are on a stable release: what would be the way back after a switch, and what there is now."""
    name = f"{active.slot} {active.release or ''}".rstrip()
    going = state.open_run is not None and state.open_run.direction == "forward"
    text, short = f"not needed: users are on {name}, which is stable", f"not needed: {name} is stable"
    if going:
        measured = state.readiness.warm if state.readiness else None
        time = _in_about(measured.seconds if measured else SWITCH_SECONDS)
        return Verdict(Mark.OFF, f"{text}. After the switch: to {active.slot}{time}", (f"{short}; back from a switch{time}", short))
    if best and best.usable:
        now = f"to {target_name(best)}{_in_about(seconds_back(state.readiness, best))}"
        return Verdict(Mark.OFF, f"{text}. If it must be: {now}", (f"{short}; else: {now}", short))
    return Verdict(Mark.OFF, text, (short,))


def target_name(target: Target) -> str:
    """`blue v1.4.2`, or the slot alone."""
    return f"{target.slot} {target.release}" if target.release else target.slot


def _in_about(seconds: float | None) -> str:
    return f" in about {rounded(seconds)}" if seconds is not None else ""


def _until(state: ConsoleState, derived: Derived, target: Target) -> str:
    until = derived.switch.keep_warm_until
    if target.kind != "warm" or until is None:
        return ""
    if state.snapshot and state.snapshot.world and until <= state.snapshot.world.at:
        return f", warm since its time ended at {clock(until, state.zone)}"
    return f", warm until {day_and_clock(until, state.zone, now=state.now)}"


def run_line(state: ConsoleState) -> Verdict:
    """The run that is on, else the last one; while the journal is not followed, nobody knows what became of it."""
    if state.runs is None:
        return Verdict(Mark.UNKNOWN, state.trouble.get("runs") or "the journal was not read yet")
    known = _run_line(state)
    if "runs" not in state.trouble:
        return known
    return Verdict(Mark.UNKNOWN, f"LOST, before that: {known.text}", tuple(f"LOST, before that: {text}" for text in known.shorter))


def _run_line(state: ConsoleState) -> Verdict:
    record = state.open_run
    if record is None:
        return _last_run(state)
    step = record.current
    timing = _step_timing(record, state.now, state.usual.get(record.runbook, {}))
    driver = f"driven by {record.driver}" if record.driver else "waits for a runner"
    place, name = _step_place(record), f"{record.title} ({record.id})"
    if record.question:
        asks = f"waits for a person: {record.question.text}"
        return Verdict(Mark.WAITING, f"{name}  {place}  {asks}", (f"({record.id})  {place}  {asks}", f"({record.id})  {asks}"))
    doing = [place, step.title if step else "ending", timing]
    full, undriven, short = (
        "  ".join(p for p in parts if p) for parts in ([name, *doing, driver], [name, *doing], [f"({record.id})", *doing])
    )
    return Verdict(Mark.RUNNING, full, (undriven, short))


def _last_run(state: ConsoleState) -> Verdict:
    last = next(iter(state.runs or ()), None)
    if last is None or last.outcome is None:
        return Verdict(Mark.OFF, "none")
    _, word = outcome_words(last.outcome)
    when = day_and_clock(last.closed_at or last.opened_at, state.zone, now=state.now)
    return Verdict(Mark.OFF, f"none; the last one: {last.title} ({last.id}) {word}, {when}")


def _step_place(record: RunRecord) -> str:
    ended = sum(1 for step in record.steps if step.ended)
    return f"step {min(ended + 1, len(record.steps))} of {len(record.steps)}"


def _step_timing(record: RunRecord, now: datetime, usual: Mapping[str, float]) -> str:
    step = record.current
    if step is None or step.started_at is None or step.state is StepState.TO_COME:
        return ""
    usually = f" (usually {duration(usual[step.name])})" if step.name in usual else ""
    return whole_duration((now - step.started_at).total_seconds()) + usually


def _switch(here: Position | None, *, short: bool) -> str:
    if here is None:
        return "?"
    if here.empty:
        return "no Services yet"
    if short and here.active:
        return f"all → {here.active}"
    return ", ".join(f"{name} → {slot or '?'}" for name, slot in here.slots.items())
