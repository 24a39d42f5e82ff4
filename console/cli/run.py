"""`bluegreen run`: prepare, journal, hand over to a runner process, follow."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import click

from console.cli.following import ask, follow_to_end, journal_said
from console.cli.inputs import inputs_option, reason_option, runbook_argument
from console.cli.options import Options, common
from console.cli.output import print_lines
from console.cli.parts import Site, checked_request, deps_of, site_of
from console.cli.patience import STARTING, patiently
from console.cli.plan import plan_lines
from console.domain.errors import Refused
from console.domain.run import Question, RunRecord

if TYPE_CHECKING:
    from console.domain.ids import RunId
    from console.engine.deps import Deps
    from console.engine.process import WarmRunner
    from console.engine.start import Opened, Prepared
    from console.journal.ledger import Ledger
    from console.journal.place import Place

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
    from console.engine.handover import hand_over
    from console.engine.scope import ends_with_login, user_name

    site = site_of(options)
    if site.read_only:
        raise Refused("this is read-only: nothing was started", hint="Leave out --read-only, or change `protection` in the settings")
    checked_request(site, runbook, inputs)
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
        opened = await hand_over(prepared, deps, runner)
        for warning in (opened.spooled, ends_with_login(user_name())):
            if warning and not options.as_json:
                print(f"careful: {warning}", file=sys.stderr)
        if detach:
            how = "it goes back by itself" if opened.spooled else f"`bluegreen attach {opened.ref}` follows it"
            print(f"run {opened.ref} was started; {how}")
            return 0
        return await _followed(deps, opened, options, interactive=interactive)


async def start_run(options: Options, runbook: str, inputs: Mapping[str, str], *, reason: str, assume_yes: bool) -> Opened:
    """Start a run and leave it to its runner."""
    from console.engine.handover import hand_over

    site = site_of(options)
    async with warm_runner(options) as runner, deps_of(site) as deps:
        return await hand_over(await _prepared(site, deps, runbook, inputs, reason=reason, assume_yes=assume_yes), deps, runner)
    raise AssertionError("the block returns or raises")


async def _prepared(site: Site, deps: Deps, runbook: str, inputs: Mapping[str, str], *, reason: str, assume_yes: bool) -> Prepared:
    from console.engine.start import Request, prepare

    request = Request(site.catalogue.runbook(runbook), inputs, reason, assume_yes)
    return await patiently(lambda: prepare(request, deps), within=STARTING)


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
        await journal_said(ledger, opened.run, actor=deps.actor, step=step, said=said, text=typed)

    return await follow_to_end(driven_records(ledger, opened.run, deps.place, ours=True), options, answer=answer, interactive=interactive)


def driven_records(ledger: Ledger, run: RunId, place: Place, *, ours: bool) -> AsyncIterator[RunRecord]:
    """The run as it goes on, as long as somebody drives it. `ours`: this process has just handed it to a runner."""
    from console.engine.deps import this_host
    from console.engine.driven import undriven, while_driven
    from console.engine.follow import follow

    host = this_host()
    return while_driven(follow(ledger, run), lambda record: undriven(record, place=place, host=host, ours=ours))


def ledger_of(deps: Deps, opened: Opened) -> Ledger:
    """Where the run is recorded: the journal, and a spool from when that cannot be written."""
    from console.journal.fallback import Followed
    from console.journal.spool import spool_of

    if opened.spooled or deps.journal is None:
        return spool_of(deps.place.spools, opened.uid, environment=deps.environment.name)
    return Followed(deps.journal, spools=deps.place.spools, uid=opened.uid)


def warm_runner(options: Options) -> WarmRunner:
    """A runner process that imports and connects while the plan is made."""
    from console.engine.process import WarmRunner, runner_argv

    return WarmRunner(runner_argv(options.arguments()), replaces=False)
