"""An operator whose runs are driven in this process, by the shipped procedures, and whose connection others can be let act around."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast

from actions import ACTIONS
from actions.evidence import collect
from console.cluster.kube import KubeCluster
from console.domain.change import Write, Written
from console.domain.entry import Draft
from console.domain.environment import Environment, Waits
from console.domain.ids import ReleaseName, RunId
from console.domain.release import Release
from console.domain.run import RunRecord, StepState
from console.domain.world import KINDS, Kind, Service, World
from console.engine import follow
from console.engine.catalogue import load_catalogue
from console.engine.clock import SystemClock
from console.engine.deps import Deps, this_host
from console.engine.ports import Cluster, Fingerprint, LeaseState
from console.engine.runner import drive
from console.engine.start import Opened, Prepared, Request, open_run, prepare
from console.journal import Journal
from console.journal.place import Place
from tests.actions.fake import FakeRegistry
from tests.fakes.probes import ScriptedProbes
from tests.sandbox.waiting import answered

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 150.0
"""Seconds that any one run may take."""
SHORT = Waits(ready=60.0, health=10.0, routed=20.0, verify_after=0.0, bake=0.0, keep_warm="10m")
Verb = Literal["observe", "get", "write", "fingerprint", "lease"]
Deed = Callable[[], Awaitable[object]]


@dataclass
class Turn:
    """Somebody's turn: once, right before or after a call."""

    verb: Verb
    name: str
    """Of the object; empty: any."""
    deed: Deed
    after: bool
    skip: int
    """Calls to let pass."""
    error: Exception | None


class Meddled:
    """A cluster that lets somebody else act exactly between two calls."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.turns: list[Turn] = []
        self.down: Exception | None = None
        """Raised by every call while it is set."""
        self.written: list[Write] = []
        """Writes that took effect, in order."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cluster, name)

    async def observe(self, kinds: Iterable[Kind] = KINDS) -> World:
        return cast("World", await self._around("observe", "", lambda: self._cluster.observe(kinds)))

    async def write(self, write: Write, *, dry_run: bool = False) -> Written:
        written = cast("Written", await self._around("write", write.name, lambda: self._cluster.write(write, dry_run=dry_run)))
        self.written.append(write)
        return written

    async def get_service(self, name: str) -> Service | None:
        return cast("Service | None", await self._around("get", name, lambda: self._cluster.get_service(name)))

    async def fingerprint(self) -> Fingerprint:
        return cast("Fingerprint", await self._around("fingerprint", "", self._cluster.fingerprint))

    async def lease(self, name: str) -> LeaseState | None:
        return cast("LeaseState | None", await self._around("lease", name, lambda: self._cluster.lease(name)))

    async def _around(self, verb: Verb, name: str, call: Callable[[], Awaitable[object]]) -> object:
        if self.down:
            raise self.down
        due = next((t for t in self.turns if t.verb == verb and t.name in ("", name)), None)
        if due is None:
            return await call()
        if due.skip:
            due.skip -= 1
            return await call()
        self.turns.remove(due)
        if due.after:
            answer = await call()
            await due.deed()
            return answer
        await due.deed()
        if error := due.error or self.down:
            raise error
        return await call()


