"""One slot as a column of the Overview."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from console.domain.causes import Trouble
from console.domain.environment import Environment
from console.domain.freshness import Freshness
from console.domain.health import Tally
from console.domain.ids import SlotName
from console.domain.position import Role
from console.domain.slots import ComponentState, Generation, SlotState
from console.domain.snapshot import PROBES, Snapshot
from console.domain.views.derived import Derived
from console.domain.views.figures import SHOWN, Before, FigureRow, figure_rows
from console.domain.views.marks import Mark, Tone
from console.domain.views.standing import shown_mark, shown_tone, standing_words
from console.domain.views.words import milliseconds, plural, whole_duration


@dataclass(frozen=True)
class ComponentRow:
    name: str
    mark: Mark
    ready: str
    """`3/3 ready`, `none`, `?`."""
    restarts: str
    cause: str
    """Kubernetes' word for what is wrong, or the image where nothing is."""
    tone: Tone = "plain"
    generations: tuple[str, ...] = ()
    """Old and new ReplicaSet of a rolling environment, newest first."""


@dataclass(frozen=True)
class ProbeCell:
    check: str
    mark: Mark
    text: str
    """`42 ms`, `503, 4 in a row (12s)`."""


@dataclass(frozen=True)
class ProbeRow:
    cells: tuple[ProbeCell, ...]
    """One per check, failing ones first."""
    note: str = ""
    """Why there are none, or how old they are."""
    tone: Tone = "plain"


@dataclass(frozen=True)
class SlotView:
    slot: str
    hue: int
    """1 or 2: which of the two slots' colours the title carries."""
    words: tuple[str, ...]
    """`active`, `stable`, `held`, `LOST 12s`."""
    release: str
    components: tuple[ComponentRow, ...]
    probes: ProbeRow
    figures: tuple[FigureRow, ...]
    known: bool = True


UNKNOWN_FIGURES = tuple(FigureRow(name, "?", "unknown") for name in SHOWN)


def slot_view(environment: Environment, snapshot: Snapshot | None, derived: Derived | None, slot: SlotName, *, now: datetime) -> SlotView:
    """Everything that is known of a slot; `?` for what is not."""
    hue = 1 + environment.slots.index(slot) % 2
    if snapshot is None or derived is None:
        rows = tuple(ComponentRow(c.name, Mark.UNKNOWN, "?", "", "") for c in environment.components)
        return SlotView(slot, hue, ("UNKNOWN",), "", rows, ProbeRow((), "?", "unknown"), UNKNOWN_FIGURES, known=False)
    state = derived.slots[slot]
    fresh = snapshot.of_kinds("Deployment", "Service")
    pods = snapshot.of_kinds("Deployment", "Pod", "ReplicaSet")
    before = _served_before(derived, state)
    return SlotView(
        slot=slot,
        hue=hue,
        words=_words(state, fresh, now),
        release=state.release or ("" if state.empty else "mixed releases"),
        components=tuple(_component(c, state.role, fresh, pods, rolling=environment.strategy == "rolling") for c in state.components),
        probes=_probes(environment, snapshot, state, now),
        figures=figure_rows(environment, snapshot, slot, before=before, now=now),
    )


def _served_before(derived: Derived, state: SlotState) -> Before | None:
    """The slot to compare with: the one that served until the switch, while it still runs."""
    previous = derived.switch.previous_slot
    if state.role is not Role.ACTIVE or previous is None or previous == state.slot:
        return None
    other = derived.slots.get(previous)
    return Before(previous, derived.switch.switched_at) if other is not None and not other.empty and not state.stable else None


def _words(state: SlotState, fresh: Freshness, now: datetime) -> tuple[str, ...]:
    role = {Role.ACTIVE: "active", Role.PREVIEW: "preview", Role.SPLIT: "SPLIT", Role.UNKNOWN: "role unknown"}[state.role]
    words = [role, "stable" if state.stable and not state.held else "", "empty" if state.empty else "", "held" if state.held else ""]
    return tuple(w for w in (*words, standing_words(fresh, now)) if w)


