"""`bluegreen config check|init|path`: are the settings right, how does a first file look, where are they?"""

from __future__ import annotations

import os
from typing import Literal

import click

from console.cli.options import Options, common
from console.cli.output import print_json


@click.group()
def config() -> None:
    """Check the settings, or write a first one."""


@config.command()
@common
def check(options: Options) -> None:
    """Check every file: settings, runbooks, manifests.

    Prints file:line:column, what is wrong and what to write instead. Leaves with 2 when something is wrong; warnings alone leave with 0.
    """
    from console.cli.parts import check_runbook_files
    from console.settings import check as check_settings
    from console.settings import find_config

    folder = find_config(options.config, os.environ)
    problems = check_settings(folder, runbooks=check_runbook_files)
    errors = [p for p in problems if p.severity == "error"]
    if options.as_json:
        print_json({"folder": folder.path, "ok": not errors, "problems": problems})
    else:
        for problem in problems:
            click.echo(str(problem))
        files = len(folder.environments()) + len(folder.runbooks())
        click.echo(f"{folder.path}: {files} files, {len(errors)} wrong, {len(problems) - len(errors)} warnings")
    click.get_current_context().exit(2 if errors else 0)


@config.command()
@click.option("--manifests", is_flag=True, help="For an application whose Deployments bluegreen shall create from manifests.")
@common
def init(options: Options, manifests: bool) -> None:
    """Print a commented settings file for an application of your own.

    \b
      bluegreen config init > config/environments/production.yml
    """
    from console.settings import init_example

    kind: Literal["adopted", "manifests"] = "manifests" if manifests else "adopted"
    click.echo(init_example(kind), nl=False)


@config.command()
@common
def path(options: Options) -> None:
    """Say which folder of settings is used, and why."""
    from console.settings import find_config, shipped_folder

    folder = find_config(options.config, os.environ)
    if options.as_json:
        print_json({"folder": folder.path, "origin": folder.origin, "shipped": shipped_folder()})
    else:
        click.echo(f"{folder.path} ({folder.origin})")