class Operator:
    """One operator's parts, and what tests let happen."""

    def __init__(self, deps: Deps) -> None:
        self.cluster = Meddled(deps.cluster)
        self.deps = replace(deps, cluster=cast("Cluster", self.cluster))
        assert deps.journal is not None
        self.journal: Journal = deps.journal

    @property
    def probes(self) -> ScriptedProbes:
        assert isinstance(self.deps.probes, ScriptedProbes)
        return self.deps.probes

    def once(
        self, verb: Verb, name: str, deed: Deed | None = None, *, after: bool = False, skip: int = 0, error: Exception | None = None
    ) -> None:
        """Before (or after) the next such call on `name`, after `skip` of them, somebody does this; with `error` the call fails."""
        self.cluster.turns.append(Turn(verb, name, deed or nobody, after, skip, error))

    def once_both_are_written(self, first: str, second: str, deed: Deed) -> None:
        """After both objects were written, before the step looks at them, somebody does this."""

        async def wait_and_do() -> None:
            async def written() -> set[str]:
                return {w.name for w in self.cluster.written}

            await answered(written, lambda names: second in names, within=PATIENCE, what=f"{second} is written")
            await deed()

        self.once("write", first, wait_and_do, after=True)

    async def prepare(self, runbook: str, **inputs: str) -> Prepared:
        return await prepare(Request(self.deps.runbooks[runbook], inputs, reason="test", assume_yes=True), self.deps)

    async def open(self, runbook: str, **inputs: str) -> Opened:
        """Plan and journal a run, every question of which is answered with yes; others may act before it is driven."""
        return await open_run(await self.prepare(runbook, **inputs), self.deps)

    async def drive(self, opened: Opened) -> RunRecord:
        async with asyncio.timeout(PATIENCE):
            return await drive(opened.ref, self.deps)

    async def run(self, runbook: str, **inputs: str) -> RunRecord:
        """Open and drive to the end; every question is answered with yes."""
        return await self.drive(await self.open(runbook, **inputs))

    async def deploy(self, release: str) -> RunRecord:
        return await self.run("deploy", release=release)

    async def reaches(self, opened: Opened, name: str) -> None:
        """Wait until this step runs."""
        await self.until(opened, lambda r: r.step(name).state is StepState.RUNNING)

    async def until(self, opened: Opened, holds: Callable[[RunRecord], object]) -> RunRecord:
        """The first record of the run for which this holds."""
        async with asyncio.timeout(PATIENCE):
            async for record in follow.follow(self.journal, opened.run):
                if holds(record):
                    return record
        raise AssertionError("the run ended before")

    async def skip(self, opened: Opened, name: str) -> None:
        """A person cuts a wait short."""
        body = {"step": name, "answer": "skip", "typed": ""}
        await self.journal.append([Draft("gate.answered", opened.run, "bob", body)])

    async def told(self, run: RunId) -> list[str]:
        """Everything that was journaled as a sentence: progress, results, notes."""
        entries = await self.journal.read(run=run)
        return [str(e.body.get("text") or e.body.get("reason") or "") for e in entries]

    async def selected(self) -> dict[str, str | None]:
        """Slot that each Service selects; None for a Service that is gone or names none."""
        world = await self.deps.cluster.observe(("Service",))
        found = {c.name: world.services.get(c.service) for c in self.deps.environment.components}
        return {name: s.selector.get(self.deps.environment.slot_key) if s else None for name, s in found.items()}


async def nobody() -> None:
    """Does nothing."""


async def deps_of(cluster: KubeCluster, environment: Environment, journal: Journal, home: Path) -> Deps:
    """The shipped actions and procedures, with pods whose health nobody asks."""

    async def resolve(text: str) -> Release:
        return Release(ReleaseName(text), {c.name: f"{c.image}:{text}" for c in environment.components}, migration_class="none")

    return Deps(
        environment=environment,
        journal=journal,
        place=Place(str(home / "journal.db"), home / "runs"),
        cluster=cast("Cluster", cluster),
        probes=ScriptedProbes(),
        registry=FakeRegistry(),
        clock=SystemClock(),
        actions=ACTIONS,
        runbooks=load_catalogue((ROOT / "config" / "runbooks").glob("*.yml"), ACTIONS).runbooks,
        resolve=resolve,
        actor=(await cluster.identity()).user,
        host=this_host(),
        collect=collect,
    )


def step(record: RunRecord, name: str) -> str:
    """State and reason of one step."""
    found = record.step(name)
    return f"{found.state.value}: {found.reason}"


def outcome(record: RunRecord) -> tuple[str | None, int]:
    return record.outcome, record.exit_code
