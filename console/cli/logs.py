"""`bluegreen logs`: log lines of a slot's pods, merged by time, to the end or followed; nothing is left out unsaid."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from console.cli.options import Options, common
from console.cli.output import plain, print_lines
from console.cli.parts import Connection, Site, connection_to, site_of
from console.cli.picture import zone_of
from console.document.duration import seconds
from console.domain.errors import UsageError
from console.domain.logs import TAIL, LogLine, LogPage, LogRequest, LogScope, LogSource
from console.domain.position import position
from console.domain.run import DETACHED_EXIT_CODE
from console.domain.snapshot import LINK, WATCH
from console.domain.views.lines import Line, Span
from console.domain.views.logs import stamp, tags_of
from console.domain.views.words import pad
from console.domain.world import World

if TYPE_CHECKING:
    from console.cli.log_room import Batch, LogRoom

ALL = "all"


def _duration(context: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    try:
        return seconds(value) if value is not None else None
    except ValueError as wrong:
        raise click.BadParameter(str(wrong)) from wrong


@click.command()
@click.option("--slot", metavar="SLOT", help=f"Of this slot, `preview`, or `{ALL}`; default: the slot that users are on.")
@click.option("--component", default="", metavar="NAME", help="Only of this component.")
@click.option("--pod", default="", metavar="NAME", help="Only of this pod, all its containers.")
@click.option("--container", default="", metavar="NAME", help="Of this container; default: the one that carries the release.")
@click.option("-f", "--follow", is_flag=True, help="Go on with every new line, pods that are new included, until Ctrl-C.")
@click.option("-p", "--previous", is_flag=True, help="Of the containers before their last restart.")
@click.option("--since", callback=_duration, metavar="DURATION", help="Only lines of the last 30s, 10m, 2h.")
@click.option("--tail", type=click.IntRange(0), metavar="N", help=f"Last lines of each container (default {TAIL}; with --since: all).")
@click.option("--no-times", is_flag=True, help="Without the time of each line.")
@common
def logs(
    options: Options,
    slot: str | None,
    component: str,
    pod: str,
    container: str,
    follow: bool,
    previous: bool,
    since: float | None,
    tail: int | None,
    no_times: bool,
) -> None:
    """Log lines of a slot's pods, merged by time. Secrets are taken out; control characters never reach the terminal.

    \b
      bluegreen logs -f                          what users' slot says, from now on
      bluegreen logs --slot green --since 10m
      bluegreen logs --pod traider-backend-green-7d9f84cc5b-x2x9q --previous
      bluegreen --json logs --slot all           one JSON object a line

    With --follow a cut is read over: what may be missing is said in the place where it is. Leaves with 0 when every log was read,
    with 1 when one could not be, or there are no pods, with 130 after Ctrl-C.
    """
    if follow and previous:
        raise UsageError("what a container said before its restart does not grow", hint="Leave out --follow or --previous")
    site = site_of(options)
    scope = _scope(site, slot, component, pod, container)
    wanted = LogRequest(scope, previous, since)
    lines = tail if tail is not None else None if since is not None else TAIL
    try:
        code = asyncio.run(_printed(options, site, wanted, slot=slot, follow=follow, tail=lines, times=not no_times))
    except KeyboardInterrupt:
        code = DETACHED_EXIT_CODE
    click.get_current_context().exit(code)


def _scope(site: Site, slot: str | None, component: str, pod: str, container: str) -> LogScope:
    """What can be said without the cluster; `preview` and users' slot follow."""
    environment = site.environment
    slots = [*environment.slots, "active", "preview", ALL]
    if slot is not None and slot not in slots:
        raise UsageError(f"there is no slot {slot!r} in {environment.name}", hint=f"Choose one of: {', '.join(slots)}")
    names = [each.name for each in environment.components]
    if component and component not in names:
        raise UsageError(f"there is no component {component!r} in {environment.name}", hint=f"Choose one of: {', '.join(names)}")
    return LogScope(slot if slot in environment.slots else "", component, pod, container)


async def _printed(
    options: Options, site: Site, request: LogRequest, *, slot: str | None, follow: bool, tail: int | None, times: bool
) -> int:
    from console.cli.log_room import LogRoom, failed

    async with connection_to(site) as connection, _world(connection, follow=follow) as world:
        first = world()
        assert first is not None
        request = replace(request, scope=_placed(site, first, request.scope, slot))
        room = LogRoom(connection.client, site.environment, request, world, follow=follow, lossless=True, tail=tail)
        last = await _print_all(options, site, room, request, times=times)
    troubles = failed(last.sources)
    for trouble in troubles:
        print(f"bluegreen: cannot read the log of {trouble}", file=sys.stderr)
    if not last.sources:
        print(f"bluegreen: {last.note or 'no pods'}", file=sys.stderr)
    return 1 if troubles or not last.sources else 0


def _placed(site: Site, world: World, scope: LogScope, slot: str | None) -> LogScope:
    """The slot that is meant, from where users are now."""
    if scope.pod:
        if scope.pod not in world.pods:
            raise UsageError(f"there is no pod {scope.pod!r} in {world.namespace}", hint="`bluegreen pods` lists them")
        return replace(scope, slot="")
    if scope.slot or slot == ALL:
        return scope
    active = position(site.environment, world).active
    if active is None:
        return scope
    return replace(scope, slot=str(site.environment.other(active) if slot == "preview" else active))


@asynccontextmanager
async def _world(connection: Connection, *, follow: bool) -> AsyncIterator[Callable[[], World | None]]:
    """What the cluster says now: watched while logs are followed, else as it was read once."""
    read = await connection.cluster.observe()
    if not follow:
        yield lambda: read
        return
    from console.cli.sources import fed_store

    async with fed_store(connection, only=(WATCH, LINK)) as store:

        def current() -> World:
            """The first reading counts until every kind was heard of."""
            world = store.current().world
            return read if world is None or world.unread & {"Pod", "ReplicaSet", "Deployment"} else world

        yield current


async def _print_all(options: Options, site: Site, room: LogRoom, request: LogRequest, *, times: bool) -> Batch:
    from console.cli.log_room import Batch

    last = Batch((), (), 0, "")
    async with aclosing(room.batches()) as batches:
        async for last in batches:
            page = LogPage(request, last.sources, last.lines)
            if options.as_json:
                _print_json(page)
            else:
                _print_text(options, site, page, times=times)
            sys.stdout.flush()
    return last


def _print_json(page: LogPage) -> None:
    for line in page.lines:
        print(json.dumps(plain(_as_json(line, page.sources[line.source])), ensure_ascii=False))


def _as_json(line: LogLine, source: LogSource) -> dict[str, object]:
    return {
        "at": datetime.fromtimestamp(line.at / 1e9, UTC),
        "slot": source.slot,
        "component": source.component,
        "pod": source.pod,
        "container": source.container,
        "text": line.text,
        "notice": line.notice,
    }


def _print_text(options: Options, site: Site, page: LogPage, *, times: bool) -> None:
    zone = zone_of(site.environment)
    tags = tags_of(page.sources, site.environment)
    wide = max((len(tag.text) for tag in tags), default=0)

    def line_of(line: LogLine) -> Line:
        tag = tags[line.source]
        head: Sequence[Span] = (Span(f"{stamp(line, zone)} ", "dim"),) if times else ()
        whose: Sequence[Span] = (Span(pad(tag.text, wide), tag.tone), Span(" | ", "dim")) if len(tags) > 1 else ()
        return (*head, *whose, Span(f"-- {line.text} --", "waiting") if line.notice else Span(line.text))

    print_lines((line_of(line) for line in page.lines), options)
