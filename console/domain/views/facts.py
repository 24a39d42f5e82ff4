"""What is seen right now of what a question is about: the live facts in a dialog."""

from __future__ import annotations

from console.domain.slots import SlotState
from console.domain.snapshot import LIVE
from console.domain.views.marks import Mark
from console.domain.views.run import Said
from console.domain.views.standing import standing_words
from console.domain.views.state import ConsoleState


def facts(state: ConsoleState) -> tuple[Said, ...]:
    """One line per slot with its pods and checks, and the age where it is not fresh."""
    if state.derived is None or state.snapshot is None:
        return (Said("", Mark.UNKNOWN, "the cluster was not read yet"),)
    age = standing_words(state.snapshot.of_kinds("Service", "Deployment"), state.now)
    lines = [_slot(state, slot) for slot in state.derived.slots.values() if not slot.empty]
    stale = [Said("", Mark.UNKNOWN, f"{age}: the cluster does not answer, this is how it was then", "waiting")] if age else []
    return (*stale, *lines)


def _slot(state: ConsoleState, slot: SlotState) -> Said:
    name = f"{slot.slot} {slot.release or ''}".rstrip()
    pods = f"{slot.ready}/{slot.wanted} ready"
    checks = _checks(state, slot)
    mark = Mark.WELL if slot.saturated and "fail" not in checks else Mark.PARTLY
    shortfall = f": {slot.shortfalls[0]}" if slot.shortfalls else ""
    return Said("", mark, f"{name} ({slot.role.value})  {pods}{checks}{shortfall}")


def _checks(state: ConsoleState, slot: SlotState) -> str:
    tallies = state.snapshot.probes.get(slot.slot, {}) if state.snapshot else {}
    live = state.snapshot.probes.get(LIVE, {}) if state.snapshot and state.derived and state.derived.position.active == slot.slot else {}
    found = [*tallies.values(), *live.values()]
    if not found:
        return ""
    failing = [t for t in found if t.failed]
    if failing:
        worst = max(failing, key=lambda t: t.failed)
        return f", {len(failing)} of {len(found)} checks fail ({worst.latest.check} {worst.latest.detail or worst.latest.label})"
    return f", {len(found)} checks ok, {min(t.passed for t in found)} times in a row"
