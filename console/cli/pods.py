"""`bluegreen pods` and `bluegreen events`: what the screens of these names show, as text or JSON."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import click

from console.cli.options import Options, common
from console.cli.output import print_json, print_lines, width
from console.cli.parts import Site, connection_to, site_of
from console.cli.picture import state_of
from console.domain.errors import UsageError
from console.domain.pods import SlotPod, SlotPods, Standing, slot_pods
from console.domain.views.events import events_table, slots_of_objects
from console.domain.views.lines import Line, span
from console.domain.views.pods import Memo, pods_table, ready_words, what_it_says
from console.domain.views.state import ConsoleState
from console.domain.views.table import Table, filtered, heading, line_of
from console.domain.world import Event

words = click.argument("words", nargs=-1, metavar="[WORD]...")


@click.command()
@words
@click.option("--slot", metavar="SLOT", help="Only pods of this slot.")
@click.option("--trouble", is_flag=True, help="Only pods that do not serve.")
@common
def pods(options: Options, words: tuple[str, ...], slot: str | None, trouble: bool) -> None:
    """The pods of both slots, those in trouble first, with what keeps them from serving.

    \b
      bluegreen pods
      bluegreen pods --slot green --trouble
      bluegreen pods CrashLoop !frontend        every word must be there, none of those after a !

    Leaves with 0 when they could be read, whatever they say; `--json` gives cause, restarts, last exit and events of each.
    """
    site = site_of(options)
    _known_slot(site, slot)
    state = asyncio.run(_look(site))
    found = _chosen(state, slot=slot, trouble=trouble)
    table = filtered(pods_table(found, state, Memo()), " ".join(words))
    if options.as_json:
        keys = {row.key for row in table.rows}
        print_json([_pod_json(each) for each in found.pods if each.name in keys])
    else:
        print_lines(_table_lines(table, "no pods"), options)


@click.command()
@words
@click.option("--warnings", is_flag=True, help="Only what Kubernetes warns of.")
@common
def events(options: Options, words: tuple[str, ...], warnings: bool) -> None:
    """What Kubernetes says of both slots, newest first; it keeps an hour, as a rule.

    \b
      bluegreen events --warnings
      bluegreen events Unhealthy green

    Leaves with 0 when they could be read.
    """
    state = asyncio.run(_look(site_of(options)))
    world = state.snapshot.world if state.snapshot else None
    known = world.events if world else {}
    table = filtered(events_table(state), " ".join(words))
    rows = [row for row in table.rows if not warnings or known[row.key].type == "Warning"]
    if options.as_json:
        slots = slots_of_objects(world, state.environment) if world and state.environment else {}
        print_json([_event_json(known[row.key], slots) for row in rows])
    else:
        print_lines(_table_lines(Table(table.columns, rows, table.total, table.note), "no events"), options)


async def _look(site: Site) -> ConsoleState:
    async with connection_to(site) as connection:
        return await state_of(connection)


def _known_slot(site: Site, slot: str | None) -> None:
    if slot is not None and slot not in site.environment.slots:
        raise UsageError(
            f"there is no slot {slot!r} in {site.environment.name}", hint=f"Choose one of: {', '.join(site.environment.slots)}"
        )


def _chosen(state: ConsoleState, *, slot: str | None, trouble: bool) -> SlotPods:
    world = state.snapshot.world if state.snapshot else None
    assert world is not None, "it was just read"
    assert state.environment is not None
    found = slot_pods(state.environment, world)
    kept = tuple(
        each
        for each in found.pods
        if (slot is None or each.slot == slot) and (not trouble or each.standing in (Standing.BROKEN, Standing.PARTLY))
    )
    return SlotPods(kept, found.others, world, found.by_name)


def _table_lines(table: Table, none: str) -> Iterable[Line]:
    if not table.rows:
        return [(span(table.note or none, "dim"),)]
    columns = width(140)
    lines = [heading(table.columns, columns), *(line_of(row, table.columns, columns) for row in table.rows)]
    return [*lines, (span(f" {table.note}", "waiting"),)] if table.note else lines


def _pod_json(pod: SlotPod) -> dict[str, object]:
    own = pod.pod
    return {
        "pod": pod.name if own else None,
        "said_by": pod.name,
        "slot": pod.slot,
        "component": pod.component,
        "state": pod.standing.name.lower(),
        "word": pod.word,
        "says": what_it_says(pod),
        "final": bool(pod.cause and pod.cause.final),
        "ready": ready_words(pod),
        "restarts": own.restarts if own else 0,
        "image": pod.image,
        "node": own.node if own else "",
        "created": own.meta.created if own else None,
        "containers": own.containers if own else (),
        "conditions": own.conditions if own else (),
        "events": [_event_json(each, {}) for each in pod.events],
    }


def _event_json(event: Event, slots: dict[str, str]) -> dict[str, object]:
    return {
        "last_seen": event.last_seen,
        "type": event.type,
        "slot": slots.get(event.object_name, ""),
        "kind": event.object_kind,
        "object": event.object_name,
        "reason": event.reason,
        "count": event.count,
        "message": event.message,
    }
