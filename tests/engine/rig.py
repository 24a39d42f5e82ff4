"""One application with everything that drives it, in memory but for the journal; and a runner that can be killed anywhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from console.domain.entry import Draft
from console.domain.environment import Environment
from console.domain.ids import ComponentName, ReleaseName, RunId
from console.domain.release import Release
from console.domain.run import RunRecord
from console.domain.runbook import Runbook
from console.engine import follow
from console.engine.deps import Deps, Host
from console.engine.runner import claim, drive
from console.engine.start import Opened, Request, open_run, prepare
from console.journal import Journal, open_journal
from console.journal.place import Place
from console.journal.verify import Anchor
from tests.engine.shop import RUNBOOKS, SHOP, populate, registry
from tests.fakes.clock import ManualClock
from tests.fakes.cluster import FakeCluster
from tests.fakes.probes import KnownDigests, ScriptedProbes

PATIENCE = 20.0
"""Seconds after which a test that waits for a condition fails."""


class Killed(BaseException):
    """The runner's process is gone."""


async def release(name: str) -> Release:
    images = {ComponentName(c): f"shop/{c}:{name}" for c in ("backend", "frontend")}
    return Release(ReleaseName(name), images)


@dataclass
class Rig:
    """Deps of one operator, and what tests do with them."""

    deps: Deps
    cluster: FakeCluster
    clock: ManualClock
    journal: Journal
    points: list[str] = field(default_factory=list)
    """Every named point that was passed."""

    async def open(self, runbook: str = "deploy", inputs: Mapping[str, str] | None = None, **options: bool | str) -> Opened:
        given = {"release": "v2"} if inputs is None and runbook in ("deploy", "baked") else inputs or {}
        request = Request(self.deps.runbooks[runbook], given, **options)  # type: ignore[arg-type]
        return await open_run(await prepare(request, self.deps), self.deps)

    async def run(self, runbook: str = "deploy", inputs: Mapping[str, str] | None = None, **options: bool | str) -> RunRecord:
        """Open and drive to the end; `assume_yes` unless said otherwise."""
        opened = await self.open(runbook, inputs, **{"assume_yes": True, **options})
        return await self.drive(opened.ref)

    async def drive(self, ref: str | RunId) -> RunRecord:
        async with asyncio.timeout(PATIENCE):
            return await drive(str(ref), self.deps)

    def start(self, ref: str | RunId) -> asyncio.Task[RunRecord]:
        """Drive in the background."""
        return asyncio.create_task(drive(str(ref), self.deps))

    async def drive_until(self, ref: str, point: str) -> None:
        """A runner that dies at a named point: nothing it would do afterwards happens."""
        deps = self.killed_at(point)
        with suppress(Killed):
            async with asyncio.timeout(PATIENCE):
                await (await claim(ref, deps)).run()
            raise AssertionError(f"the runner never came to {point!r}; it passed {self.points}")

    def killed_at(self, point: str, *, times: int = 1) -> Deps:
        """Parts whose runner dies at `point`: its connection dies with it."""
        dead = DeadCluster(self.cluster)
        seen = 0

        def trace(found: str) -> None:
            nonlocal seen
            self.points.append(found)
            seen += found == point
            if seen >= times and (found == point or dead.dead):
                dead.dead = True
                raise Killed(point)

        return replace(self.deps, cluster=dead, trace=trace, linger=3600.0)

    async def record(self, run: RunId | int) -> RunRecord:
        found = await self.journal.record(RunId(run))
        assert found is not None
        return found

    async def until(self, run: RunId | int, condition: Callable[[RunRecord], object]) -> RunRecord:
        """The first record that fulfils the condition."""
        async with asyncio.timeout(PATIENCE):
            async for record in follow.follow(self.journal, RunId(run)):
                if condition(record):
                    return record
        raise AssertionError("the run ended before")

    async def answer(self, run: RunId | int, answer: Literal["yes", "no"] = "yes", *, by: str = "bob", typed: str = "") -> None:
        """Wait for a question and answer it."""
        asked = await self.until(run, lambda r: r.question)
        assert asked.question is not None
        await follow.answer(
            self.journal, RunId(run), step=asked.question.step, answer=answer, actor=by, typed=typed, question=asked.question
        )

    async def answer_again(self, run: RunId | int, answer: Literal["yes", "no"], *, by: str = "bob", typed: str = "") -> None:
        """Answer the newest question, whatever the record makes of an answer that does not count."""
        asked = [e for e in await self.journal.read(run=RunId(run)) if e.type == "gate.asked"][-1]
        body = {"step": asked.body["step"], "answer": answer, "typed": typed, "asked_at": asked.at.isoformat()}
        await self.journal.append([Draft("gate.answered", RunId(run), by, body)])

    def move_on(self, *, until: Callable[[], object]) -> None:
        """Let time jump until something happened."""

        def look() -> None:
            if not until():
                self.clock.advance(1.0)
                asyncio.get_running_loop().call_later(0.002, look)

        look()

    async def until_anchored(self, seq: int) -> None:
        """Wait until the lease names an entry at least so new."""
        async with asyncio.timeout(PATIENCE):
            while (found := Anchor.parse(self.cluster.leases["bluegreen-shop"].anchor)) is None or found.seq < seq:
                await self.clock.sleep(1.0)


class DeadCluster(FakeCluster):
    """The same namespace through the connection of one process, which ends with it."""

    dead: bool

    def __init__(self, cluster: FakeCluster) -> None:
        self.__dict__ = cluster.__dict__ | {"cluster": cluster, "dead": False}

    async def _called(self, verb: str, name: str = "") -> BaseException | None:
        if self.dead:
            raise Killed("the connection is gone")
        return await super()._called(verb, name)

    def _next(self) -> str:
        found: str = self.__dict__["cluster"]._next()
        return found


async def rig(
    folder: Path,
    *,
    environment: Environment = SHOP,
    runbooks: Mapping[str, Runbook] = RUNBOOKS,
    actor: str = "alice",
    share: Rig | None = None,
    host: str = "bastion",
    journal: Path | None = None,
) -> Rig:
    """An operator at a namespace of its own, or beside another one (`share`)."""
    clock = share.clock if share else ManualClock()
    cluster = share.cluster if share else FakeCluster(clock)
    if not share:
        populate(cluster)
    file = journal or folder / "journal.db"
    opened = await open_journal(file, environment.name, now=clock.now)
    points: list[str] = []
    deps = Deps(
        environment=environment,
        journal=opened,
        place=Place(str(file), folder / "runs"),
        cluster=cluster,
        probes=ScriptedProbes(),
        registry=KnownDigests(),
        clock=clock,
        actions=registry(),
        runbooks=runbooks,
        resolve=release,
        actor=actor,
        host=Host(host, 4711, "boot-1"),
        trace=points.append,
        linger=0.002,
    )
    return Rig(deps, cluster, clock, opened, points)
