"""What passes as an answer to people's work: pure judgements of a value against what is expected or seen."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from actions.manual import Manual, ManualParams
from console.domain.facts import Stamp
from console.domain.ids import Epoch, SlotName
from console.domain.world import World
from console.engine.action import Bindings, Done, NotYet, Task
from tests.engine.shop import SHOP, populate
from tests.fakes.clock import ManualClock
from tests.fakes.cluster import FakeCluster
from tests.fakes.objects import service


def task(**params: object) -> Task[ManualParams]:
    bindings = Bindings(SlotName("blue"), SlotName("green"), SlotName("blue"))
    return Task(
        SHOP,
        ManualParams.model_validate({"ask": "What is seen?", **params}),
        bindings,
        Stamp("1@u", Epoch(1), "alice"),
        MappingProxyType({}),
    )


async def world(**split: str) -> World:
    cluster = FakeCluster(ManualClock())
    populate(cluster)
    for name, slot in split.items():
        cluster.put(service(name, {"app": name, "version": slot}))
    return await cluster.observe()


@pytest.mark.parametrize(
    ("known", "value", "passes"),
    [
        ("active_slot", "blue", True), ("active_slot", " BLUE ", True), ("active_slot", "green", False), ("active_release", "v1", True),
        ("active_release", "v0", False), ("ready_pods", "4", True), ("ready_pods", "4.0", True), ("ready_pods", "5", False),
    ],
)  # fmt: skip
async def test_a_value_is_compared_with_what_the_console_sees(known: str, value: str, passes: bool) -> None:
    verdict = Manual().verify(await world(), task(equals=known), value)
    assert isinstance(verdict, Done if passes else NotYet), verdict
    if not passes:
        assert verdict.message.endswith("look again")


async def test_what_the_console_cannot_see_passes_nothing() -> None:
    verdict = Manual().verify(await world(backend="green"), task(equals="active_slot"), "blue")
    assert verdict == NotYet("blue was answered; the console cannot see the active slot now")
    assert isinstance(Manual().verify(replace(await world(), services={}), task(equals="ready_pods"), "4"), NotYet)


@pytest.mark.parametrize(
    ("expect", "value", "passes"), [("0", "0", True), ("0", "00", True), ("working", "Working", True), ("0", "3", False), ("", "x", True)]
)
def test_a_value_is_compared_with_what_the_runbook_expects(expect: str, value: str, passes: bool) -> None:
    assert isinstance(Manual().verify(None, task(expect=expect), value), Done if passes else NotYet)


def test_how_a_value_is_read_follows_from_what_is_written() -> None:
    forms = [Manual().challenge(task(**p)).form for p in ({}, {"choices": ["a", "b"]}, {"least": 0}, {"unit": "ms"})]
    assert forms == ["text", "choice", "number", "number"]
