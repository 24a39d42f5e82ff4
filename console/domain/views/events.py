"""Kubernetes' events of both slots as a table, newest first; what the feed leaves out as routine is here, too."""

from __future__ import annotations

from datetime import UTC, datetime

from console.domain.environment import Environment
from console.domain.views.lines import Line, Span, span
from console.domain.views.marks import Mark
from console.domain.views.standing import standing_words
from console.domain.views.state import ConsoleState
from console.domain.views.table import Column, Row, Table
from console.domain.views.words import clock
from console.domain.world import Event, World

COLUMNS = (
    Column("last", 8),
    Column("", 1),
    Column("slot", 8, rank=1),
    Column("object", 34),
    Column("reason", 20, rank=2),
    Column("times", 5, right=True, rank=3),
    Column("message"),
)
_NEVER = datetime.min.replace(tzinfo=UTC)


def events_table(state: ConsoleState) -> Table:
    """All events that Kubernetes still keeps (an hour, as a rule)."""
    world = state.snapshot.world if state.snapshot else None
    if world is None or state.snapshot is None or state.environment is None:
        return Table(COLUMNS, note="not read yet")
    if "Event" in world.unread:
        return Table(COLUMNS, note=f"events cannot be read: {state.snapshot.of('Event').reason}")
    slots = slots_of_objects(world, state.environment)
    newest = sorted(world.events.values(), key=lambda e: (e.last_seen or _NEVER, e.name), reverse=True)
    note = standing_words(state.snapshot.of_kinds("Event"), state.now)
    return Table(COLUMNS, tuple(_row(event, slots, state) for event in newest), len(newest), note)


def slots_of_objects(world: World, environment: Environment) -> dict[str, str]:
    """Slot by the name of a Deployment, of its ReplicaSets and of their pods; of nothing else."""
    found = {component.deployments[slot]: str(slot) for component in environment.components for slot in component.deployments}
    found |= {name: found[each.meta.owner] for name, each in world.replica_sets.items() if each.meta.owner in found}
    return found | {name: found[each.meta.owner] for name, each in world.pods.items() if each.meta.owner in found}


def _row(event: Event, slots: dict[str, str], state: ConsoleState) -> Row:
    mark = Mark.BROKEN if event.type == "Warning" else Mark.TO_COME
    kind = event.object_kind[:1].lower() + event.object_kind[1:]
    cells: tuple[Line, ...] = (
        (Span(clock(event.last_seen, state.zone, seconds=True), "dim"),),
        (Span(mark.glyph, mark.tone),),
        (span(_slot_of(event.object_name, slots)),),
        (span(f"{kind} {event.object_name}"),),
        (span(event.reason, "broken" if event.type == "Warning" else "plain"),),
        (span(str(event.count) if event.count > 1 else "", "dim"),),
        (span(event.message),),
    )
    return Row(event.name, cells)


def _slot_of(name: str, slots: dict[str, str]) -> str:
    """Also of a pod or ReplicaSet that is gone: its name begins with its Deployment's."""
    if name in slots:
        return slots[name]
    owner = max((known for known in slots if name.startswith(known + "-")), key=len, default="")
    return slots.get(owner, "")
