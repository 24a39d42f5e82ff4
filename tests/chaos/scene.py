"""The whole play: two undisturbed runs to compare with, then rounds until enough was killed and disturbed, and the closing table."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from console.journal import open_journal
from console.sandbox.rehearsal_cluster import SandboxCluster
from tests.chaos.forks import running_forks
from tests.chaos.killer import Killer
from tests.chaos.play import Stage, Tally
from tests.faults.behind import behind_faults
from tests.faults.kinds import Fault
from tests.faults.weather import Weather
from tests.support.scenario import Scenario

RATE = 0.18
MOST_ROUNDS = 400
STABLE = "v1.4.2"
ROUND = ("deploy", "rollback")


@dataclass(frozen=True)
class Wanted:
    """How much, and by which seed."""

    seed: int
    kills: int
    faults: int

    @property
    def command(self) -> str:
        return f"python3 bootstrap.py chaos --seed {self.seed} --kills {self.kills} --faults {self.faults}"


@dataclass
class Result:
    """What came of it."""

    wanted: Wanted
    tally: Tally
    rounds: int = 0
    requests: int = 0
    effects: int = 0
    after_effect: int = 0
    """Writes that had their effect although their answer was lost or damaged."""
    kills: Counter[str] = field(default_factory=Counter)
    faults: Counter[Fault] = field(default_factory=Counter)

    @property
    def enough(self) -> bool:
        return self.kills.total() >= self.wanted.kills and self.faults.total() >= self.wanted.faults

    @property
    def ok(self) -> bool:
        return self.enough and not self.tally.mismatches

    def table(self) -> list[str]:
        """The closing table."""
        lines = [f"seed {self.wanted.seed}: {self.rounds} rounds of deploy and rollback, {self.requests} requests"]
        lines.append(f"{self.kills.total():>7}  kills, {self.tally.resumes} resumes, {self.tally.by_command} of them by `bluegreen resume`")
        lines += [f"{count:>13}  {moment}" for moment, count in self.kills.most_common()]
        lines.append(f"{self.faults.total():>7}  faults")
        lines += [f"{count:>13}  {kind.value}" for kind, count in self.faults.most_common()]
        lines.append(f"{self.tally.outcomes.total():>7}  runs")
        lines += [f"{count:>13}  {outcome}" for outcome, count in sorted(self.tally.outcomes.items())]
        lines.append(f"{self.effects:>7}  effects; {self.after_effect} of them with their answer lost or damaged")
        lines.append(f"{len(self.tally.mismatches):>7}  mismatches")
        lines += [f"         {text}" for text in self.tally.mismatches]
        if not self.enough:
            lines.append(f"         it was not enough: {self.rounds} rounds were not long enough")
        return lines if self.ok else [*lines, f"repeat it with: {self.wanted.command}"]


async def chaos(box: SandboxCluster, folder: Path, wanted: Wanted, *, say: Callable[[str], None] = lambda _: None) -> Result:
    """Play until enough was killed and disturbed."""
    async with Scenario.on(box, folder / f"chaos-{wanted.seed}") as s, behind_faults(s) as proxy, running_forks(s) as forks:
        journal = await open_journal(str(s.operator.journal), "rehearsal")
        try:
            stage = Stage(s, proxy, forks, journal, random.Random(f"{wanted.seed}/stage"))
            await stage.play("deploy", STABLE)
            for release in ("v1.5.0", "v1.5.1"):  # the second round meets what every later one meets
                undisturbed = [await stage.play(runbook, release) for runbook in ROUND]
            expect_done(stage.tally)
            result = Result(wanted, stage.tally)
            begun, told = (proxy.requests.total(), len(proxy.effects)), 0
            proxy.weather = Weather(wanted.seed, RATE)
            killer = stage.killer = Killer(random.Random(f"{wanted.seed}/killer"), wanted.kills, stage.never)
            proxy.before, proxy.after = killer.before, killer.after
            while not result.enough and result.rounds < MOST_ROUNDS:
                result.rounds += 1
                release = f"v3.{result.rounds}.0"
                s.add_release(release)
                try:
                    for runbook, before in zip(ROUND, undisturbed, strict=True):
                        stage.compare(before, await stage.play(runbook, release))
                except (AssertionError, TimeoutError) as problem:
                    stage.tally.mismatches.append(f"round {result.rounds}: {problem or 'a run did not end'}")
                    break
                result.kills, result.faults = killer.kills, proxy.faults
                for text in stage.tally.mismatches[told:]:
                    say(f"  {text}")
                told = len(stage.tally.mismatches)
                say(f"round {result.rounds}: {killer.count} kills, {len(proxy.injected)} faults, {told} mismatches")
            proxy.weather = None
            killer.rest()
            result.kills, result.faults = killer.kills, proxy.faults
            if not (verdict := await journal.verify()).ok:
                stage.tally.mismatches.append(f"the journal's chain: {verdict.sentence}")
            result.requests, result.effects = proxy.requests.total() - begun[0], len(proxy.effects) - begun[1]
            result.after_effect = sum(each.effect for each in proxy.injected)
            return result
        finally:
            await journal.close()


def expect_done(tally: Tally) -> None:
    """Without this there is nothing to compare with."""
    assert set(tally.outcomes) == {"deploy done", "rollback done"}, f"undisturbed runs ended {dict(tally.outcomes)}"
    assert not tally.mismatches, tally.mismatches
