"""A command of the team's own: tests, a script. The engine supervises it; here is only what it is made of."""

from __future__ import annotations

import shlex

from pydantic import Field

from actions.shared import Looking, Params
from console.domain.change import Change, Difference, Plan
from console.domain.redact import redacted
from console.engine.action import Command, Done, Ports, Task, Verdict

LONGEST = 1800.0
"""Seconds, where the step gives no deadline."""


class CommandParams(Params):
    run: list[str] = Field(default=[], min_length=1)
    """Program and arguments; no shell reads them."""
    shell: str = Field(default="", min_length=1)
    """A line for /bin/sh, where pipes and the like are wanted."""
    folder: str = ""
    """Where it runs, seen from the folder of the settings."""
    env: dict[str, str] = Field(default={})
    """Variables that it gets, beside the few that every program needs."""
    pass_: list[str] = Field(default=[], alias="pass")
    """Names of variables that are handed on from where the console was started."""
    done_when: list[str] = Field(default=[], min_length=1)
    """Of `effect: check_then_act`: exit code 0 means that it is done already, 1 that it is not."""


class RunCommand(Looking[CommandParams, None]):
    """Runs a command and keeps its exit code and output. What it may do to the world is declared by its step."""

    name = "command"
    title = "run a command"
    params = CommandParams
    timeout = LONGEST

    def command(self, task: Task[CommandParams]) -> Command:
        params = task.params
        argv = tuple(params.run) or ("/bin/sh", "-c", params.shell)
        return Command(argv, params.folder, dict(params.env), tuple(params.pass_), tuple(params.done_when))

    async def observe(self, ports: Ports, task: Task[CommandParams]) -> None:
        """A plan runs nothing."""

    def plan(self, facts: None, task: Task[CommandParams]) -> Plan:
        shown = redacted(task.params.shell or shlex.join(task.params.run))
        difference = Difference("command", "run", "not run", shown)
        return Change(f"run {shown}", differences=(difference,), kubectl=(shown,))

    def verify(self, facts: None, task: Task[CommandParams], carry: object) -> Verdict:
        return Done("it only runs where it is reached")
