"""What is seen from outside: a switch spans both Services, a filling both Deployments, and a note on one of them is no filling."""

from __future__ import annotations

import itertools
import time

import pytest

from console.domain.world import Deployment, Meta, Service
from tests.bench.outside import Outside


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Outside:
    """An observer whose clock moves a second with every event."""
    seconds = itertools.count()
    monkeypatch.setattr(time, "monotonic", lambda: float(next(seconds)))
    return Outside("lane", ("api", "web"))


def service(name: str, slot: str) -> Service:
    return Service(meta=Meta(name=name), selector={"lane": slot})


def deployment(name: str, *, available: int, generation: int = 1) -> Deployment:
    return Deployment(
        meta=Meta(name=name), generation=generation, observed_generation=generation, desired=2, replicas=2, updated=2, ready=2,
        available=available,
    )  # fmt: skip


def test_a_switch_lasts_from_the_first_service_to_the_last(seen: Outside) -> None:
    for found in (service("api", "east"), service("web", "east"), service("api", "west"), service("other", "west"), service("web", "west")):
        seen.take(found)
    assert [(span.first, span.last) for span in seen.switches] == [(2.0, 4.0)]
    assert seen.slots == {"api": "west", "web": "west"}


def test_a_filling_lasts_from_the_first_change_to_the_last_completion(seen: Outside) -> None:
    for name, available in (("api", 0), ("web", 0), ("api", 2), ("api", 1), ("web", 2), ("api", 2)):
        seen.take(deployment(name, available=available))
    assert [(span.first, span.last) for span in seen.fillings] == [(0.0, 5.0)]


def test_deployments_that_stay_complete_fill_nothing(seen: Outside) -> None:
    for name in ("api", "web"):
        seen.take(deployment(name, available=2, generation=1))
        seen.take(deployment(name, available=2, generation=2))
    assert seen.fillings == []
