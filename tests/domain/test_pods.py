"""Pods of all slots: whose they are, in which order, what is missing altogether, and that what is as before is not judged again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from console.domain.pods import SlotPod, SlotPods, Standing, slot_pods
from console.domain.world import Condition, ContainerState, Event, Meta, Pod, World
from tests.screens import scenes
from tests.screens.scenes import BACKEND, BLUE, FRONTEND, GREEN, Slot

ENVIRONMENT = scenes.environment()
OWNER = "traider-backend-green-7d9f"


def pod(name: str, *, owner: str = OWNER, **changes: object) -> Pod:
    """A pod that is ready, unless something is said of it."""
    state = ContainerState("backend", "traider-backend:v1.5.0", ready=True, state="running")
    plain = Pod(Meta(name, owner=owner, created=scenes.ago(600)), "Running", containers=(state,), conditions=(Condition("Ready", "True"),))
    return replace(plain, **changes)  # type: ignore[arg-type]


def starting(name: str) -> Pod:
    waiting = ContainerState("backend", "traider-backend:v1.5.0", state="waiting", reason="ContainerCreating")
    return pod(name, phase="Pending", containers=(waiting,), conditions=())


def seen(*pods: Pod, events: tuple[Event, ...] = ()) -> World:
    """Green with these pods of the backend and nothing else that runs."""
    plain = scenes.world({BLUE: None, GREEN: Slot("v1.5.0", desired=0)}, events=events)
    return replace(plain, pods={each.name: each for each in pods})


def only(world: World) -> SlotPod:
    (found,) = slot_pods(ENVIRONMENT, world).pods
    return found


def test_broken_pods_come_first_then_those_that_start_then_those_that_end_then_the_rest() -> None:
    crashed = {
        p.name: p for p in scenes.world({BLUE: Slot("v1.4.2"), GREEN: Slot("v1.5.0", ready={BACKEND: 2, FRONTEND: 3})}).pods.values()
    }
    world = scenes.world({BLUE: Slot("v1.4.2"), GREEN: Slot("v1.5.0", ready={BACKEND: 2, FRONTEND: 3}, crash="no database")})
    ending = pod("traider-backend-green-7d9f-bye", meta=Meta("traider-backend-green-7d9f-bye", owner=OWNER, deleting=True))
    world = replace(world, pods={**world.pods, ending.name: ending, "new": starting("new")})
    found = slot_pods(ENVIRONMENT, world).pods
    assert len(found) == len(crashed) + 2
    assert [(each.standing, each.word) for each in found[:3]] == [
        (Standing.BROKEN, "CrashLoopBackOff"),
        (Standing.PARTLY, "ContainerCreating"),
        (Standing.ENDING, "Terminating"),
    ]
    assert [(each.slot, each.component) for each in found[3::3]] == [(BLUE, BACKEND), (BLUE, FRONTEND), (GREEN, BACKEND), (GREEN, FRONTEND)]


@pytest.mark.parametrize(
    ("changes", "standing", "word"),
    [
        ({}, Standing.WELL, "Running"),
        ({"conditions": (Condition("Ready", "False"),)}, Standing.PARTLY, "NotReady"),
        (
            {
                "conditions": (Condition("Ready", "False"),),
                "containers": (ContainerState("backend", state="running", restarts=2, last_exit_code=1),),
            },
            Standing.BROKEN,
            "NotReady",
        ),
        ({"phase": "Succeeded", "conditions": ()}, Standing.ENDING, "Completed"),
        ({"phase": "Failed", "reason": "Evicted", "conditions": (), "containers": ()}, Standing.BROKEN, "Evicted"),
        (
            {
                "phase": "Pending",
                "containers": (ContainerState("backend", state="waiting", reason="PodInitializing"),),
                "init_containers": (
                    ContainerState("copy", state="terminated", exit_code=0),
                    ContainerState("migrate", state="waiting", reason="CrashLoopBackOff", restarts=3, last_exit_code=2),
                ),
                "conditions": (),
            },
            Standing.BROKEN,
            "CrashLoopBackOff",
        ),
    ],
)
def test_how_a_pod_is_doing(changes: dict[str, Any], standing: Standing, word: str) -> None:
    found = only(seen(pod("one", **changes)))
    assert (found.standing, found.word) == (standing, word)


def test_pods_that_cannot_even_be_created_have_a_row_that_says_why() -> None:
    world = scenes.world({BLUE: None, GREEN: Slot("v1.5.0", ready=0, desired=3)})
    refused = Condition("ReplicaFailure", "True", "FailedCreate", 'pods "x" is forbidden: exceeded quota: small')
    sets = {name: replace(each, conditions=(refused,)) if "backend" in name else each for name, each in world.replica_sets.items()}
    found = slot_pods(ENVIRONMENT, replace(world, pods={}, replica_sets=sets)).pods
    assert [(each.pod, each.slot, each.component, each.word) for each in found] == [(None, GREEN, BACKEND, "quota")]
    assert found[0].cause is not None
    assert "exceeded quota: small" in found[0].cause.sentence


def test_pods_of_others_are_counted_and_not_listed() -> None:
    found = slot_pods(ENVIRONMENT, seen(pod("one"), pod("stranger", owner="somebody-else-66cc")))
    assert ([each.name for each in found.pods], found.others) == (["one"], 1)


def test_a_pod_that_is_as_before_is_not_judged_again_and_one_of_which_something_was_said_is() -> None:
    crash = starting("a")
    before = slot_pods(ENVIRONMENT, seen(crash, pod("b")))
    mount = Event(Meta("e"), "Warning", "FailedMount", "no such volume", "Pod", "a", 1, scenes.NOW)
    after_world = seen(crash, before.by_name["b"].pod or pod("b"), events=(mount,))
    after = slot_pods(ENVIRONMENT, after_world, before)
    assert after.by_name["b"] is before.by_name["b"]
    assert (before.by_name["a"].word, after.by_name["a"].word) == ("ContainerCreating", "FailedMount")
    assert after == slot_pods(ENVIRONMENT, after_world, SlotPods())
    assert slot_pods(ENVIRONMENT, after_world, after) is after
