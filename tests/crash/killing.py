"""Drives a run whose runners are killed, and tells what it came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from console.domain.entry import Entry
from console.domain.run import RunRecord
from console.domain.run_fold import fold
from console.engine.resume import crashes
from tests.crash.history import History, caught_up, recording
from tests.crash.points import PER_STEP, points_of, unpassed
from tests.crash.stand import KILLED, Stand

KINDS: Mapping[str, Mapping[str, str]] = {
    "deploy": {"release": "v1.5.1"},
    "hotfix": {"release": "frontend=v1.5.2", "watch": "0s"},
    "rollback": {},
    "retire": {},
}
"""The procedures, each from the same beginning: users on green, blue warm."""


@dataclass(frozen=True)
class Came:
    """What a run came to."""

    record: RunRecord
    entries: tuple[Entry, ...]
    history: History
    killed: tuple[str, ...]
    """Points at which its runners died."""
    passed: tuple[str, ...]
    """Points that its last runner passed."""

    @property
    def points(self) -> tuple[str, ...]:
        """Where a runner of the like can be killed."""
        missing = unpassed(self.entries, self.passed)
        assert not missing, f"these records are written without a point before and after them: {missing}"
        return points_of(self.entries, self.passed)

    def summary(self) -> tuple[object, ...]:
        """How it ended, without who, when and how often it was tried."""
        record = self.record
        return record.outcome, record.outcome_reason, record.live, tuple((s.name, s.state) for s in record.steps), record.exit_code


async def drive_killed(stand: Stand, kind: str, points: Sequence[str] = ()) -> Came:
    """Restore the beginning, run `kind`, kill a runner at each of the points once, and resume until one comes to the end."""
    await stand.restore()
    person = stand.person()
    opened = await person.open(kind, KINDS[kind])
    left, killed, spent = list(points), [], frozenset[str]()
    async with recording(stand.api, stand.paths) as history:
        while True:
            runner = await stand.zygote.start(person, opened.ref, wanted=left, spent=sorted(spent))
            status = await runner.status()
            entries = await person.entries(opened.run)
            if status != KILLED:
                assert status == 0, runner.trouble()
                break
            killed.append(runner.passed()[-1])
            left.remove(killed[-1])
            spent = frozenset(step for step, times in crashes(entries).items() if times >= PER_STEP)
        await caught_up(history, stand.api, stand.paths)
    record = fold(entries)
    assert record is not None
    return Came(record, entries, history, tuple(killed), tuple(runner.passed()))
