"""`bluegreen run`: prepare, journal, hand over to a runner process, follow."""

from __future__ import annotations

import asyncio
import getpass
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import click

from console.cli.following import ask, follow_to_end
from console.cli.inputs import inputs_option, reason_option, runbook_argument
from console.cli.options import Options, common
from console.cli.output import print_lines
from console.cli.parts import Site, deps_of, site_of
from console.cli.patience import STARTING, patiently
from console.cli.plan import plan_lines
from console.domain.errors import Refused
from console.domain.run import Question, RunRecord

if TYPE_CHECKING:
    from console.engine.deps import Deps
    from console.engine.process import WarmRunner
    from console.engine.start import Opened, Prepared
    from console.journal.ledger import Ledger

yes_option = click.option(
    "--yes", "assume_yes", is_flag=True, help="Answer questions that take one key with yes; never names, phrases or approvals."
)
detach_option = click.option("--detach", is_flag=True, help="Start it and leave: the run goes on by itself.")


@click.command("run")
@runbook_argument
@inputs_option
@reason_option
@yes_option
@detach_option
@common
def run_command(options: Options, runbook: str, inputs: dict[str, str], reason: str, assume_yes: bool, detach: bool) -> None:
    """Run RUNBOOK and follow it to its end.

    \b
      bluegreen run deploy -i release=v1.5.0 --reason "CHG-42"          asks before the switch
      bluegreen run deploy -i release=v1.5.0 --yes --reason "CHG-42"    what CI needs
      bluegreen run hotfix -i release=backend=v1.5.1 --reason "login broken"

    The run is driven by a process of its own: closing this terminal or Ctrl-C stops nothing. `bluegreen attach` comes back to it.
    """
    code = asyncio.run(run_runbook(options, runbook, inputs, reason=reason, assume_yes=assume_yes, detach=detach))
    click.get_current_context().exit(code)


async def run_runbook(
    options: Options, runbook: str, inputs: Mapping[str, str], *, reason: str, assume_yes: bool, detach: bool = False, confirm: str = ""
) -> int:
    """Start a run and follow it; the exit code. `confirm` is a question that has to be answered at the terminal before it starts."""
    from console.engine.scope import ends_with_login

    site = site_of(options)
    if site.read_only:
        raise Refused("this is read-only: nothing was started", hint="Leave out --read-only, or change `protection` in the settings")
    interactive = sys.stdin.isatty() and not options.as_json
    async with AsyncExitStack() as stack:
        runner = await stack.enter_async_context(warm_runner(options))
        deps = await stack.enter_async_context(deps_of(site, journal_needed=False))
        prepared = await _prepared(site, deps, runbook, inputs, reason=reason, assume_yes=assume_yes)
        if prepared.plan.refusal:
            if not options.as_json:
                print_lines(plan_lines(prepared.plan), options)
            raise Refused(prepared.plan.refusal)
        if confirm and not assume_yes:
            await _confirmed(prepared, confirm, options, interactive=interactive)
        opened = await _opened(prepared, deps)
        await runner.drive(opened.ref)
        if (fate := ends_with_login(getpass.getuser())) and not options.as_json:
            print(f"careful: {fate}", file=sys.stderr)
        if detach:
            print(f"run {opened.ref} was started; `bluegreen attach {opened.ref}` follows it")
            return 0
        return await _followed(deps, opened, options, interactive=interactive)


async def start_run(options: Options, runbook: str, inputs: Mapping[str, str], *, reason: str, assume_yes: bool) -> Opened:
    """Start a run and leave it to its runner."""
    site = site_of(options)
    async with warm_runner(options) as runner, deps_of(site) as deps:
        opened = await _opened(await _prepared(site, deps, runbook, inputs, reason=reason, assume_yes=assume_yes), deps)
        await runner.drive(opened.ref)
    return opened


async def _prepared(site: Site, deps: Deps, runbook: str, inputs: Mapping[str, str], *, reason: str, assume_yes: bool) -> Prepared:
    from console.engine.start import Request, prepare

    request = Request(site.catalogue.runbook(runbook), inputs, reason, assume_yes)
    return await patiently(lambda: prepare(request, deps), within=STARTING)


async def _opened(prepared: Prepared, deps: Deps) -> Opened:
    from console.engine.start import open_run

    return await open_run(prepared, deps)


async def _confirmed(prepared: Prepared, question: str, options: Options, *, interactive: bool) -> None:
    """Raises Refused when the answer is no, or when there is nobody to ask."""
    print_lines(plan_lines(prepared.plan), options)
    if not interactive:
        raise Refused("nobody can be asked: there is no terminal", hint="Confirm with --yes")
    answers: list[str] = []

    async def take(step: str, answer: str, typed: str) -> None:
        answers.append(answer)

    plan = prepared.plan
    await ask(Question("start", question, plan.confirm, "b" if plan.direction == "back" else "y", plan.phrase), take)
    if answers != ["yes"]:
        raise Refused("declined: nothing was changed")


async def _followed(deps: Deps, opened: Opened, options: Options, *, interactive: bool) -> int:
    ledger = ledger_of(deps, opened)

    async def answer(step: str, said: str, typed: str) -> None:
        from console.engine.follow import answer as journal_answer

        await journal_answer(ledger, opened.run, step=step, answer="yes" if said == "yes" else "no", actor=deps.actor, typed=typed)

    return await follow_to_end(_records(ledger, opened), options, answer=answer, interactive=interactive)


def _records(ledger: Ledger, opened: Opened) -> AsyncIterator[RunRecord]:
    from console.engine.follow import follow

    return follow(ledger, opened.run)


def ledger_of(deps: Deps, opened: Opened) -> Ledger:
    """Where the run is recorded: the journal, or a spool where that cannot be written."""
    from console.engine.start import SPOOLED
    from console.journal.spool import Spool, spool_path

    if opened.run != SPOOLED and deps.journal is not None:
        return deps.journal
    folder = next(f for f in deps.place.spools if spool_path(f, opened.uid).exists())
    return Spool(spool_path(folder, opened.uid), environment=deps.environment.name)


def warm_runner(options: Options) -> WarmRunner:
    """A runner process that imports and connects while the plan is made."""
    from console.engine.process import WarmRunner, runner_argv

    return WarmRunner(runner_argv(options.arguments()), replaces=False)
