"""`bluegreen answer|skip|suspend|note|evidence`: the items of a checklist, without a terminal to be asked at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from console.cli.options import Options, common
from console.cli.output import print_json
from console.cli.parts import site_of
from console.cli.runs import person, record_of, run_argument
from console.domain.errors import Refused
from console.domain.run import RunRecord, StepState

if TYPE_CHECKING:
    from console.domain.ids import RunId
    from console.journal.journal import Journal

JUDGED_SECONDS = 10.0
"""Longest wait for the runner to say whether a value passes."""
item_option = click.option("--item", default="", metavar="ITEM", help="Its number or name (default: the one that the run is at).")


@click.command()
@run_argument
@click.option("--value", required=True, metavar="TEXT", help="What you see: text, a number, or one of the words that are offered.")
@common
def answer(options: Options, run: int | None, value: str) -> None:
    """Answer the item that RUN asks about (the newest open run when no number is given) with the value that you observed.

    \b
      bluegreen show 7                         which item is asked about, and for what
      bluegreen answer 7 --value green

    Leaves with 0 when the value passes, with 6 when it does not and the item is asked about again, with 2 for what is no such value, with 3
    when no value is asked for. Yes-or-no questions are answered with `bluegreen attach RUN --answer yes`.
    """
    code, said = asyncio.run(_answer(options, run, value))
    print_json({"said": said, "exit_code": code}) if options.as_json else click.echo(said)
    click.get_current_context().exit(code)


@click.command()
@run_argument
@click.option("--reason", required=True, metavar="TEXT", help="Why it is not needed, or who does it otherwise.")
@common
def skip(options: Options, run: int | None, reason: str) -> None:
    """Pass over the item that RUN is at. It stays in the record as skipped, with your name and the reason, and comes first at the end.

    Checks and commands of a checklist and people's work can be skipped, unless the runbook says `required`; changes and gates cannot.
    """

    async def ask() -> str:
        from console.engine import follow

        async with writing(options) as (journal, actor):
            record = await record_of(journal, run, only_open=True)
            name = await follow.skip(journal, record.id, reason=reason, actor=actor)
            return f"run {record.id}: skipped {record.step(name).title}{_undriven(record)}"

    click.echo(asyncio.run(ask()))


@click.command()
@run_argument
@click.option("--reason", required=True, metavar="TEXT", help="Until when, or what is waited for.")
@common
def suspend(options: Options, run: int | None, reason: str) -> None:
    """Let go of RUN in good order: its runner ends at the next safe point, the environment's lease is free, nothing is lost.

    A command that changes something is waited for first. `bluegreen resume RUN`, or any console, goes on where it was.
    """

    async def ask() -> RunRecord:
        from console.engine import follow

        async with writing(options) as (journal, actor):
            record = await record_of(journal, run, only_open=True)
            await follow.suspend(journal, record.id, reason=reason, actor=actor)
            return record

    record = asyncio.run(ask())
    click.echo(f"run {record.id} is let go of at its next safe point; `bluegreen resume {record.id}` goes on with it")


@click.command()
@run_argument
@click.option("--text", required=True, metavar="TEXT", help="What you saw, decided or were told.")
@item_option
@common
def note(options: Options, run: int | None, text: str, item: str) -> None:
    """Write a note into the record of RUN, to the item that it is at or to another one. It changes nothing else."""

    async def write() -> RunRecord:
        from console.engine import follow

        async with writing(options) as (journal, actor):
            record = await record_of(journal, run)
            await follow.note(journal, record.id, text=text, actor=actor, step=item or _here(record))
            return record

    click.echo(f"run {asyncio.run(write()).id}: noted")


@click.command()
@run_argument
@click.option("--file", "file", type=click.Path(path_type=Path), help="Copied beside the run; its sha256 goes into the journal.")
@click.option("--text", default="", metavar="TEXT", help="A few words, where there is no file.")
@item_option
@common
def evidence(options: Options, run: int | None, file: Path | None, text: str, item: str) -> None:
    """Keep a file (20 MiB at most) or a text with an item of RUN, as proof of what was seen.

    \b
      bluegreen evidence 7 --file restore.log
      bluegreen evidence 7 --item 2 --text "ticket OPS-12 has the transcript"
    """
    if (file is None) == (not text):
        raise click.UsageError("give --file or --text, and not both")
    click.echo(asyncio.run(_keep(options, run, file, text, item)))


async def _answer(options: Options, run: int | None, value: str) -> tuple[int, str]:
    from console.engine import follow

    async with writing(options) as (journal, actor):
        record = await record_of(journal, run, only_open=True)
        step = await follow.answer_value(journal, record.id, value=value, actor=actor)
        if not record.driver:
            return 6, f"run {record.id}: answered{_undriven(record)}"
        return await _judged(journal, record.id, step, after=record.last_seq)


async def _judged(journal: Journal, run: RunId, step: str, *, after: int) -> tuple[int, str]:
    """What the runner makes of the value."""
    from console.engine import follow

    try:
        async with asyncio.timeout(JUDGED_SECONDS):
            async for record in follow.follow(journal, run):
                found = record.step(step)
                if found.passed:
                    return 0, f"run {run}: {found.title}: {found.reason}"
                asked_again = record.question is not None and record.question.step == step and record.last_seq > after + 1
                if asked_again or found.state in (StepState.FAILED, StepState.BLOCKED):
                    return 6, f"run {run}: {found.title}: {found.reason}"
    except TimeoutError:
        pass
    return 6, f"run {run}: answered; its runner has not judged it yet. `bluegreen show {run}` tells what it made of it"


async def _keep(options: Options, run: int | None, file: Path | None, text: str, item: str) -> str:
    from console.engine.deps import this_host
    from console.engine.evidence import keep_file, keep_text

    site = site_of(options)
    async with writing(options) as (journal, actor):
        record = await record_of(journal, run)
        step = item or _here(record) or record.steps[-1].name
        if file is None:
            await keep_text(journal, record.id, step=step, text=text, actor=actor)
            return f"run {record.id}: kept with {step}"
        folder, host = site.place.evidence(record.uid), this_host().name
        copied = await keep_file(journal, record.id, step=step, file=file, folder=folder, actor=actor, host=host)
        return f"run {record.id}: kept {copied.path} ({copied.bytes} bytes, sha256 {copied.sha256}) with {step}"


@asynccontextmanager
async def writing(options: Options) -> AsyncIterator[tuple[Journal, str]]:
    """The journal and who we are; raises Refused where nothing may be changed."""
    if site_of(options).read_only:
        raise Refused("this is read-only: nothing was written", hint="Leave out --read-only, or change `protection` in the settings")
    async with person(options) as found:
        yield found


def _here(record: RunRecord) -> str:
    """The item that the run is at; empty where it has ended."""
    return record.current.name if record.open and record.current else ""


def _undriven(record: RunRecord) -> str:
    return "" if record.driver else f"; nobody drives the run now: `bluegreen resume {record.id}` goes on with it"
