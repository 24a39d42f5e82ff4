"""Two operators start at the same moment: one wins, the other is told who drives and can follow (SAFETY 3.5)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import yaml

from console.domain.ids import RunId
from console.domain.run import RunRecord
from console.engine import follow
from console.journal import open_journal
from tests.contract.wire import eventually
from tests.crash.stand import PATIENCE, Person, Runner, Stand
from tests.support.faults import fault

pytestmark = pytest.mark.real
ROUNDS = [3, pytest.param(200, marks=pytest.mark.slow)]
RACE = {
    "name": "race",
    "title": "hold the environment until it is told to end",
    "direction": "neutral",
    "steps": [{"check": "health.live"}, {"gate": "Shall it end?", "key": "e"}],
}
"""A run that stays on until somebody answers: what both operators start."""
REFUSED = 3


def two(standing: Stand, *, one_journal: bool) -> tuple[Person, Person]:
    """Two operators at machines of their own."""
    alice = standing.person()
    bob = standing.person(user="operator-2", journal=alice.journal if one_journal else None)
    for each in (alice, bob):
        (each.config / "runbooks" / "race.yml").write_text(yaml.safe_dump(RACE, sort_keys=False))
    return alice, bob


async def raced(standing: Stand, people: tuple[Person, Person], go: Path) -> tuple[Runner, Runner]:
    """Both plan, then both start at once, each in a process of its own."""
    first, second = [await standing.zygote.start(person, opens="race", go=go) for person in people]

    async def passed() -> list[bool]:
        return ["ready" in r.passed() or r.ended.done() for r in (first, second)]

    await eventually(passed, all, within=PATIENCE)
    go.touch()
    return first, second


async def outcome(runners: tuple[Runner, Runner]) -> tuple[int, int]:
    """Which of the two ended at once, and how; the other is still on."""
    ended = [asyncio.ensure_future(r.status()) for r in runners]
    done, going = await asyncio.wait(ended, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
    assert len(done) == len(going) == 1, [r.trouble() for r in runners]
    loser = ended.index(done.pop())
    return loser, await ended[loser]


def opened(runner: Runner) -> RunId:
    return RunId(int(next(p for p in runner.passed() if p.startswith("opened ")).split()[1]))


async def follow_and_end(person: Person, run: RunId) -> RunRecord:
    """Follow the run until it asks, and answer it."""
    journal = await open_journal(str(person.journal), "rehearsal")
    answered = None
    try:
        async with asyncio.timeout(PATIENCE):
            async for record in follow.follow(journal, run):
                if record.question and record.question.asked_at != answered:  # it stands until the answer is read
                    answered = record.question.asked_at
                    await follow.answer(journal, run, step=record.question.step, answer="yes", actor="bob", question=record.question)
                if not record.open:
                    return record
    finally:
        await journal.close()
    raise AssertionError("it never ended")


@fault(
    "two operators start a run at the same moment, with one journal",
    group="two operators",
    sees="the second is refused at once (exit code 3) with the run that is on, who drives it and how to follow it",
    does="one run is journaled; the other operator follows it to its end",
    costs="nothing",
)
@pytest.mark.parametrize("rounds", ROUNDS)
async def test_of_two_starts_in_one_journal_one_is_journaled(standing: Stand, tmp_path: Path, rounds: int) -> None:
    await standing.restore()
    people = two(standing, one_journal=True)
    for number in range(rounds):
        runners = await raced(standing, people, tmp_path / f"go-{number}")
        loser, status = await outcome(runners)
        run = opened(runners[1 - loser])
        said = runners[loser].trouble()
        assert status == REFUSED, said
        assert f"run {run} (race)" in said
        assert f"bluegreen attach {run}" in said
        record = await follow_and_end(people[loser], run)
        assert record.outcome == "done"
        assert record.driver.startswith(("operator@", "operator-2@")[1 - loser])
        assert record.driver_pid == runners[1 - loser].pid
        assert await runners[1 - loser].status() == 0


@fault(
    "two operators start a run at the same moment, on two machines with journals of their own",
    group="two operators",
    sees="the second one's run is refused (exit code 3) and names who drives the environment, from where and which run",
    does="the lease has one winner; the loser's run is closed in its own journal before any step began",
    costs="nothing",
)
@pytest.mark.parametrize("rounds", ROUNDS)
async def test_of_two_starts_with_two_journals_one_has_the_lease(standing: Stand, tmp_path: Path, rounds: int) -> None:
    await standing.restore()
    people = two(standing, one_journal=False)
    for number in range(rounds):
        runners = await raced(standing, people, tmp_path / f"go-{number}")
        loser, status = await outcome(runners)
        winner = await people[1 - loser].record(opened(runners[1 - loser]))
        lost = await people[loser].record(opened(runners[loser]))
        assert status == REFUSED
        assert (lost.outcome, lost.exit_code) == ("refused", REFUSED)
        assert lost.outcome_reason.startswith(("operator@", "operator-2@")[1 - loser]), lost.outcome_reason
        assert f"run {winner.id}@{winner.uid}" in lost.outcome_reason
        assert not any(step.attempts for step in lost.steps)
        assert (await follow_and_end(people[1 - loser], winner.id)).outcome == "done"
        assert await runners[1 - loser].status() == 0


@fault(
    "two runners are started for one run on one machine",
    group="two operators",
    sees="the second start is refused and names the process that drives",
    does="the lock has one holder; the run goes on in that one",
    costs="nothing",
)
async def test_two_processes_for_the_same_run_have_one_winner(standing: Stand) -> None:
    await standing.restore()
    alice, _ = two(standing, one_journal=True)
    run = (await alice.open("race", {}, assume_yes=False)).run
    first, second = [await standing.zygote.start(alice, str(run)) for _ in range(2)]
    loser, status = await outcome((first, second))
    assert status == REFUSED
    winner = (second, first)[loser]
    assert f"another runner (process {winner.pid}) drives this run" in (first, second)[loser].trouble()
    assert (await follow_and_end(alice, run)).outcome == "done"
    assert await winner.status() == 0
