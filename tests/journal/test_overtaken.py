"""What an earlier driver of a run writes is refused once a later one has claimed it; and runs that were closed go on one at a time."""

from __future__ import annotations

import pytest

from console.domain.entry import Draft
from console.domain.ids import Epoch, RunId
from console.journal import Journal
from console.journal.errors import Overtaken, RunIsOpen
from tests.journal.drafts import closed, note, opened


def claimed(run: int, epoch: int, *, by: str = "alice", host: str = "bastion") -> Draft:
    return Draft("run.claimed", RunId(run), by, {"uid": "u1", "host": host, "pid": 1, "boot": "", "epoch": epoch})


def reopened(run: int) -> Draft:
    return Draft("run.reopened", RunId(run), "bob", {"reason": "I looked"})


async def test_an_earlier_driver_is_refused_and_told_who_drives(journal: Journal) -> None:
    await journal.open_run(opened())
    await journal.append([claimed(1, 4), note(1)], epoch=Epoch(4))
    await journal.append([claimed(1, 5, by="bob", host="laptop")], epoch=Epoch(5))
    with pytest.raises(Overtaken, match=r"run 1 is driven by bob@laptop now \(epoch 5, ours is 4\)"):
        await journal.append([note(1, "late")], epoch=Epoch(4))
    assert [e.body.get("text") for e in await journal.read() if e.type == "run.note"] == ["a note"]
    await journal.append([note(1, "on time")], epoch=Epoch(5))
    await journal.append([note(1, "by a person")])


async def test_the_claims_of_another_run_do_not_count(journal: Journal) -> None:
    await journal.open_run(opened())
    await journal.append([claimed(1, 4), closed(1)], epoch=Epoch(4))
    await journal.open_run(opened(uid="u2"))
    await journal.append([claimed(2, 5)], epoch=Epoch(5))
    await journal.append([note(1)], epoch=Epoch(4))


async def test_a_run_that_was_closed_goes_on_while_no_other_is_open(journal: Journal) -> None:
    await journal.open_run(opened())
    await journal.append([closed(1, "needs_operator")])
    assert await journal.open_runs() == ()
    await journal.reopen_run(reopened(1))
    assert await journal.open_runs() == (1,)
    with pytest.raises(RunIsOpen):
        await journal.open_run(opened(uid="u2"), alone=True)
    await journal.append([closed(1)])
    await journal.open_run(opened(uid="u2"), alone=True)
    with pytest.raises(RunIsOpen, match="run 2"):
        await journal.reopen_run(reopened(1))
    assert await journal.open_runs() == (2,)
