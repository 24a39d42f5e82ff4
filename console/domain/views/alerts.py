"""What a person should know of now, worst first: split traffic, lost sources, what keeps pods down, failing checks, drift."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from console.domain.expected import expected_answer
from console.domain.freshness import Freshness
from console.domain.position import Role
from console.domain.slots import SlotState
from console.domain.snapshot import LINK, LIVE, METRICS, PROBES
from console.domain.views.marks import Mark
from console.domain.views.standing import standing_words
from console.domain.views.state import ConsoleState
from console.domain.views.words import duration, listed
from console.domain.world import KINDS

_SOURCES = {LINK: "Kubernetes API", PROBES: "health checks", METRICS: "Prometheus"}


@dataclass(frozen=True)
class Alert:
    mark: Mark
    text: str


def alerts(state: ConsoleState) -> tuple[Alert, ...]:
    """All of them; empty when there is nothing to say, which is only said of what is known."""
    if state.snapshot is None or state.snapshot.world is None:
        return (Alert(Mark.UNKNOWN, "nothing is known yet"), *_runs(state))
    return (
        *_split(state),
        *_sources(state),
        *_runs(state),
        *_drift(state),
        *_live(state),
        *_impostors(state),
        *_slots(state),
        *_writers(state),
        *_notes(state),
    )


def split_text(state: ConsoleState) -> str:
    """`SPLIT 1.2s  frontend → green  backend → blue`; empty while all Services agree."""
    here = state.position
    if here is None or not here.split:
        return ""
    lasting = f" {duration(state.seconds_since(state.split_since))}" if state.split_since else ""
    return f"SPLIT{lasting}  " + "  ".join(f"{name} → {slot or '?'}" for name, slot in here.slots.items())


def _split(state: ConsoleState) -> Iterable[Alert]:
    if text := split_text(state):
        yield Alert(Mark.BROKEN, text)


def _sources(state: ConsoleState) -> Iterable[Alert]:
    """One line for the link where it is the link; else one for each source that is not fresh."""
    if state.snapshot is None or state.environment is None:
        return
    link = state.snapshot.of(LINK)
    if link.state != "FRESH":
        yield _source(_SOURCES[LINK], link, state)
    else:
        bad: dict[str, list[str]] = {}
        for kind in KINDS:
            found = state.snapshot.of(kind)
            if found.state != "FRESH":
                bad.setdefault(found.reason, []).append(kind)
        for reason, kinds in bad.items():
            yield _source(listed(kinds, most=3), state.snapshot.of(kinds[0]), state, reason)
    asked = {PROBES: bool(state.environment.health.checks), METRICS: bool(state.environment.prometheus)}
    for name, wanted in asked.items():
        found = state.snapshot.of(name)
        if wanted and found.state != "FRESH":
            yield _source(_SOURCES[name], found, state)


def _source(name: str, found: Freshness, state: ConsoleState, reason: str = "") -> Alert:
    why = reason or found.reason
    return Alert(Mark.UNKNOWN, f"{name} {standing_words(found, state.now)}" + (f": {why}" if why else ""))


def _drift(state: ConsoleState) -> Iterable[Alert]:
    if state.derived is None:
        return
    for problem in (*state.derived.position.problems, *state.derived.record_problems):
        yield Alert(Mark.BROKEN, problem)
    here = state.derived.position
    if here.absent and not here.empty:
        yield Alert(Mark.BROKEN, f"the Service of {listed(here.absent)} does not exist")
    for sentence in state.derived.by_hand:
        yield Alert(Mark.PARTLY, sentence)


def _writers(state: ConsoleState) -> Iterable[Alert]:
    """Who would undo a switch by itself is a danger; who would when somebody runs it again is good to know."""
    for writer in state.derived.writers if state.derived else ():
        if writer.habit != "once":
            yield Alert(Mark.WAITING if writer.habit == "by itself" else Mark.TO_COME, writer.sentence)


def _live(state: ConsoleState) -> Iterable[Alert]:
    if state.snapshot is None:
        return
    for (component, check), tally in state.snapshot.probes.get(LIVE, {}).items():
        if tally.failed:
            yield Alert(
                Mark.BROKEN, f"users' entry {component}: {check} {tally.latest.detail or tally.latest.label}, {tally.failed} in a row"
            )


def _impostors(state: ConsoleState) -> Iterable[Alert]:
    """Answers that name another release than the one in the slot: the image is not what its tag says."""
    snapshot, environment, derived = state.snapshot, state.environment, state.derived
    if snapshot is None or snapshot.world is None or environment is None or derived is None:
        return
    for slot in derived.slots:
        said = {t.latest.component: t.latest.release for t in snapshot.probes.get(slot, {}).values() if t.latest.release}
        for component, release in said.items():
            expected = expected_answer(environment, snapshot.world, slot=slot, component=component)
            if expected and release != expected:
                yield Alert(Mark.BROKEN, f"{component} {slot} answers as {release}, not as {expected}: its image is another release")


def _slots(state: ConsoleState) -> Iterable[Alert]:
    if state.derived is None:
        return
    serving_first = sorted(state.derived.slots.values(), key=lambda s: s.role not in (Role.ACTIVE, Role.SPLIT))
    for slot in serving_first:
        yield from _slot(slot)


def _slot(slot: SlotState) -> Iterable[Alert]:
    for component in slot.components:
        for cause in component.causes[:2]:
            yield Alert(Mark.BROKEN if cause.final else Mark.PARTLY, f"{component.name} {slot.slot} {cause}")
        if component.foreign_image:
            by = f" ({component.imaged_by})" if component.imaged_by else ""
            yield Alert(Mark.PARTLY, f"{component.name} {slot.slot}: the image was changed by hand{by}, it is not that of {slot.release}")


def _runs(state: ConsoleState) -> Iterable[Alert]:
    record = state.open_run
    if record and record.question:
        yield Alert(Mark.WAITING, f"run {record.id} waits for a person: {record.question.text}")
    ended = next((r for r in state.runs or () if not r.open), None)
    if record is None and ended and ended.outcome == "needs_operator":
        yield Alert(Mark.WAITING, f"run {ended.id} needs an operator: {ended.outcome_reason}")


def _notes(state: ConsoleState) -> Iterable[Alert]:
    if state.derived is None:
        return
    for slot in state.derived.slots.values():
        if slot.held:
            yield Alert(Mark.TO_COME, f"{slot.release} in {slot.slot} is held: no run deploys it before the hold is lifted")
