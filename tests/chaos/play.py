"""One deploy or one way back, undisturbed or hunted, and what became of it."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from console.domain.entry import Entry
from console.domain.ids import RunId
from console.domain.run import RunRecord
from console.domain.run_fold import fold
from console.engine.resume import MOST_CRASHES, crashes
from console.journal import Journal
from tests.chaos.explained import unexplained
from tests.chaos.forks import Forks
from tests.chaos.killer import Killer
from tests.faults.account import Account, account, masked, mismatches
from tests.faults.effects import CONTROLLERS, STAMPS, TIMES, flat
from tests.faults.proxy import FaultProxy
from tests.support.scenario import Scenario

OPENING = 120.0
DRIVING = 1200.0
"""Seconds for one run with all its crashes."""
BY_COMMAND = 8
"""Every so manyth runner is started by `bluegreen resume` itself."""
UNSAID = STAMPS | TIMES | CONTROLLERS
State = Mapping[str, Mapping[str, str]]


@dataclass
class Tally:
    """What was played."""

    outcomes: Counter[str] = field(default_factory=Counter)
    """`deploy done`, `rollback done` …"""
    resumes: int = 0
    by_command: int = 0
    mismatches: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Played:
    """One run."""

    record: RunRecord
    account: Account
    state: State


@dataclass
class Stage:
    """Where it is played."""

    s: Scenario
    proxy: FaultProxy
    forks: Forks
    journal: Journal
    random: random.Random
    tally: Tally = field(default_factory=Tally)
    killer: Killer | None = None

    async def play(self, runbook: str, release: str) -> Played:
        """Open a run, let its runners be killed, resume it until it has ended."""
        begun = len(self.proxy.effects)
        run = await self._opened(runbook, release)
        killed = await asyncio.wait_for(self._driven(run), DRIVING)
        entries = await self.journal.read(run=run)
        record = fold(entries)
        assert record is not None
        self.tally.outcomes[f"{runbook} {record.outcome}"] += 1
        self.tally.mismatches += [f"run {run}: {text}" for text in unexplained(entries, killed)]
        return Played(record, account(self.proxy.effects[begun:], release=release), await state_of(self.s, release))

    async def _opened(self, runbook: str, release: str) -> RunId:
        """Its opener is not hunted: a run that is not journaled is no run yet."""
        inputs = (("release", release),) if runbook == "deploy" else ()
        for _ in range(5):
            opener = await self.forks.start(runbook=runbook, inputs=inputs, reason=f"chaos {release}")
            await asyncio.wait_for(opener.ended.wait(), OPENING)
            if opener.status == 0:
                return RunId(int(opener.said))
        raise AssertionError(f"{runbook} {release} could not be opened: {opener.log}")

    async def _driven(self, run: RunId) -> list[int]:
        """Runner after runner until the run has ended; the ids of those that were killed."""
        killed: list[int] = []
        number = 0
        while True:
            number += 1
            if self.killer and number > 1 and self.random.randrange(BY_COMMAND) == 0:
                await self.s.cli("resume", str(run))
                self.tally.by_command += 1
            else:
                await self._one_runner(run, killed)
            self.tally.resumes += number > 1
            record = await self.journal.record(run)
            assert record is not None
            if not record.open:
                return killed

    async def _one_runner(self, run: RunId, killed: list[int]) -> None:
        runner = await self.forks.start(ref=str(run))
        if self.killer:
            self.killer.may = lambda: self._resumable(run)
            self.killer.hunt(runner)
        await runner.ended.wait()
        if self.killer:
            self.killer.rest()
        if runner.status == -9:
            killed.append(runner.pid)

    async def _resumable(self, run: RunId) -> bool:
        """Whether one more crash would not be the one that asks for a person."""
        entries = await self.journal.read(run=run)
        return not _ended(entries) and crashes(entries)[_step(entries)] < MOST_CRASHES - 1

    async def never(self) -> bool:
        """Nobody may be killed yet."""
        return False

    def compare(self, undisturbed: Played, played: Played) -> None:
        """Note every difference."""
        run = played.record.id
        found = [f"effects on {each}" for each in mismatches(undisturbed.account, played.account)]
        found += different(undisturbed.state, played.state)
        if played.record.outcome != undisturbed.record.outcome:
            found.append(f"it ended {played.record.outcome}: {played.record.outcome_reason}")
        self.tally.mismatches += [f"run {run} ({played.record.title}): {text}" for text in found]


def different(wanted: State, found: State) -> list[str]:
    """Every field in which two states differ."""
    fields = sorted({(name, path) for state in (wanted, found) for name, leaves in state.items() for path in leaves})
    pairs = [(f"{n} {p}", wanted.get(n, {}).get(p, "nothing"), found.get(n, {}).get(p, "nothing")) for n, p in fields]
    return [f"{where} is {now}, undisturbed {then}" for where, then, now in pairs if then != now]


def _ended(entries: tuple[Entry, ...]) -> bool:
    return any(e.type == "run.closed" for e in entries)


def _step(entries: tuple[Entry, ...]) -> str:
    """The step that a crash now would count against."""
    begun = [e for e in entries if e.type in ("step.started", "step.intent")]
    return str(begun[-1].body.get("step")) if begun else ""


async def state_of(s: Scenario, release: str) -> State:
    """Deployments and Services as somebody decided them, comparable with those after another release."""
    found: dict[str, dict[str, str]] = {}
    for name, document in (await s.app.objects()).items():
        leaves = {path: text for path, text in flat(document).items() if path not in UNSAID}
        found[name] = {path: masked(text, release) for path, text in leaves.items()}
    return found
