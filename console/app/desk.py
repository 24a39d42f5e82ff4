"""Everything the console gets from outside, as one protocol. `console.cli` implements it; tests script it.

Its methods raise `BluegreenError` (message, then what to do) for whatever a person should read.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Literal, Protocol

from console.domain.charts import ChartPage, ChartRequest
from console.domain.connections import Connections
from console.domain.entry import Entry
from console.domain.environment import Environment
from console.domain.errors import BluegreenError, UsageError
from console.domain.ids import RunId
from console.domain.logs import LogPage, LogRequest
from console.domain.object_diff import DiffView
from console.domain.run import Question, RunRecord
from console.domain.runbook import Runbook
from console.domain.snapshot import Snapshot
from console.domain.views.first_use import FirstUse
from console.domain.views.plan import PlanView
from console.domain.views.readiness import Readiness


class PlanChanged(BluegreenError):
    """The plan made at confirmation is not the one that was confirmed: it has to be shown again."""

    exit_code = 3

    def __init__(self, plan: PlanView) -> None:
        super().__init__("the plan is not the one you confirmed any more: look at it again")
        self.plan = plan


class FirstUseNeeded(UsageError):
    """There are no settings: the console shows what to do about it instead of an error."""

    def __init__(self, view: FirstUse, write: Callable[[], Path]) -> None:
        super().__init__("no settings were found")
        self.view = view
        self.write = write
        """Writes the example of first settings; raises OSError (FileExistsError where there is a file)."""


class Desk(Protocol):
    """One environment, watched; its runs, followed, started and answered."""

    @property
    def environment(self) -> Environment: ...
    @property
    def identity(self) -> str:
        """Who the API server says we are."""
        ...

    @property
    def read_only(self) -> bool: ...
    @property
    def runbooks(self) -> Mapping[str, Runbook]: ...

    def snapshots(self) -> AsyncIterator[Snapshot]:
        """Endless; the latest value wins, at most 10 a second."""
        ...

    def runs(self) -> AsyncIterator[tuple[RunRecord, ...]]:
        """Endless; newest first, open ones included."""
        ...

    def follow(self, run: RunId) -> AsyncIterator[RunRecord]:
        """The record after each new entry, from now on; ends when the run is closed."""
        ...

    async def entries(self, run: RunId, after: int = 0) -> tuple[Entry, ...]:
        """Entries of a run whose number is greater than `after`, oldest first."""
        ...

    async def plan(self, runbook: str, inputs: Mapping[str, str]) -> PlanView:
        """What a run would do now. No reason is asked for: a person gives it with the answer."""
        ...

    async def diff(self, runbook: str, inputs: Mapping[str, str]) -> DiffView:
        """What each write of that plan would change in its object, rehearsed by the server where we may."""
        ...

    async def start(self, runbook: str, inputs: Mapping[str, str], *, reason: str, digest: str) -> RunId:
        """Plans again and starts a runner; raises `PlanChanged` when the digest is another one.

        Run 0 is on its way back without a journal, which could not be written.
        """
        ...

    async def answer(self, run: RunId, answer: Literal["yes", "no"], typed: str, *, question: Question) -> None:
        """Answer what the run asks; refused when that is not `question`, the one that was read, any more."""
        ...

    async def stop(self, run: RunId, reason: str) -> None:
        """Stop an open run at its next safe point; leave one that needs an operator as it is."""
        ...

    async def note(self, run: RunId, text: str, step: str = "") -> None: ...

    async def answer_value(self, run: RunId, value: str, *, question: Question) -> None:
        """Answer the item that asks for a value; the runner judges whether it passes."""
        ...

    async def skip(self, run: RunId, step: str, reason: str) -> None:
        """Pass over this item, where the run is at it."""
        ...

    async def suspend(self, run: RunId, reason: str) -> None:
        """Let go of the run at its next safe point."""
        ...

    async def keep(self, run: RunId, step: str, *, file: str = "", text: str = "") -> None:
        """Leave evidence with an item: a copy of a file of this machine, or a text."""
        ...

    async def resume(self, run: RunId) -> None:
        """Drive a run that nobody drives; refused where somebody does."""
        ...

    async def take_over(self, run: RunId, reason: str) -> None:
        """Drive an open run from here, or go on with one that needs an operator."""
        ...

    async def skip_wait(self, run: RunId, step: str) -> None:
        """End the wait that the run is in now; refused when it does not wait at `step`."""
        ...

    async def earlier_runs(self, before: RunId | None, limit: int) -> tuple[RunRecord, ...]:
        """The newest runs that were opened before one, newest first; fewer than `limit` means that these are the first."""
        ...

    async def write_report(self, run: RunId) -> str:
        """The run's report as a file; returns its path."""
        ...

    def readiness(self) -> AsyncIterator[Readiness]:
        """Endless: the way back as it was planned last, again after each change that matters to it."""
        ...

    async def connections(self) -> Connections:
        """Journal, runner, lease and requests as they are now; asked while somebody looks at them."""
        ...

    async def rollback_commands(self) -> str:
        """The kubectl commands that would go back now, and where they were written to."""
        ...

    async def usual(self, runbook: str) -> Mapping[str, float]:
        """Median seconds of earlier runs, by step."""
        ...

    def logs(self, request: LogRequest) -> AsyncIterator[LogPage]:
        """The newest lines of what is asked for; endless, at most 10 pages a second."""
        ...

    def charts(self, request: ChartRequest) -> AsyncIterator[ChartPage]:
        """The curves of all slots; endless, at most one page a second."""
        ...

    async def write_file(self, name: str, text: str) -> str:
        """Write a file that a person asked for, where only they can read it; returns its path."""
        ...

    async def close(self) -> None: ...


class Watch(Protocol):
    """One environment, watched: all that the first picture is made of, and the way to the desk behind it."""

    @property
    def environment(self) -> Environment: ...
    @property
    def read_only(self) -> bool: ...
    def snapshots(self) -> AsyncIterator[Snapshot]:
        """Endless; the latest value wins, at most 10 a second."""
        ...

    async def desk(self) -> Desk:
        """Who we are, runbooks, journal, a waiting runner: loaded once the first picture is there. May be asked again after it failed."""
        ...

    async def close(self) -> None:
        """Ends the desk, too."""
        ...


WatchFactory = Callable[[], Awaitable[Watch]]
