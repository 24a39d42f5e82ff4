"""`bluegreen status`: the Overview as text or JSON."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator

import click

from console.cli.options import Options, common
from console.cli.output import print_json, print_lines
from console.cli.parts import Site, connection_to, site_of
from console.cli.patience import patiently
from console.cli.picture import Picture, take_picture
from console.domain.errors import BluegreenError
from console.domain.ids import SlotName
from console.domain.slots import SlotState
from console.domain.snapshot import Snapshot
from console.domain.views.lines import BLANK, Line, joined, marked, span
from console.domain.views.overview import OverviewView, Verdict, overview_view
from console.domain.views.slot import SlotView
from console.domain.views.words import clock, whole_duration

EVERY = 2.0


@click.command()
@click.option("--watch", is_flag=True, help="Print again whenever something is different.")
@common
def status(options: Options, watch: bool) -> None:
    """Both slots, where users are, what runs, the way back.

    Leaves with 0 when it could be read, whatever it says; with --json `users.state` is the verdict (well, partly, broken, unknown).
    """
    site = site_of(options)
    asyncio.run(_watched(options, site) if watch else _once(options, site))


async def _once(options: Options, site: Site) -> None:
    async with connection_to(site) as connection:
        _print(await patiently(lambda: take_picture(connection)), options)


async def _watched(options: Options, site: Site) -> None:
    """Never ends because of the cluster: what goes wrong is said once and tried again."""
    said = ""
    async with connection_to(site) as connection:
        while True:
            try:
                picture = await take_picture(connection)
                text, show = repr(_lines(picture)), picture
            except BluegreenError as problem:
                text, show = str(problem), None
            if text != said:
                said = text
                _print(show, options) if show else print(f"bluegreen: {text}", file=sys.stderr)
            await asyncio.sleep(EVERY)


def _print(picture: Picture, options: Options) -> None:
    if options.as_json:
        print_json(_as_json(picture))
    else:
        print_lines(_lines(picture), options)


def _lines(picture: Picture) -> list[Line]:
    state = picture.state
    view, environment = overview_view(state), state.environment
    assert environment is not None
    marks = [environment.application.upper(), environment.name.upper(), environment.cluster.namespace, state.connecting, state.identity]
    marks += ["READ-ONLY"] if state.read_only else []
    marks += ["REHEARSAL"] if environment.rehearsal else []
    head = joined([(span(m, "strong" if i < 2 else "plain"),) for i, m in enumerate(marks)])
    time = f"{clock(state.now, state.zone)} {state.now.astimezone(state.zone).tzname()}"
    lines: list[Line] = [(*head, span("   " + time, "dim")), _named("USERS", view.users), (*_name("SWITCH"), span(view.switch)), BLANK]
    for slot in view.slots:
        lines += [*_slot_lines(slot), BLANK]
    lines += [_named("WAY BACK", view.way_back), (*_name("RUN"), span(_driver(picture)))]
    return lines + [marked(alert.mark, alert.text) for alert in view.alerts]


def _name(word: str) -> Line:
    return (span(f"{word:<9}", "dim"),)


def _named(word: str, verdict: Verdict) -> Line:
    return (*_name(word), *marked(verdict.mark, verdict.text))


def _driver(picture: Picture) -> str:
    lease, snapshot = picture.lease, picture.state.snapshot
    world = snapshot.world if snapshot else None
    if lease is None or not lease.holder or world is None:
        return "none"
    age = (world.at - lease.renewed_at).total_seconds() if lease.renewed_at else 0.0
    silent = f", silent for {whole_duration(age)}: its runner may be dead" if age > lease.duration else ""
    return f"{lease.run or 'a run'} is driven by {lease.holder}{silent}"


def _slot_lines(slot: SlotView) -> Iterator[Line]:
    words = " ▪ ".join([slot.slot.upper(), *slot.words, *([slot.release] if slot.release else [])])
    yield (span(words, "title"),)
    for component in slot.components:
        rest = "  ".join(t for t in (component.ready, component.restarts, component.cause) if t)
        yield (span(f"  {component.name:<11}"), *marked(component.mark, rest))
        for generation in component.generations:
            yield (span(f"  {'':<13}{generation}", "dim"),)
    cells = [marked(cell.mark, f"{cell.check} {cell.text}") for cell in slot.probes.cells]
    yield (span(f"  {'health':<11}"), *joined(cells, "  "), span(slot.probes.note, slot.probes.tone))
    yield (span(f"  {'figures':<11}"), *joined([(span(f"{f.name} {f.value}"),) for f in slot.figures], "  "))


def _as_json(picture: Picture) -> dict[str, object]:
    state = picture.state
    view: OverviewView = overview_view(state)
    environment, derived = state.environment, state.derived
    assert environment is not None
    return {
        "application": environment.application,
        "environment": environment.name,
        "namespace": environment.cluster.namespace,
        "server": state.connecting,
        "identity": state.identity,
        "at": state.snapshot.world.at if state.snapshot and state.snapshot.world else None,
        "users": {"state": view.users.mark.name.lower(), "text": view.users.text},
        "active": derived.position.active if derived else None,
        "split": derived.position.split if derived else None,
        "switch": derived.position.slots if derived else {},
        "drift": derived.position.problems if derived else (),
        "slots": {name: _slot_json(name, slot) for name, slot in derived.slots.items()} if derived else {},
        "probes": _probes_json(state.snapshot) if state.snapshot else {},
        "way_back": {"state": view.way_back.mark.name.lower(), "text": view.way_back.text, "targets": derived.targets if derived else ()},
        "run": {"holder": picture.lease.holder, "run": picture.lease.run, "epoch": picture.lease.epoch} if picture.lease else None,
        "alerts": [alert.text for alert in view.alerts],
    }


def _probes_json(snapshot: Snapshot) -> dict[str, object]:
    return {target: [tally.latest for tally in tallies.values()] for target, tallies in snapshot.probes.items()}


def _slot_json(name: SlotName, slot: SlotState) -> dict[str, object]:
    components = {
        c.name: {
            "deployment": c.deployment,
            "image": c.reference,
            "wanted": c.wanted,
            "desired": c.desired,
            "updated": c.updated,
            "ready": c.ready,
            "available": c.available,
            "restarts": c.restarts,
            "causes": [str(cause) for cause in c.causes],
        }
        for c in slot.components
    }
    return {
        "role": slot.role,
        "release": slot.release,
        "stable": slot.stable,
        "held": slot.held,
        "saturated": slot.saturated,
        "shortfalls": slot.shortfalls,
        "components": components,
    }
