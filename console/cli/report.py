"""`bluegreen report`: one run as a page for the ticket, the post-mortem and the auditor."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from console.cli.following import run_json
from console.cli.options import Options, common
from console.cli.output import plain, print_json
from console.cli.parts import journal_of, site_of
from console.domain.errors import Refused
from console.domain.ids import RunId
from console.domain.views.report import report_text

if TYPE_CHECKING:
    from console.domain.views.report import ReportView


@click.command()
@click.argument("run", type=int, required=False, metavar="[RUN]")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Into this file, not to the terminal."
)
@common
def report(options: Options, run: int | None, output: Path | None) -> None:
    """Tell one run (the newest when no number is given) as a Markdown page: steps, changes, answers, notes, journal, evidence.

    \b
      bluegreen report 41 > CHG-42.md
      bluegreen report 41 -o CHG-42.md

    Overrides stand first. The page ends with the verdict on the journal's chain and its head, so that a tail that is cut off
    later shows. Needs the journal alone, no cluster. Times are UTC.
    """
    view = asyncio.run(_view(options, run, output))
    if options.as_json:
        print_json(
            {"run": run_json(view.record), "journal": _entries(view), "chain": view.chain, "anchor": view.anchor, "evidence": view.files}
        )
    elif output is not None:
        print(output)
    else:
        print(report_text(view), end="")


async def _view(options: Options, run: int | None, output: Path | None) -> ReportView:
    from console.engine.report import report_of, write_report

    site = site_of(options)
    async with journal_of(site) as journal:
        newest = None if run is not None else next(iter(await journal.runs(limit=1)), None)
        if run is None and newest is None:
            raise Refused("no run is recorded yet", hint="`bluegreen runs` lists them")
        number = RunId(run) if run is not None else newest.id if newest else RunId(0)
        view = await report_of(number, environment=site.environment, journal=journal, place=site.place)
    if output is not None:
        await write_report(view, output)
    return view


def _entries(view: ReportView) -> list[object]:
    return [plain(entry) for entry in view.entries]
