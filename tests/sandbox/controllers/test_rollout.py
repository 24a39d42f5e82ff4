"""The arithmetic of a rollout: single steps, and whole rollouts that must keep their promises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from console.sandbox.controllers.rollout import NOTHING, Generation, Scale, Step, Wanted, next_step, resolve

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def generation(number: int, replicas: int, *, available: int | None = None, **more: int | None) -> Generation:
    """A ReplicaSet named after its number; the higher, the younger."""
    return Generation(
        name=f"r{number}",
        replicas=replicas,
        available=replicas if available is None else available,
        created=BEGIN + timedelta(seconds=number),
        **{"desired": None, "limit": None, "pods": replicas, **more},  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("bound", "total", "up", "count"),
    [
        ("25%", 10, True, 3),
        ("25%", 10, False, 2),
        ("25%", 1, True, 1),
        ("25%", 1, False, 0),
        (2, 10, True, 2),
        ("100%", 3, False, 3),
        ("0%", 3, True, 0),
    ],
)
def test_bounds_are_numbers_or_shares(bound: int | str, total: int, up: bool, count: int) -> None:
    assert resolve(bound, total, up=up) == count


def test_without_surge_one_pod_may_be_missing() -> None:
    assert Wanted(replicas=3, max_surge=0, max_unavailable="25%").unavailable == 1
    assert Wanted(replicas=3, max_surge=1, max_unavailable=0).unavailable == 0
    assert Wanted(replicas=2, max_surge=0, max_unavailable=5).unavailable == 2
    assert Wanted(replicas=0).unavailable == 0


TEN = Wanted(replicas=10, max_surge=3, max_unavailable=2)

STEPS: Mapping[str, tuple[Wanted, Generation | None, Sequence[Generation], Step]] = {
    "the first ReplicaSet is created at full size": (Wanted(replicas=3), None, [], Step(create_new=3)),
    "a new template begins with the surge": (TEN, None, [generation(1, 10)], Step(create_new=3)),
    "nothing to do": (TEN, generation(2, 10), [generation(1, 0)], NOTHING),
    "old pods go as far as availability allows": (TEN, generation(2, 3, available=0), [generation(1, 10)], Step((Scale("r1", 8),))),
    "the freed room is used": (TEN, generation(2, 3, available=0), [generation(1, 8)], Step((Scale("r2", 5),))),
    "new pods that do not come up stop the rollout": (TEN, generation(2, 5, available=0), [generation(1, 8)], NOTHING),
    "available new pods replace old ones": (TEN, generation(2, 5, available=5), [generation(1, 8)], Step((Scale("r1", 3),))),
    "old pods that serve nobody go first": (
        TEN,
        generation(3, 3, available=0),
        [generation(1, 8), generation(2, 2, available=0)],
        Step((Scale("r2", 0),)),
    ),
    "a broken old pod does not make room when the new ones are broken too": (
        TEN,
        generation(2, 5, available=0),
        [generation(1, 8, available=7)],
        NOTHING,
    ),
    "going back from a broken template removes its pods": (
        TEN,
        generation(1, 8, available=7),
        [generation(2, 5, available=0)],
        Step((Scale("r2", 1),)),
    ),
    "a roll over starts with nothing when the pods are all there": (
        TEN,
        None,
        [generation(1, 8), generation(2, 5, available=0)],
        Step(create_new=0),
    ),
    "the new ReplicaSet is too large": (Wanted(replicas=2), generation(1, 3), [], Step((Scale("r1", 2),))),
    "recreate stops everything first": (
        Wanted(replicas=3, strategy="Recreate"),
        None,
        [generation(1, 3), generation(2, 1)],
        Step((Scale("r1", 0), Scale("r2", 0))),
    ),
    "recreate waits until the last old pod is gone": (
        Wanted(replicas=3, strategy="Recreate"),
        None,
        [generation(1, 0, pods=1)],
        NOTHING,
    ),
    "recreate then starts": (Wanted(replicas=3, strategy="Recreate"), None, [generation(1, 0)], Step(create_new=3)),
    "recreate starts again": (
        Wanted(replicas=3, strategy="Recreate"),
        generation(2, 0),
        [generation(1, 0)],
        Step((Scale("r2", 3),)),
    ),
    "a paused Deployment does not roll": (Wanted(replicas=3, paused=True), None, [generation(1, 3, desired=3)], NOTHING),
    "a paused Deployment is scaled": (
        Wanted(replicas=5, paused=True),
        None,
        [generation(1, 3, desired=3)],
        Step((Scale("r1", 5),)),
    ),
    "two ReplicaSets share a larger size by their parts": (
        replace(TEN, replicas=15),
        generation(2, 5, desired=10, limit=13),
        [generation(1, 8, desired=10, limit=13)],
        Step((Scale("r1", 11), Scale("r2", 7))),
    ),
    "two ReplicaSets share a smaller size by their parts": (
        replace(TEN, replicas=5),
        generation(2, 5, desired=10, limit=13),
        [generation(1, 8, desired=10, limit=13)],
        Step((Scale("r1", 5), Scale("r2", 3))),
    ),
    "to zero": (
        replace(TEN, replicas=0),
        generation(2, 5, desired=10, limit=13),
        [generation(1, 8, desired=10, limit=13)],
        Step((Scale("r1", 0), Scale("r2", 0))),
    ),
    "a saturated new ReplicaSet empties the old ones that were adopted": (
        Wanted(replicas=3),
        generation(2, 3, desired=3),
        [generation(1, 2, desired=2)],
        Step((Scale("r1", 0),)),
    ),
}


@pytest.mark.parametrize("case", STEPS)
def test_a_step(case: str) -> None:
    wanted, new, old, expected = STEPS[case]
    assert next_step(wanted, new, old) == expected


class World:
    """ReplicaSets that do what they are told; pods become available when the test says so."""

    def __init__(self, *generations: Generation) -> None:
        self.sets = {each.name: each for each in generations}

    def take(self, step: Step, wanted: Wanted, new: str) -> None:
        limit = wanted.replicas + wanted.surge
        if step.create_new is not None:
            self.sets[new] = generation(len(self.sets) + 1, step.create_new, available=0, desired=wanted.replicas, limit=limit)
            self.sets[new] = replace(self.sets[new], name=new)
        for scale in step.scale:
            before = self.sets[scale.name]
            surplus = max(0, before.replicas - scale.replicas)
            gone_available = max(0, surplus - (before.replicas - before.available))
            self.sets[scale.name] = replace(
                before,
                replicas=scale.replicas,
                available=before.available - gone_available,
                pods=scale.replicas,
                desired=wanted.replicas,
                limit=limit,
            )

    def ready(self, name: str, count: int) -> None:
        each = self.sets[name]
        self.sets[name] = replace(each, available=min(each.replicas, each.available + count))

    @property
    def total(self) -> int:
        return sum(each.replicas for each in self.sets.values())

    @property
    def available(self) -> int:
        return sum(each.available for each in self.sets.values())


@settings(max_examples=300, deadline=None)
@given(
    replicas=st.integers(1, 12),
    surge=st.one_of(st.integers(0, 4), st.sampled_from(["0%", "10%", "25%", "100%"])),
    unavailable=st.one_of(st.integers(0, 4), st.sampled_from(["0%", "10%", "25%", "100%"])),
    pace=st.integers(1, 5),
)
def test_a_rolling_update_keeps_its_bounds_and_ends(replicas: int, surge: int | str, unavailable: int | str, pace: int) -> None:
    wanted = Wanted(replicas=replicas, max_surge=surge, max_unavailable=unavailable)
    sized = {"desired": wanted.replicas, "limit": wanted.replicas + wanted.surge}
    world = World(generation(1, replicas, **sized))
    for _ in range(20 * replicas + 20):
        new = world.sets.get("new")
        step = next_step(wanted, new, [each for name, each in world.sets.items() if name != "new"])
        world.take(step, wanted, "new")
        assert world.total <= replicas + wanted.surge
        assert world.available >= replicas - wanted.unavailable
        if step == NOTHING:
            if world.sets["new"].available == replicas:
                break
            world.ready("new", pace)
    assert {name: each.replicas for name, each in world.sets.items()} == {"r1": 0, "new": replicas}


@settings(max_examples=200, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 9), min_size=2, max_size=4),
    before=st.integers(1, 12),
    after=st.integers(0, 15),
)
def test_resizing_in_the_middle_moves_to_the_allowed_size(sizes: list[int], before: int, after: int) -> None:
    active = [generation(number, size, desired=before, limit=sum(sizes)) for number, size in enumerate(sizes, start=1)]
    assume(sum(1 for each in active if each.replicas) > 1)
    assume(before != after)
    wanted = Wanted(replicas=after)
    world = World(*active)
    world.take(next_step(wanted, active[-1], active[:-1]), wanted, "r9")
    allowed = after + wanted.surge if after else 0
    if allowed >= sum(sizes):
        assert world.total == allowed
    else:
        assert allowed <= world.total < sum(sizes), "what the largest cannot give goes in the next step"
    assert all(each.replicas >= 0 for each in world.sets.values())
