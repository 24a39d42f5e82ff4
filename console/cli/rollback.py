"""`bluegreen rollback|retire|hold`: the way back, and what follows from having used it."""

from __future__ import annotations

import asyncio

import click

from console.cli.inputs import reason_option
from console.cli.options import Options, common
from console.cli.output import print_json
from console.cli.parts import Site, connection_to, site_of
from console.cli.patience import patiently
from console.cli.run import detach_option, run_runbook, yes_option
from console.domain.errors import Refused
from console.domain.rollback import Target, rollback_targets
from console.domain.views.words import whole_duration
from console.domain.world import Kind

BACK_KINDS: tuple[Kind, ...] = ("Service", "Deployment", "ReplicaSet", "Pod", "HorizontalPodAutoscaler", "ConfigMap")


@click.command()
@click.option(
    "--to", "release", metavar="RELEASE", help="A recorded release to go back to (default: the last stable one that is not live)."
)
@click.option("--print", "only_print", is_flag=True, help="Print the kubectl commands that would go back now, and change nothing.")
@click.option("--list", "only_list", is_flag=True, help="List every way back with its estimate and what stands against it.")
@click.option(
    "--override", default="", metavar="RULES", help="Rules that you take the responsibility for, by the name that a refusal gives."
)
@click.option("--emergency", is_flag=True, help="The book's emergency procedure: back at once, then verify and notify.")
@reason_option
@yes_option
@detach_option
@common
def rollback(
    options: Options,
    release: str | None,
    only_print: bool,
    only_list: bool,
    override: str,
    emergency: bool,
    reason: str,
    assume_yes: bool,
    detach: bool,
) -> None:
    """Send users back to the last stable release, in about a second while its slot is warm.

    \b
      bluegreen rollback --reason "errors after v1.5.0"
      bluegreen rollback --to v1.4.1 --reason …          two releases back: applied to the idle slot first
      bluegreen rollback --print                         the kubectl commands, for when this program cannot be used

    Needs no approval, no journal and no health of the failing slot; it preempts a deployment that is on.
    """
    if only_print or only_list:
        site = site_of(options)
        targets = asyncio.run(_targets(site))
        _print_commands(site, targets, options) if only_print else _print_targets(targets, options)
        return
    runbook = "emergency" if emergency else "rollback"
    inputs = {k: v for k, v in (("release", release), ("override", override)) if v}
    known = {i.name for i in site_of(options).catalogue.runbook(runbook).inputs}
    code = asyncio.run(
        run_runbook(
            options,
            runbook,
            {k: v for k, v in inputs.items() if k in known},
            reason=reason or "rollback",
            assume_yes=assume_yes,
            detach=detach,
            confirm="Send users back?",
        )
    )
    click.get_current_context().exit(code)


@click.command()
@click.option("--override", default="", metavar="RULES", help="Rules that you take the responsibility for, by name.")
@reason_option
@yes_option
@common
def retire(options: Options, override: str, reason: str, assume_yes: bool) -> None:
    """Scale the slot that takes no traffic to zero, once its keep-warm time is over. Going back then takes longer."""
    inputs = {"override": override} if override else {}
    code = asyncio.run(
        run_runbook(options, "retire", inputs, reason=reason or "retire", assume_yes=assume_yes, confirm="Scale the warm slot to zero?")
    )
    click.get_current_context().exit(code)


@click.command()
@click.argument("release")
@click.option("--lift", is_flag=True, help="Allow the release again.")
@reason_option
@common
def hold(options: Options, release: str, lift: bool, reason: str) -> None:
    """Forbid RELEASE to be deployed, or lift such a hold. A release that was rolled back is held by itself."""
    if not reason.strip():
        raise click.UsageError("a hold, and lifting one, needs --reason")
    runbook = "unhold" if lift else "hold"
    code = asyncio.run(run_runbook(options, runbook, {"release": release}, reason=reason, assume_yes=True))
    click.get_current_context().exit(code)


async def _targets(site: Site) -> tuple[Target, ...]:
    async with connection_to(site) as connection:
        return rollback_targets(site.environment, await patiently(lambda: connection.cluster.observe(BACK_KINDS)))


def _print_commands(site: Site, targets: tuple[Target, ...], options: Options) -> None:
    best = next((t for t in targets if t.usable), targets[0] if targets else None)
    if best is None:
        raise Refused("there is nothing to go back to: no other slot runs and no earlier stable release is recorded")
    if options.as_json:
        print_json(
            {"slot": best.slot, "release": best.release, "problems": best.problems, "warning": best.warning, "kubectl": best.kubectl}
        )
        return
    click.echo(
        f"# {site.environment.application} {site.environment.name}: back to {best.slot}" + (f" {best.release}" if best.release else "")
    )
    for problem in (*best.problems, *([best.warning] if best.warning else [])):
        click.echo(f"# careful: {problem}")
    for command in best.kubectl:
        click.echo(command)


def _print_targets(targets: tuple[Target, ...], options: Options) -> None:
    if options.as_json:
        print_json(targets)
        return
    for target in targets:
        name = f"{target.slot:<8} {target.release or 'mixed releases':<16} {target.kind:<9} {target.ready}/{target.wanted}"
        seconds = f"about {whole_duration(target.seconds)}" if target.seconds is not None else "time unknown"
        said = "ready" if target.usable else "; ".join(target.problems) + (f" (--override {target.override})" if target.override else "")
        click.echo(f"{name}  {seconds}  {said}" + (f"  careful: {target.warning}" if target.warning else ""))
    if not targets:
        click.echo("there is nothing to go back to")
