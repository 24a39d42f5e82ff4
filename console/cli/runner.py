"""`bluegreen runner` (hidden): the process that drives one run; its parent feeds it by a pipe (console.engine.process)."""

from __future__ import annotations

import asyncio

import click

from console.cli.options import Options, common


@click.command(hidden=True)
@common
def runner(options: Options) -> None:
    """Drive one run, named by its parent on standard input."""
    from console.cli.parts import deps_of, site_of
    from console.engine.serve import serve_runner

    site = site_of(options)
    code = asyncio.run(serve_runner(0, lambda: deps_of(site, journal_needed=False)))
    click.get_current_context().exit(code)
