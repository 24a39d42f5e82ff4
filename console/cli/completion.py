"""`bluegreen completion bash|zsh|fish`: the script that makes the shell complete commands, options, environments and runbooks."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from console.cli.options import Options, common


@click.command(
    help='Print the completion script of a shell.\n\n\b\n  eval "$(bluegreen completion bash)"     in ~/.bashrc\n'
    '  eval "$(bluegreen completion zsh)"      in ~/.zshrc\n  bluegreen completion fish > ~/.config/fish/completions/bluegreen.fish'
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@common
def completion(options: Options, shell: str) -> None:
    from console.cli.main import bluegreen

    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(bluegreen, {}, "bluegreen", "_BLUEGREEN_COMPLETE").source())
