"""`bluegreen plan`: what a runbook would do now."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime

import click

from console.cli.inputs import inputs_option, reason_option, runbook_argument
from console.cli.options import Options, common
from console.cli.output import print_json, print_lines
from console.cli.parts import checked_request, connection_to, deps_of, join, site_of
from console.cli.patience import patiently
from console.domain.object_diff import DiffView
from console.domain.views.diff import diff_text
from console.domain.views.lines import BLANK, Line, marked, span
from console.domain.views.marks import Mark
from console.domain.views.plan import PlanRow, PlanView
from console.domain.views.run import difference_text, plan_view


@click.command()
@runbook_argument
@inputs_option
@reason_option
@click.option("--kubectl", is_flag=True, help="Print only the kubectl commands that would do the same, ready for a shell.")
@click.option("--diff", "differences", is_flag=True, help="Print what would be different in each object, rehearsed by the server.")
@common
def plan(options: Options, runbook: str, inputs: dict[str, str], reason: str, kubectl: bool, differences: bool) -> None:
    """Show what RUNBOOK would change, without changing anything.

    \b
      bluegreen plan deploy -i release=v1.5.0
      bluegreen plan rollback
      bluegreen plan deploy -i release=v1.5.0 --diff

    A difference is told by a server-side dry run, so admission and defaults are in it; with --read-only it is computed here.
    Values of secrets are never shown.

    Leaves with 0 when it could start, with 3 when something blocks it.
    """
    if differences:
        _print_diff(asyncio.run(_diff(options, runbook, inputs, reason)), options)
        return
    made = asyncio.run(_plan(options, runbook, inputs, reason))
    if kubectl:
        print("\n".join(command for row in made.rows for command in row.kubectl))
    elif options.as_json:
        print_json(_json(made))
    else:
        print_lines(plan_lines(made), options)
    click.get_current_context().exit(3 if made.refusal else 0)


async def _plan(options: Options, runbook: str, inputs: dict[str, str], reason: str) -> PlanView:
    from console.engine.start import Request, prepare

    site = site_of(options)
    wanted = checked_request(site, runbook, inputs)
    async with deps_of(site, journal_needed=False) as deps:
        prepared = await patiently(lambda: prepare(Request(wanted, inputs, reason=reason or "plan"), deps))
    return prepared.plan


async def _diff(options: Options, runbook: str, inputs: dict[str, str], reason: str) -> DiffView:
    from console.cluster.rehearse import ServerRehearsal
    from console.engine.diffing import diff_of
    from console.engine.start import Request

    site = site_of(options)
    request = Request(checked_request(site, runbook, inputs), inputs, reason=reason or "plan")
    async with connection_to(site) as connection:
        deps = await join(connection, None)
        rehearsal = ServerRehearsal(connection.client, connection.cluster.namespace)
        return await diff_of(request, deps, rehearsal, read_only=site.read_only, now=lambda: datetime.now(UTC))


def _print_diff(found: DiffView, options: Options) -> None:
    """Leaves with 3 when the server would refuse one of the writes."""
    if options.as_json:
        print_json({"title": found.title, "at": found.made_at, "objects": found.objects, "later": found.later})
    else:
        print_lines(diff_text(found), options)
    click.get_current_context().exit(3 if any(each.state == "refused" for each in found.objects) else 0)


def plan_lines(plan: PlanView) -> list[Line]:
    """The plan as text: each step, below it what it would change and the first line of each kubectl that would do the same."""
    view = plan_view(plan)
    lines: list[Line] = [(span(view.title, "title"), span("   " + view.status, "dim")), BLANK]
    phase = ""
    for row, planned in zip(view.rows, plan.rows, strict=True):
        if planned.phase != phase:
            phase = planned.phase
            lines.append((span(f" {phase}", "strong"),))
        timing = f"   {row.timing}" if row.timing else ""
        number = span(f" {row.number:>2}  ", "dim")
        lines.append((number, *marked(row.mark, row.title), span(f"   {row.text}" if row.text else "", row.tone), span(timing, "dim")))
        lines += [(span("        "), *detail) for detail in _details(planned)]
    return [*lines, BLANK, marked(view.summary_mark, view.summary) if view.summary_mark else (span(view.summary),)]


def _details(row: PlanRow) -> Iterator[Line]:
    for warning in row.warnings:
        yield marked(Mark.WAITING, warning, "waiting")
    for difference in row.differences:
        if difference.severity == "change":
            yield (span(difference_text(difference)),)
    if row.undo:
        yield (span(f"undo: {row.undo}", "dim"),)
    for command in row.kubectl:
        first, _, rest = command.partition("\n")
        yield (span(f"$ {first}" + ("   (--kubectl prints the whole)" if rest else ""), "dim"),)


def _json(plan: PlanView) -> dict[str, object]:
    return {
        "runbook": plan.runbook,
        "title": plan.title,
        "environment": plan.environment,
        "digest": plan.digest,
        "inputs": plan.inputs,
        "refusal": plan.refusal,
        "usual": plan.usual,
        "undo": plan.undo,
        "steps": plan.rows,
    }
