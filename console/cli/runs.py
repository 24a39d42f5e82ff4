"""`bluegreen runs|show|attach|resume|abort`: the record of runs, and what any terminal may do with one that is open."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

import click

from console.cli.following import follow_to_end, journal_said, run_json, run_lines
from console.cli.options import Options, common
from console.cli.output import print_json, print_lines, width
from console.cli.parts import connection_to, deps_of, journal_of, site_of
from console.cli.patience import patiently
from console.cli.run import driven_records, warm_runner
from console.domain.errors import Refused, UsageError
from console.domain.ids import RunId
from console.domain.position import position
from console.domain.run import RunRecord
from console.domain.views.history import COLUMNS, run_row
from console.domain.views.lines import span
from console.domain.views.table import Table, filtered, heading, line_of
from console.domain.views.words import plural

if TYPE_CHECKING:
    from console.journal.journal import Journal

WIDE = 140
"""Columns where there is no terminal: nothing of a run is left out."""

run_argument = click.argument("run", type=int, required=False, metavar="[RUN]")


@click.command()
@click.option("-n", "--limit", type=click.IntRange(1), default=20, show_default=True, help="How many.")
@click.option("--before", type=click.IntRange(1), metavar="RUN", help="Those that were opened before this one.")
@click.option("--filter", "wanted", default="", metavar="WORDS", help="Of these, those that contain every word; !word must not be in it.")
@common
def runs(options: Options, limit: int, before: int | None, wanted: str) -> None:
    """List runs, newest first: when, what, how it ended, how long it took, by whom and why.

    \b
      bluegreen runs
      bluegreen runs -n 200 --filter "rollback !done"
      bluegreen runs --before 41

    `bluegreen show RUN` tells one in full, `bluegreen report RUN` writes it down.
    """

    async def read() -> tuple[RunRecord, ...]:
        async with journal_of(site_of(options)) as journal:
            return await journal.runs(limit=limit, before=RunId(before) if before else None)

    records = asyncio.run(read())
    rows = tuple(run_row(r, now=datetime.now(UTC), zone=UTC) for r in records)
    shown = filtered(Table(COLUMNS, rows, len(rows)), wanted)
    if options.as_json:
        kept = {row.key for row in shown.rows}
        print_json([_summary(r) for r in records if str(r.id) in kept])
    elif shown.rows:
        columns = width(WIDE)
        print_lines([heading(COLUMNS, columns), *(line_of(row, COLUMNS, columns) for row in shown.rows)], options)
    else:
        print_lines([(span(f"none of {plural(len(rows), 'run')} matches" if rows else "no run is recorded yet"),)], options)


@click.command()
@run_argument
@common
def show(options: Options, run: int | None) -> None:
    """Show one run (the newest when no number is given): steps, answers, evidence, notes."""

    async def read() -> tuple[RunRecord, dict[str, float]]:
        from console.engine.history import usual

        async with journal_of(site_of(options)) as journal:
            record = await record_of(journal, run)
            return record, await usual(journal, record.runbook)

    record, usually = asyncio.run(read())
    if options.as_json:
        print_json(run_json(record))
    else:
        print_lines(run_lines(record, usually), options)


@click.command()
@run_argument
@click.option("--answer", type=click.Choice(["yes", "no"]), help="Answer the question that it asks, then follow.")
@click.option("--typed", default="", metavar="TEXT", help="The name or phrase, where the question wants one typed.")
@click.option("--skip-wait", is_flag=True, help="End the wait that it is in now (a bake time), then follow.")
@click.option("--wait/--no-wait", default=False, help="Without a terminal: go on following while it waits for a person.")
@common
def attach(options: Options, run: int | None, answer: Literal["yes", "no"] | None, typed: str, skip_wait: bool, wait: bool) -> None:
    """Follow a run that goes on (the newest open one when no number is given), and answer its questions.

    An item of a checklist is answered with the value that you observed; `:skip WHY`, `:note TEXT` and `:suspend WHY` do what they say.
    Leaves with the run's exit code; with 6 when it waits for a person and there is no terminal to ask at. Ctrl-C detaches.
    """
    click.get_current_context().exit(asyncio.run(_attach(options, run, answer, typed, wait=wait, skip_wait=skip_wait)))


@click.command()
@run_argument
@click.option("--take-over", "take_over", metavar="REASON", help="Take the environment from a driver that does not answer, and say why.")
@click.option("--reason", default="", metavar="TEXT", help="Why a run that was left to an operator may go on.")
@common
def resume(options: Options, run: int | None, take_over: str | None, reason: str) -> None:
    """Drive a run that was suspended or whose runner died, from where the cluster really is.

    With --reason also one that ended because it needed an operator: what was in doubt is looked at again, then done or counted as done.
    """
    click.get_current_context().exit(asyncio.run(_resume(options, run, take_over, reason)))


@click.command()
@run_argument
@click.option("--reason", default="", metavar="TEXT", help="Why.")
@common
def abort(options: Options, run: int | None, reason: str) -> None:
    """Stop a run at its next safe point and stay where users are.

    It is never stopped between the two patches of a switch. A run whose runner died is ended by `bluegreen resume` after this. One that
    ended because it needed an operator is left as it is, unless live traffic is split.
    """
    print(asyncio.run(_abort(options, run, reason)))


async def _abort(options: Options, run: int | None, reason: str) -> str:
    """What was done about it."""
    from console.engine.follow import settle, stop

    site = site_of(options)
    async with journal_of(site) as journal, connection_to(site) as connection:
        record = await record_of(journal, run, only_open=run is None)
        actor = (await connection.cluster.identity()).user
        if record.undecided:
            split = position(site.environment, await connection.cluster.observe(("Service",))).split
            await settle(journal, record.id, reason=reason, actor=actor, split=split)
            return f"run {record.id} stays as it is" + (f": {record.live}" if record.live else "")
        await stop(journal, record.id, reason=reason, actor=actor)
        return f"run {record.id} was asked to stop; `bluegreen attach {record.id}` tells when it has"


@asynccontextmanager
async def person(options: Options) -> AsyncIterator[tuple[Journal, str]]:
    """The journal, and who the API server says we are: answers are signed with it, never with $USER."""
    site = site_of(options)
    async with journal_of(site) as journal, connection_to(site) as connection:
        yield journal, (await patiently(connection.cluster.identity)).user


async def _attach(
    options: Options, run: int | None, answer: Literal["yes", "no"] | None, typed: str, *, wait: bool, skip_wait: bool = False
) -> int:
    from console.engine import follow

    place = site_of(options).place
    async with person(options) as (journal, actor):
        record = await record_of(journal, run, only_open=run is None)

        async def say(step: str, said: str, written: str) -> None:
            await journal_said(journal, record.id, actor=actor, step=step, said=said, text=written)

        if answer:
            if record.question is None:
                raise Refused(f"run {record.id} asks nothing now", hint=f"`bluegreen show {record.id}` tells what it does")
            await say(record.question.step, answer, typed)
        if skip_wait:
            waiting = record.current.name if record.current else ""
            await follow.skip_wait(journal, record.id, step=waiting, actor=actor)
        interactive = sys.stdin.isatty() and not options.as_json
        return await follow_to_end(
            driven_records(journal, record.id, place, ours=False),
            options,
            answer=say,
            interactive=interactive,
            wait=wait or bool(answer) or skip_wait,
        )


async def _resume(options: Options, run: int | None, take_over: str | None, reason: str) -> int:
    from console.engine import follow
    from console.engine.resume import check_resumable

    site = site_of(options)
    async with warm_runner(options) as runner, deps_of(site) as deps:
        assert deps.journal is not None
        record = await record_of(deps.journal, run, only_open=run is None)
        if record.undecided:
            await follow.go_on(deps.journal, record.id, reason=reason or take_over or "", actor=deps.actor)
        if take_over is not None:
            await follow.take_over(deps.journal, record.id, reason=take_over, actor=deps.actor)
        record = await record_of(deps.journal, record.id)
        await patiently(lambda: check_resumable(record, deps))
        await runner.drive(str(record.id))
    return await _attach(options, record.id, None, "", wait=False)


async def record_of(journal: Journal, run: int | None, *, only_open: bool = False) -> RunRecord:
    """The run of that number, else the newest (open) one. Raises UsageError when there is none."""
    if run is not None:
        record = await journal.record(RunId(run))
        if record is None:
            raise UsageError(f"there is no run {run} in {journal.location}", hint="`bluegreen runs` lists them")
        return record
    found = [r for r in await journal.runs(limit=50) if r.open or not only_open]
    if not found:
        raise UsageError("no run is open" if only_open else "no run is recorded yet", hint="`bluegreen runs` lists them")
    return found[0]


def _summary(record: RunRecord) -> dict[str, object]:
    return {
        "run": record.id,
        "runbook": record.runbook,
        "title": record.title,
        "opened_at": record.opened_at,
        "closed_at": record.closed_at,
        "seconds": (record.closed_at - record.opened_at).total_seconds() if record.closed_at else None,
        "by": record.by,
        "reason": record.reason,
        "outcome": record.outcome,
        "outcome_reason": record.outcome_reason,
        "live": record.live,
        "waits_for": record.question.text if record.question else None,
        "linked_run": record.linked_run,
        "exit_code": record.exit_code,
    }