def _component(component: ComponentState, role: Role, fresh: Freshness, pods: Freshness, *, rolling: bool) -> ComponentRow:
    mark = shown_mark(_component_mark(component, role), fresh)
    if component.deployment is None:
        return ComponentRow(component.name, mark, "no Deployment", "", "", shown_tone(fresh, "dim"))
    restarts = plural(component.restarts, "restart") if component.known and pods.state in ("FRESH", "STALE") else "? restarts"
    cause = component.causes[0].word if component.causes else ("image changed by hand" if component.foreign_image else component.image)
    ready = (
        "scaled to 0"
        if component.desired == 0 and not component.total
        else f"{min(component.ready, component.available)}/{component.desired} ready"
    )
    generations = _generations(component) if rolling else ()
    return ComponentRow(component.name, mark, ready, "" if component.desired == 0 else restarts, cause, shown_tone(fresh), generations)


def _component_mark(component: ComponentState, role: Role) -> Mark:
    serving = role in (Role.ACTIVE, Role.SPLIT)
    if component.deployment is None or (component.desired == 0 and not component.total):
        return Mark.BROKEN if serving else Mark.OFF
    up = min(component.ready, component.available)
    if component.causes and component.causes[0].trouble <= Trouble.EXITED:
        return Mark.PARTLY if up else Mark.BROKEN
    if component.complete and component.desired > 0:
        return Mark.WELL
    return Mark.PARTLY if up or not serving else Mark.BROKEN


def _generations(component: ComponentState) -> tuple[str, ...]:
    rows = [("new", component.current)] if component.earlier and component.current else []
    return tuple(_generation(word, g) for word, g in (*rows, *(("old", g) for g in component.earlier)) if g is not None)


def _generation(word: str, generation: Generation) -> str:
    return f"{word}  revision {generation.revision}  {generation.image}  {generation.ready}/{generation.desired} ready"


def _probes(environment: Environment, snapshot: Snapshot, state: SlotState, now: datetime) -> ProbeRow:
    if not environment.health.checks:
        return ProbeRow((), "no checks are configured", "dim")
    if state.empty:
        return ProbeRow((), "nothing to ask: no pods", "dim")
    tallies = snapshot.probes.get(state.slot, {})
    source = snapshot.of(PROBES)
    if not tallies:
        return ProbeRow((), f"? {source.reason or 'not asked yet'}", "unknown")
    cells = [_check(name, [t for (_, check), t in tallies.items() if check == name], source, now) for name in _checks(environment)]
    order = (Mark.BROKEN, Mark.UNKNOWN)
    ranked = sorted((c for c in cells if c), key=lambda c: order.index(c.mark) if c.mark in order else len(order))
    return ProbeRow(tuple(ranked), standing_words(source, now), shown_tone(source))


def _checks(environment: Environment) -> tuple[str, ...]:
    return tuple(dict.fromkeys(check.name for check in environment.health.checks))


def _check(name: str, tallies: list[Tally], source: Freshness, now: datetime) -> ProbeCell | None:
    """The worst of the components that answer this check."""
    if not tallies:
        return None
    worst = min(tallies, key=lambda t: ({False: 0, None: 1, True: 2}[t.ok], -t.failed, -(t.typical or 0.0)))
    if worst.ok is False:
        lasting = f" ({whole_duration((now - worst.since).total_seconds())})" if worst.since else ""
        row = f", {worst.failed} in a row{lasting}" if worst.failed > 1 else ""
        return ProbeCell(name, shown_mark(Mark.BROKEN, source), (worst.latest.detail or worst.latest.label) + row)
    if worst.ok is None:
        return ProbeCell(name, Mark.UNKNOWN, worst.latest.detail or "skipped")
    latency = milliseconds(worst.typical) if worst.typical is not None else "ok"
    return ProbeCell(name, shown_mark(Mark.WELL, source), latency)
