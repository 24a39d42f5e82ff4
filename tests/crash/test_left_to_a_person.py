"""Real runners die three times in one step; the card that follows offers ways on, and each is taken by the real program (SAFETY 3.8)."""

from __future__ import annotations

import json

import pytest

from console.cli.desk import open_desk
from console.domain.ids import RunId
from tests.contract.wire import eventually
from tests.crash.preempting import users
from tests.crash.stand import KILLED, PATIENCE, Person, Stand

pytestmark = [pytest.mark.real, pytest.mark.slow]
POINT = "after step.intent slots.apply"
USAGE, REFUSED, NEEDS_OPERATOR = 2, 3, 4


async def left(stand: Stand) -> Person:
    """Her deploy was left to her: nothing of the step is done."""
    await stand.restore()
    alice = stand.person(asks=False)
    opened = await alice.open("deploy", {"release": "v1.5.1"})
    for _ in range(3):
        runner = await stand.zygote.start(alice, opened.ref, wanted=[POINT])
        assert await runner.status() == KILLED, runner.trouble()
    assert await (await stand.zygote.start(alice, opened.ref)).status() == 0
    return alice


async def test_the_card_is_shown_and_going_on_needs_a_reason(standing: Stand) -> None:
    alice = await left(standing)
    code, said = await alice.cli("show", "1")
    for words in (
        "needs an operator",
        "the runner crashed 3 times in this step",
        "intended: backend image traider-backend:v1.4.2 → traider-backend:v1.5.1",
        "seen now: it has not happened",
        "go on: the step is done again",
        "$ bluegreen resume 1 --reason …",
        "$ bluegreen abort 1 --reason …",
    ):
        assert words in said, said
    code, said = await alice.cli("--json", "show", "1")
    card = json.loads(said)["decision"]
    assert [choice["way"] for choice in card["choices"]] == ["go on", "stay"]
    code, said = await alice.cli("resume", "1")
    assert (code, "needs a reason" in said) == (USAGE, True), said
    code, said = await alice.cli("resume", "1", "--reason", "the machine had no memory left")
    assert code == 0, said
    assert [sorted(found) for found in await users(standing)] == [["blue"], ["v1.5.1"]]


async def test_leaving_it_as_it_is_is_recorded_and_final(standing: Stand) -> None:
    alice = await left(standing)
    code, said = await alice.cli("abort", "1", "--reason", "we try tomorrow")
    assert (code, said.strip()) == (0, "run 1 stays as it is: users are on green (v1.5.0)")
    code, said = await alice.cli("resume", "1", "--reason", "now")
    assert (code, "settled by operator: we try tomorrow" in said) == (REFUSED, True), said
    assert (await alice.record(RunId(1))).exit_code == NEEDS_OPERATOR
    assert [sorted(found) for found in await users(standing)] == [["green"], ["v1.5.0"]]


async def test_the_console_goes_on_with_it_and_leaves_another_as_it_is(standing: Stand) -> None:
    alice = await left(standing)
    desk = await open_desk(alice.options)
    try:
        await desk.take_over(RunId(1), "I looked")

        async def outcome() -> str | None:
            return (await alice.record(RunId(1))).outcome

        assert await eventually(outcome, lambda found: found is not None, within=PATIENCE) == "done"
    finally:
        await desk.close()
    alice = await left(standing)
    desk = await open_desk(alice.options)
    try:
        await desk.stop(RunId(1), "it is fine")
    finally:
        await desk.close()
    assert (await alice.record(RunId(1))).settled == "operator: it is fine"
