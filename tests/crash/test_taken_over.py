"""A run is taken over from a driver that died or hangs, with a reason; what that driver still tries is refused (SAFETY 3.5)."""

from __future__ import annotations

import pytest

from console.domain.entry import Entry
from console.domain.errors import Refused, UsageError
from console.domain.ids import RunId
from console.engine import follow
from console.engine.resume import check_resumable
from tests.crash.history import caught_up, recording
from tests.crash.killing import KINDS, Came, drive_killed
from tests.crash.preempting import changes
from tests.crash.stand import KILLED, Person, Stand
from tests.crash.test_kills import differences
from tests.support.faults import fault

pytestmark = pytest.mark.real
MIDDLE = "wrote traffic.switch Service traider-backend"


async def allowed(bob: Person, run: RunId, *, reason: str) -> None:
    """`bluegreen resume RUN --take-over REASON`, but for the runner."""
    async with bob.deps() as deps:
        assert deps.journal is not None
        await follow.take_over(deps.journal, run, reason=reason, actor=deps.actor)
        record = await deps.journal.record(run)
        assert record is not None
        await check_resumable(record, deps)


async def refused(bob: Person, run: RunId) -> str:
    """What `bluegreen resume RUN` says without a take-over."""
    async with bob.deps() as deps:
        assert deps.journal is not None
        record = await deps.journal.record(run)
        assert record is not None
        with pytest.raises(UsageError, match="needs a reason"):
            await follow.take_over(deps.journal, run, reason=" ", actor=deps.actor)
        with pytest.raises(Refused) as caught:
            await check_resumable(record, deps)
        return str(caught.value)


@fault(
    "the machine that drives a run dies, and another goes on with it",
    group="two operators",
    sees="`resume` names the holder and how long ago it was seen, and asks for a take-over with a reason; key t on the Run screen",
    does="the next epoch takes the lease, the step in doubt is looked at, the run ends as an undisturbed one",
    costs="a reason; nothing is done twice",
)
async def test_a_dead_holder_on_another_machine_is_taken_over_with_a_reason(standing: Stand) -> None:
    calm = await drive_killed(standing, "deploy")
    await standing.restore()
    alice = standing.person()
    bob = standing.person(user="operator-2", journal=alice.journal)
    opened = await alice.open("deploy", KINDS["deploy"])
    async with recording(standing.api, standing.paths) as history:
        dead = await standing.zygote.start(alice, opened.ref, wanted=[MIDDLE])
        assert await dead.status() == KILLED
        said = await refused(bob, opened.run)
        assert "operator@" in said
        assert "--take-over" in said
        await allowed(bob, opened.run, reason="the bastion burned down")
        runner = await standing.zygote.start(bob, opened.ref)
        assert await runner.status() == 0, runner.trouble()
        await caught_up(history, standing.api, standing.paths)
    record = await bob.record(opened.run)
    assert (record.outcome, record.driver.partition("@")[0], record.claims) == ("done", "operator-2", 2)
    came = Came(record, await bob.entries(opened.run), history, (), ())
    assert not list(differences(calm, came))


@fault(
    "a driver that hangs is taken over and wakes up again",
    group="two operators",
    sees="both drivers in the record, each with its epoch; the late one ends by itself",
    does="what the late driver still writes to the cluster is refused by compare-and-swap, and to the journal by its epoch",
    costs="nothing",
)
@pytest.mark.parametrize(
    "point",
    [MIDDLE, *(pytest.param(p, marks=pytest.mark.slow) for p in ("after step.intent slots.apply", "before step.result slots.mark_stable"))],
)
async def test_a_driver_that_wakes_up_late_changes_nothing_any_more(standing: Stand, point: str) -> None:
    await standing.restore()
    alice = standing.person()
    bob = standing.person(user="operator-2", journal=alice.journal)
    opened = await alice.open("deploy", KINDS["deploy"])
    async with recording(standing.api, standing.paths) as history:
        late = await standing.zygote.start(alice, opened.ref, wanted=[point], act="SIGSTOP")
        await late.stopped()
        await allowed(bob, opened.run, reason="it hangs")
        runner = await standing.zygote.start(bob, opened.ref)
        assert await runner.status() == 0, runner.trouble()
        await caught_up(history, standing.api, standing.paths)
        ended, before = await bob.entries(opened.run), changes(history)
        late.go_on()
        assert await late.status() == 0, late.trouble()
        await caught_up(history, standing.api, standing.paths)
        assert changes(history) == before
    record = await bob.record(opened.run)
    assert (record.outcome, record.driver.partition("@")[0], record.take_over) == ("done", "operator-2", "")
    assert await bob.entries(opened.run) == ended
    assert [str(e.body["reason"]) for e in ended if e.type == "run.take_over"] == ["it hangs"]
    assert epochs(ended) == sorted(set(epochs(ended)))


def epochs(entries: tuple[Entry, ...]) -> list[int]:
    """Of the drivers that claimed the run, in order."""
    return [int(str(e.body["epoch"])) for e in entries if e.type == "run.claimed"]
