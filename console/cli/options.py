"""Options that every command takes, before or after its name."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Options:
    """What was asked for on the command line or by BLUEGREEN_* variables; None means: not said."""

    env: str | None = None
    config: Path | None = None
    journal: str | None = None
    read_only: bool = False
    as_json: bool = False
    no_color: bool = False

    def merged(self, given: dict[str, Any]) -> Options:
        """These options with those that were given again after the command's name."""
        return replace(self, **{k: v for k, v in given.items() if v is not None and v is not False})

    def arguments(self) -> list[str]:
        """The same options as arguments for a child process."""
        said = [("--env", self.env), ("--config", self.config and str(self.config)), ("--journal", self.journal)]
        return [part for flag, value in said if value for part in (flag, str(value))] + (["--read-only"] if self.read_only else [])


_DECLARED = (
    click.option("-e", "--env", envvar="BLUEGREEN_ENV", metavar="NAME", help="Environment, as the settings name it."),
    click.option(
        "--config",
        envvar="BLUEGREEN_CONFIG",
        type=click.Path(path_type=Path),
        metavar="FOLDER",
        help="Folder of settings (default: ./config, then the user's configuration folder).",
    ),
    click.option("--journal", envvar="BLUEGREEN_JOURNAL", metavar="PATH|URL", help="SQLite file or PostgreSQL URL of the journal."),
    click.option("--read-only", is_flag=True, envvar="BLUEGREEN_READ_ONLY", help="Nothing but reads leaves this machine."),
    click.option("--json", "as_json", is_flag=True, help="Print JSON."),
    click.option("--no-color", is_flag=True, envvar="NO_COLOR", help="Plain text."),
)
NAMES = tuple(f.name for f in fields(Options))


def declare(command: F) -> F:
    """Add the common options to a group or command."""
    return functools.reduce(lambda c, option: option(c), reversed(_DECLARED), command)


def common(function: F) -> F:
    """A command function that takes `options: Options` first; its own parameters follow."""

    @declare
    @click.pass_context
    @functools.wraps(function)
    def wrapper(context: click.Context, /, **given: Any) -> Any:
        before = context.obj if isinstance(context.obj, Options) else Options()
        options = before.merged({name: given.pop(name, None) for name in NAMES})
        return function(options, **given)

    return wrapper  # type: ignore[return-value]


def wants_colour(options: Options) -> bool:
    return not options.no_color and not os.environ.get("NO_COLOR")
