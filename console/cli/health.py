"""`bluegreen health`: the book's health-check script, for the live entry point or a slot."""

from __future__ import annotations

import asyncio
import time

import click

from console.cli.options import Options, common
from console.cli.output import print_json, print_lines
from console.cli.parts import Connection, Site, connection_to, site_of
from console.cli.patience import patiently
from console.domain.errors import UsageError
from console.domain.health import ProbeResult
from console.domain.ids import SlotName
from console.domain.position import position
from console.domain.snapshot import LIVE
from console.domain.views.lines import Line, marked
from console.domain.views.marks import Mark
from console.domain.views.words import milliseconds


@click.command()
@click.argument("target", default=LIVE, metavar="[live|active|preview|SLOT]")
@click.option("--wait", "seconds", type=float, default=0.0, metavar="SECONDS", help="Ask again until all checks pass, so long at most.")
@common
def health(options: Options, target: str, seconds: float) -> None:
    """Ask the health checks of the live entry point (the default), or of a slot.

    \b
      bluegreen health
      bluegreen health green --wait 60

    Leaves with 0 when every check that was asked passed, with 1 when one failed or none could be asked.
    """
    site = site_of(options)
    results = asyncio.run(_asked(site, target, seconds))
    ok = passed(results)
    if options.as_json:
        print_json({"target": target, "ok": ok, "checks": results})
    else:
        lines = [_line(r) for r in results] or [
            marked(Mark.UNKNOWN, f"no health check could be asked of {target}: see `health` and `urls`")
        ]
        print_lines(lines, options)
    click.get_current_context().exit(0 if ok else 1)


def passed(results: tuple[ProbeResult, ...]) -> bool:
    """At least one check was asked and none failed; a skipped one is neither."""
    return any(r.ok for r in results) and not any(r.ok is False for r in results)


async def _asked(site: Site, target: str, seconds: float) -> tuple[ProbeResult, ...]:
    until = time.monotonic() + seconds
    async with connection_to(site) as connection:
        while True:
            results = await _round(connection, target)
            if passed(results) or time.monotonic() >= until:
                return results
            await asyncio.sleep(min(1.0, max(0.0, until - time.monotonic())))


async def _round(connection: Connection, target: str) -> tuple[ProbeResult, ...]:
    if target == LIVE:
        return await connection.probes.live(fresh=True)
    environment = connection.site.environment
    world = await patiently(connection.cluster.observe)
    active = position(environment, world).active
    slots = {str(s): s for s in environment.slots}
    if active:
        slots |= {"active": active, "preview": environment.other(active)}
    if target not in slots:
        known = ", ".join([LIVE, *slots])
        raise UsageError(f"there is no slot {target!r} in {environment.name}", hint=f"Choose one of: {known}")
    return await connection.probes.slot(SlotName(slots[target]), world)


def _line(result: ProbeResult) -> Line:
    mark = {True: Mark.WELL, False: Mark.BROKEN, None: Mark.UNKNOWN}[result.ok]
    latency = f"   {milliseconds(result.latency)}" if result.latency is not None else ""
    release = f"   release {result.release}" if result.release else ""
    detail = "" if result.ok else f"   {result.label}: {result.detail}" if result.detail else f"   {result.label}"
    return marked(mark, f"{result.component:<11} {result.check:<10} {result.url}{detail}{latency}{release}")
