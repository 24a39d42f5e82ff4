"""`-i name=value` and the names that complete it."""

from __future__ import annotations

import click

from console.cli.options import Options


def parse_inputs(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """`name=value` pairs; the last one of a name wins."""
    found: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"{text!r} is not name=value", context, parameter)
        found[name.strip()] = value
    return found


def complete_runbook(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Runbooks of the chosen settings; nothing when they cannot be read."""
    from console.cli.parts import site_of
    from console.domain.errors import BluegreenError

    options = context.obj if isinstance(context.obj, Options) else Options()
    try:
        return [name for name in sorted(site_of(options).catalogue.runbooks) if name.startswith(incomplete)]
    except BluegreenError:
        return []


inputs_option = click.option(
    "-i", "--input", "inputs", multiple=True, callback=parse_inputs, metavar="NAME=VALUE", help="An input of the runbook; may be repeated."
)
runbook_argument = click.argument("runbook", shell_complete=complete_runbook)
reason_option = click.option("--reason", default="", metavar="TEXT", help="Why; goes into the record. A ticket number is a good reason.")
