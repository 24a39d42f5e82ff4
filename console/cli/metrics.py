"""`bluegreen metrics`: the charts of the Metrics screen as text, or their values as JSON."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import click

from console.cli.desk_charts import without_server
from console.cli.options import Options, common
from console.cli.output import print_json, print_lines, width
from console.cli.parts import Site, journal_of, site_of
from console.cli.picture import zone_of
from console.document.duration import seconds
from console.domain.charts import ALIGNED, ChartPage, ChartRequest
from console.domain.errors import JournalError, UsageError
from console.domain.freshness import Freshness
from console.domain.run import RunRecord
from console.domain.snapshot import METRICS, Snapshot
from console.domain.views.charts import charts_view
from console.domain.views.state import ConsoleState

ROWS = 8
"""Lines of a chart."""
RUNS = 50


def _window(context: click.Context, parameter: click.Parameter, value: str) -> float:
    try:
        found = seconds(value)
    except ValueError as wrong:
        raise click.BadParameter(str(wrong)) from wrong
    if found < 10 * ALIGNED:
        raise click.BadParameter(f"{value} is too short for a curve: at least {10 * ALIGNED:.0f}s")
    return found


@click.command()
@click.option("--window", default="1h", show_default=True, callback=_window, metavar="DURATION", help="How far back: 15m, 1h, 6h, 24h.")
@click.option("--slot", default="", metavar="SLOT", help="Only this slot.")
@common
def metrics(options: Options, window: float, slot: str) -> None:
    """Requests, errors and p95 of both slots over a time: gaps are gaps, limits are lines, runs are marked with number and outcome.

    \b
      bluegreen metrics --window 15m
      bluegreen --json metrics --slot green        every value with its time; null where there is none

    Leaves with 0 when the metrics server could be asked, with 1 when it could not, which is said.
    """
    site = site_of(options)
    if slot and slot not in site.environment.slots:
        known = ", ".join(site.environment.slots)
        raise UsageError(f"there is no slot {slot!r} in {site.environment.name}", hint=f"Choose one of: {known}")
    request = ChartRequest(window)
    page, runs = asyncio.run(_read(site, request))
    now = datetime.now(UTC)
    fresh = {METRICS: Freshness("UNKNOWN", None, page.trouble) if page.trouble else Freshness("FRESH", now)}
    state = ConsoleState(
        now=now,
        zone=zone_of(site.environment),
        connecting="",
        environment=site.environment,
        connected=True,
        runs=runs,
        snapshot=Snapshot(freshness=fresh),
    )
    if options.as_json:
        print_json(_as_json(page, runs, slot))
    else:
        view, columns = charts_view(state, page, request, slot=slot), width(100)
        from screens.paint.charts import height_of, paint_charts

        print_lines(paint_charts(view, columns, height_of(view, ROWS)), options)
    click.get_current_context().exit(1 if page.trouble else 0)


async def _read(site: Site, request: ChartRequest) -> tuple[ChartPage, tuple[RunRecord, ...]]:
    """The curves, and the runs of the journal where there is one; looking makes none."""
    runs: tuple[RunRecord, ...] = ()
    try:
        if "://" not in site.place.journal and not await asyncio.to_thread(Path(site.place.journal).exists):
            raise JournalError("there is no journal yet")
        async with journal_of(site) as journal:
            runs = await journal.runs(limit=RUNS)
    except JournalError:
        pass
    if not site.environment.prometheus:
        return without_server(request), runs
    from console.metrics.prometheus import Prometheus
    from console.metrics.ranges import chart

    source = Prometheus(site.environment.prometheus)
    try:
        return await chart(source, site.environment, request, now=datetime.now(UTC)), runs
    finally:
        source.close()


def _as_json(page: ChartPage, runs: tuple[RunRecord, ...], slot: str) -> dict[str, object]:
    return {
        "start": page.start,
        "end": page.end,
        "step": page.request.step,
        "trouble": page.trouble,
        "slots": {name: curves for name, curves in page.curves.items() if slot in ("", name)},
        "runs": [
            {"run": r.id, "title": r.title, "opened_at": r.opened_at, "closed_at": r.closed_at, "outcome": r.outcome}
            for r in runs
            if r.closed_at is None or r.closed_at >= page.start
        ],
    }
