"""The small judgements that everything rests on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.cluster import errors
from console.domain import facts
from console.domain.environment import Component, Environment
from console.domain.errors import JournalError, NeedsOperator, Refused
from console.domain.ids import ComponentName, SlotName
from console.engine.failures import Failure, back_off, failure_of, said
from console.engine.traffic import decode, encode, epoch_seen, sentence, traffic_of
from tests.engine.shop import NAMES, SHOP, populate
from tests.fakes.clock import ManualClock
from tests.fakes.cluster import FakeCluster
from tests.fakes.objects import deployment, service


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (errors.Unreachable("refused"), Failure.AGAIN),
        (errors.Unreachable("reset", sent="maybe"), Failure.DOUBT),
        (errors.TimedOut("late", sent="maybe"), Failure.DOUBT),
        (errors.ServerFault("500", status=503), Failure.DOUBT),
        (errors.TooManyRequests("429"), Failure.AGAIN),
        (errors.Conflict("409"), Failure.REPLAN),
        (errors.Invalid("422"), Failure.REPLAN),
        (errors.NotFound("404"), Failure.REPLAN),
        (errors.Unauthorized("401"), Failure.LOGIN),
        (errors.CredentialsError("plugin"), Failure.LOGIN),
        (errors.Forbidden("403"), Failure.REFUSED),
        (errors.ReadOnlyRefused("read only"), Failure.REFUSED),
        (errors.BadRequest("400"), Failure.DEFINITE),
        (errors.NotSupported("501"), Failure.DEFINITE),
        (errors.KubeconfigError("no file"), Failure.DEFINITE),
        (TimeoutError(), Failure.DOUBT),
        (Refused("held"), Failure.REFUSED),
        (NeedsOperator("split"), Failure.OPERATOR),
        (JournalError("full"), Failure.DEFINITE),
        (KeyError("x"), Failure.UNEXPECTED),
    ],
)
def test_what_an_error_means(error: Exception, meaning: Failure) -> None:
    assert failure_of(error) is meaning


def test_a_programs_mistake_is_named_as_one() -> None:
    assert said(KeyError("x")) == "unexpected KeyError: 'x'"
    assert said(TimeoutError()) == "it did not end within its time"


def test_back_off_grows_to_its_limit() -> None:
    assert [back_off(n) for n in (1, 2, 3, 9)] == [0.1, 0.2, 0.4, 5.0]


async def test_traffic_is_what_the_users_of_each_component_get() -> None:
    cluster = FakeCluster(ManualClock())
    populate(cluster)
    before = traffic_of(SHOP, await cluster.observe())
    assert decode(encode(before)) == before
    assert decode("damaged") is None
    green = cluster.deployment("backend-green")
    cluster.put(replace(green, images={"backend": "shop/backend:v9"}))
    assert traffic_of(SHOP, await cluster.observe()) == before
    cluster.put(service("backend", {"app": "backend", "version": "green"}))
    assert traffic_of(SHOP, await cluster.observe()) != before
    assert sentence(SHOP, await cluster.observe()) == "live traffic is SPLIT: backend → green, frontend → blue"


async def test_with_one_slot_another_image_or_release_is_another_traffic() -> None:
    only = SlotName("main")
    parts = tuple(Component(ComponentName(n), n, {only: n}, n, f"shop/{n}") for n in NAMES)
    rolling = Environment("staging", "shop", SHOP.cluster, parts, strategy="rolling", slots=(only,))
    cluster = FakeCluster(ManualClock())
    for name in NAMES:
        cluster.put(deployment(name, labels={"app": name}, image=f"shop/{name}:v1", container=name), service(name, {"app": name}))
    before = traffic_of(rolling, await cluster.observe())
    cluster.put(replace(cluster.deployment("backend"), desired=5))
    assert traffic_of(rolling, await cluster.observe()) == before
    noted = replace(cluster.deployment("backend").meta, annotations={facts.RELEASE: "v2"})
    cluster.put(replace(cluster.deployment("backend"), meta=noted))
    assert traffic_of(rolling, await cluster.observe()) != before


async def test_the_highest_epoch_in_use_is_seen() -> None:
    cluster = FakeCluster(ManualClock())
    cluster.put(
        service("backend", {}, **{facts.EPOCH: "7"}),
        service("frontend", {}, **{facts.EPOCH: "6"}),
        service("other", {}, **{facts.EPOCH: "9"}),
    )
    assert epoch_seen(SHOP, await cluster.observe()) == 7
