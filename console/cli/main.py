"""The command `bluegreen`: names, short helps and lazy loading of its commands, and what errors become."""

from __future__ import annotations

import importlib
import json
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType
from typing import Any

import click

from console import __version__
from console.cli.options import Options, declare
from console.domain.errors import BluegreenError

HELP = """Operate blue/green applications on Kubernetes: see both slots, deploy, switch, roll back.

Without a command the console opens. Every fact and action of the console is a command, too.

\b
  bluegreen sandbox                              rehearse without a cluster
  bluegreen status                               which slot is live, is it well, can I go back?
  bluegreen plan deploy -i release=v1.5.0        what a deployment would change
  bluegreen run deploy -i release=v1.5.0 --yes --reason "CHG-42"
  bluegreen rollback                             send users back to the last stable slot

\b
Exit codes: 0 done and verified · 1 failed, live traffic unchanged · 2 usage or configuration · 3 refused, with reasons ·
4 needs an operator · 5 failed and rolled back · 6 waiting for a person · 130 detached (the run goes on)
"""

COMMANDS: dict[str, tuple[str, str]] = {
    "sandbox": ("console.cli.sandbox:sandbox", "Start a rehearsal cluster on this machine and open the console on it."),
    "status": ("console.cli.status:status", "Both slots, where users are, what runs, the way back."),
    "health": ("console.cli.health:health", "Ask the health checks of the live entry point or of a slot."),
    "pods": ("console.cli.pods:pods", "The pods of both slots, those in trouble first."),
    "metrics": ("console.cli.metrics:metrics", "Requests, errors and p95 of both slots over a time, with runs marked."),
    "logs": ("console.cli.logs:logs", "Log lines of a slot's pods, merged by time; follow them with -f."),
    "events": ("console.cli.pods:events", "What Kubernetes says of both slots, newest first."),
    "sources": ("console.cli.look:sources", "Every connection: its state, age, latency and last error."),
    "plan": ("console.cli.plan:plan", "Show what a runbook would change, without changing anything."),
    "run": ("console.cli.run:run_command", "Run a runbook and follow it."),
    "runs": ("console.cli.runs:runs", "List runs, newest first."),
    "show": ("console.cli.runs:show", "Show one run: steps, answers, evidence."),
    "report": ("console.cli.report:report", "Tell one run as a Markdown page, for the ticket and the auditor."),
    "attach": ("console.cli.runs:attach", "Follow a run that goes on, and answer its questions."),
    "answer": ("console.cli.items:answer", "Answer the item of a checklist with the value that you observed."),
    "skip": ("console.cli.items:skip", "Pass over the item that a run is at, with a reason."),
    "note": ("console.cli.items:note", "Write a note into the record of a run or of one of its items."),
    "evidence": ("console.cli.items:evidence", "Keep a file or a text with an item of a run."),
    "suspend": ("console.cli.items:suspend", "Let go of a run in good order, to go on with it later."),
    "resume": ("console.cli.runs:resume", "Drive a run that was suspended or whose runner died, from where the cluster really is."),
    "abort": ("console.cli.runs:abort", "Stop a run at its next safe point and stay where users are."),
    "rollback": ("console.cli.rollback:rollback", "Send users back, or print the kubectl commands that would."),
    "retire": ("console.cli.rollback:retire", "Scale the warm slot to zero once it is no longer needed."),
    "hold": ("console.cli.rollback:hold", "Forbid a release to be deployed, or lift such a hold."),
    "audit": ("console.cli.audit:audit", "Prove that the record of runs is what was written, or copy it out."),
    "config": ("console.cli.config:config", "Check the settings, or write a first one."),
    "completion": ("console.cli.completion:completion", "Print the shell's completion script."),
    "runner": ("console.cli.runner:runner", ""),
}
"""Name → (module:attribute, short help). No short help: hidden."""


class LazyGroup(click.Group):
    """Imports a command's module when the command is used, so that the console's first frame waits for none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name, (_, help_text) in COMMANDS.items() if help_text]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = COMMANDS.get(cmd_name)
        if found is None:
            return None
        module, _, attribute = found[0].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items() if text])

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as problem:
            import difflib

            close = difflib.get_close_matches(args[0], self.list_commands(ctx), n=1)
            if not close:
                raise
            raise click.UsageError(f"{problem.message} Did you mean {close[0]!r}?", ctx) from None


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    help=HELP,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)
@declare
@click.version_option(__version__, "-V", "--version", prog_name="bluegreen")
@click.pass_context
def bluegreen(context: click.Context, /, **given: Any) -> None:
    context.obj = Options().merged(given)
    if context.invoked_subcommand is None:
        from console.cli.console import open_console

        open_console(context.obj)


def run(arguments: Sequence[str]) -> int:
    """Exit code of one command line; every error we know becomes a sentence on standard error."""
    wants_json = "--json" in arguments
    told = Told()
    try:
        code = bluegreen.main(args=list(arguments), prog_name="bluegreen", standalone_mode=False)
    except click.ClickException as problem:
        problem.show()
        return problem.exit_code
    except (KeyboardInterrupt, click.Abort):
        from console.domain.run import DETACHED_EXIT_CODE

        with suppress(OSError):  # the terminal may be gone
            print("detached: a run that was started goes on; `bluegreen attach` follows it", file=sys.stderr)
        return DETACHED_EXIT_CODE
    except BluegreenError as problem:
        say_error(problem, as_json=wants_json)
        return problem.exit_code
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except OSError:
        if not told:
            raise
        return 130  # the terminal went away while something was told
    finally:
        told.forget()
    return code if isinstance(code, int) else 0


class Told:
    """Whether SIGTERM or SIGHUP came; both end a command as Ctrl-C does, because the run that it follows is not its own."""

    def __init__(self) -> None:
        self._came = False
        self._before: dict[int, signal.Handlers] = {}
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGHUP):
                if signal.getsignal(number) is signal.SIG_DFL:  # `nohup` ignores one of them, and means it
                    signal.signal(number, self._interrupt)
                    self._before[number] = signal.SIG_DFL

    def __bool__(self) -> bool:
        return self._came

    def forget(self) -> None:
        """As it was before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        self._came = True
        handler = signal.getsignal(signal.SIGINT)
        if callable(handler):
            handler(signal.SIGINT, frame)


def say_error(problem: BluegreenError, *, as_json: bool) -> None:
    """One error as a sentence on standard error, or as a JSON object on standard output."""
    if as_json:
        print(json.dumps({"error": problem.message, "hint": problem.hint, "kind": type(problem).__name__, "exit_code": problem.exit_code}))
    else:
        print(f"bluegreen: {problem}", file=sys.stderr)
