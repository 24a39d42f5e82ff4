"""Who looks at the cluster during a storm: a console's desk, looks as `status` takes them, and `status --watch` as a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from console.cli.desk import LiveDesk, open_desk
from console.cli.options import Options
from console.cli.parts import connection_to, site_of
from console.cli.picture import take_picture
from console.domain.errors import BluegreenError
from console.domain.snapshot import Snapshot
from console.domain.views.marks import Mark
from console.domain.views.overview import OverviewView, overview_view
from console.domain.views.state import ConsoleState, with_snapshot
from tests.faults.truth import Truth
from tests.support.scenario import Scenario


def options(s: Scenario) -> Options:
    """The operator's, as a library takes them; reading is all that an observer does."""
    return Options(env="rehearsal", config=s.operator.config, journal=str(s.folder / "observer.db"), read_only=True)


@dataclass
class Console:
    """The newest picture of a console whose screen is not drawn."""

    desk: LiveDesk
    state: ConsoleState
    shown: int = 0
    """Snapshots that came."""
    unreachable: str = ""

    @property
    def view(self) -> OverviewView:
        """The Overview as it would be drawn now, from the newest snapshot judged now."""
        return overview_view(replace(self.state, now=datetime.now(UTC)))

    @property
    def snapshot(self) -> Snapshot:
        assert self.state.snapshot is not None
        return self.state.snapshot


@contextlib.asynccontextmanager
async def watching_console(s: Scenario, truth: Truth | None = None) -> AsyncIterator[Console]:
    """A console's desk and what its Overview says, for the length of the block; each `well` is a claim."""
    desk = await _opened(s)
    now = datetime.now(UTC)
    console = Console(desk, ConsoleState(now=now, zone=UTC, connecting="", environment=desk.environment, connected=True))

    async def follow() -> None:
        async for snapshot in desk.snapshots():
            console.state = with_snapshot(console.state, snapshot, datetime.now(UTC))
            console.shown += 1
            users = console.view.users
            if truth is not None and users.mark is Mark.WELL:
                truth.claim("console", users.text)

    task = asyncio.create_task(follow(), name="console")
    try:
        yield console
        assert not task.done(), "the console's bridge has ended"
    finally:
        task.cancel()
        ended = await asyncio.gather(task, return_exceptions=True)
        await desk.close()
    assert isinstance(ended[0], asyncio.CancelledError), f"the console's bridge ended: {ended[0]!r}"


async def _opened(s: Scenario) -> LiveDesk:
    """As the console does: tried until it succeeds."""
    while True:
        try:
            return await open_desk(options(s))
        except BluegreenError:
            await asyncio.sleep(0.2)


@dataclass
class Looks:
    """Looks that were taken, and those that ended in a sentence instead."""

    taken: int = 0
    refused: int = 0
    problems: list[str] = field(default_factory=list)


async def keep_looking(s: Scenario, truth: Truth, looks: Looks) -> None:
    """One look as `status` takes it after the other, without end."""
    async with connection_to(site_of(options(s))) as connection:
        while True:
            try:
                picture = await take_picture(connection)
            except BluegreenError as error:
                looks.refused += 1
                looks.problems.append(error.message)
                continue
            looks.taken += 1
            users = overview_view(picture.state).users
            if users.mark is Mark.WELL:
                truth.claim("status", users.text)


@contextlib.asynccontextmanager
async def status_process(s: Scenario) -> AsyncIterator[None]:
    """`status --watch --json` in a process of its own: it must not end."""
    begun = await s.begin("--json", "--read-only", "status", "--watch")
    try:
        yield
        assert begun.process.returncode is None, f"`status --watch` ended: {await begun.ended()}"
    finally:
        if begun.process.returncode is None:
            begun.process.terminate()
            await begun.process.wait()


def last_status(text: str) -> dict[str, object]:
    """The newest of several JSON documents, one after the other."""
    decoder, at = json.JSONDecoder(), 0
    found: dict[str, object] = {}
    while at < len(text):
        found, at = decoder.raw_decode(text, at)
        at += len(text[at:]) - len(text[at:].lstrip())
    return dict(found)
