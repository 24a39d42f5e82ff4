"""`bluegreen sources`: every connection, looked at once."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime

import click

from console.cli.connections import Looking
from console.cli.options import Options, common
from console.cli.output import print_json, print_lines, width
from console.cli.parts import Site, connection_to, journal_of, site_of
from console.cli.picture import take_picture
from console.domain.errors import BluegreenError, JournalError
from console.domain.views.lines import span
from console.domain.views.marks import Mark
from console.domain.views.sources import COLUMNS, SourceRow, source_rows, sources_table
from console.domain.views.state import ConsoleState
from console.domain.views.table import heading, line_of


@click.command()
@common
def sources(options: Options) -> None:
    """Ask every connection once: the API server, each kind of object, health checks, Prometheus, the journal, who holds the lease.

    Leaves with 0 when all of them answered, with 1 when one did not. The console's screen of the same name (key s) follows them.
    """
    state = asyncio.run(_looked(site_of(options)))
    rows = source_rows(state)
    if options.as_json:
        print_json([_json(row) for row in rows])
    else:
        table = sources_table(state)
        print_lines(
            [heading(COLUMNS, width(140)), *(line_of(row, COLUMNS, width(140)) for row in table.rows), (span(table.note),)], options
        )
    click.get_current_context().exit(1 if any(row.mark in (Mark.UNKNOWN, Mark.BROKEN) for row in rows) else 0)


def _json(row: SourceRow) -> dict[str, object]:
    trusted = row.mark not in (Mark.UNKNOWN, Mark.BROKEN)
    return {
        "source": row.name,
        "state": row.state,
        "trusted": trusted,
        "age_seconds": row.age,
        "latency_seconds": row.latency,
        "says": row.says,
        "error": row.error,
        "error_at": row.error_at,
        "retry": row.retry,
        "place": row.place,
    }


async def _looked(site: Site) -> ConsoleState:
    async with AsyncExitStack() as stack:
        connection = await stack.enter_async_context(connection_to(site))
        journal, trouble = None, ""
        try:
            journal = await stack.enter_async_context(journal_of(site))
        except JournalError as problem:
            trouble = str(problem)
        try:
            state = (await take_picture(connection)).state
        except BluegreenError as problem:
            now = datetime.now(UTC)
            state = ConsoleState(now, UTC, connection.client.server, site.environment, trouble={"desk": str(problem)})
        looking = Looking(connection, journal, trouble=trouble, now=lambda: datetime.now(UTC))
        connections = await looking.look(None, runner_words="none: a console that is open keeps one waiting")
    return replace(state, connections=connections, now=datetime.now(UTC))
