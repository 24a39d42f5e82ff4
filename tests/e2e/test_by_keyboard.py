"""The main job by keyboard alone in a real terminal of 80x24, handed over half-way to somebody else.

Deploy, watch, switch, see it go wrong, roll back, walk the checklist to its end.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.bench.pane import Pane, opened
from tests.e2e.conftest import Starts
from tests.support.people import Person
from tests.support.scenario import Scenario

SIZE = (80, 24)


@asynccontextmanager
async def console_of(person: Person) -> AsyncIterator[Pane]:
    async with opened(person.arguments(), environment=person.environment(), size=SIZE) as pane:
        await pane.until(lambda text: re.search(r"run \d", text), what="the feed, which tells of runs once the desk is there")
        yield pane


async def press(pane: Pane, keys: str, *texts: str) -> None:
    """Type, then wait for what it shows."""
    pane.type(keys)
    await pane.shows(*texts)


async def answer(pane: Pane, key: str, *, reason: str = "") -> None:
    """As a hand does: once the question takes answers."""
    await pane.until(lambda text: f"press  {key}  to" in text and "one moment" not in text, what=f"a question that {key} answers")
    if reason:
        pane.type("\t")
        await type_slowly(pane, reason)
        pane.type("\r")
        await pane.until(lambda text: f"press  {key}  to" in text and "one moment" not in text, what="the question again")
    pane.type(key)


async def type_slowly(pane: Pane, text: str) -> None:
    for letter in text:
        pane.type(letter)
        await pane.shows(letter)


@pytest.mark.real
@pytest.mark.parametrize("box", ["real"], indirect=True)
async def test_the_main_job_by_keyboard_and_handed_over(scenario: Starts) -> None:
    async with scenario() as s:
        await s.deploy("v1.4.2")
        s.set_waits(bake="300s")
        bob = s.person("bob", user="operator-2", journal=s.operator.journal)
        async with console_of(s.operator) as alice:
            await alice.shows("blue v1.4.2, well")
            await press(alice, "d", "Makes a plan first")
            alice.type("v1.5.0\r")
            await alice.shows("step 1")
            await alice.until(lambda text: "enter Start" in text and "planned" in text, what="the plan")
            alice.type("\r")
            await answer(alice, "d")
            await alice.shows("Switch live traffic to green?")
            await hand_over(s, bob)
        (await s.cli("--json", "runs")).expect(0)
        await s.app.expect_live("blue", "v1.4.2")
        record = await s.show()
        assert (record["runbook"], record["outcome"], record["by"]) == ("verify", "done", "operator-2")
        assert [a["text"] for step in record["steps"] for a in step["answers"]] == ["cancelled", "0", "wiki/v142"]


async def hand_over(s: Scenario, bob: Person) -> None:
    """Another identity answers, watches, sees it go wrong and goes back."""
    async with console_of(bob) as pane:
        await pane.shows("asks")
        await press(pane, "\r", "enter Answer")
        pane.type("\r")
        await answer(pane, "s")
        await pane.shows("watch v1.5.0 serve")
        await press(pane, "\x1b", "green v1.5.0, well")
        await s.box.faults.slot("green", unready=True)
        await pane.until(lambda text: "green v1.5.0, broken" in text or "green v1.5.0, partly" in text, what="the fault")
        await press(pane, "\x12", "blue v1.4.2")
        pane.type("\r")
        await answer(pane, "b")
        await pane.until(lambda text: "done" in text and "roll back" in text, what="the way back")
        await press(pane, "\x1b\x1b", "blue v1.4.2, well", "none; the last one: roll back")
        await walk_the_checklist(pane)


async def walk_the_checklist(pane: Pane) -> None:
    """What can be observed is observed; three items are asked of a person."""
    await press(pane, "c", "start verify")
    pane.type("j\r")
    await pane.until(lambda text: "enter Start" in text and "3 questions" in text, what="the plan")
    pane.type("\r")
    await answer(pane, "v")
    for item, said in ((3, "cancelled"), (4, "0"), (5, "wiki/v142")):
        await pane.shows(f"item {item} of 5", "enter Answer")
        await press(pane, "\r", "┏━ ")
        await type_slowly(pane, said)
        pane.type("\r")
    await pane.shows("✔ done at")
