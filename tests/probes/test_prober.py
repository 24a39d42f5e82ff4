"""The checks of an environment: which place is asked what, and what is made of the answers."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from console.cluster import errors
from console.domain.environment import Check, ClusterRef, Component, Environment, Health, Urls
from console.domain.ids import ComponentName, SlotName
from console.domain.snapshot import LIVE
from console.domain.world import Condition, Deployment, Meta, Pod, ReplicaSet, World
from console.probes.http import HttpGet
from console.probes.prober import ApplicationProbes
from console.probes.rounds import watch_probes
from tests.scripted import Reply, Request, forever, scripted, until

NOW = datetime(2036, 3, 1, 2, 0, tzinfo=UTC)
FRONT, BACK = ComponentName("frontend"), ComponentName("backend")
BLUE, GREEN = SlotName("blue"), SlotName("green")
HEALTH = Check("health", "/api/health")
DATABASE = Check("database", "/api/health/detailed", field="database.status", equals="healthy")
DETAILED = Check("detailed", "/api/health/detailed")
AUTH = Check("auth", "/api/auth/csrf", components=(FRONT,))


def environment(
    *, urls: Urls | None = None, checks: tuple[Check, ...] = (HEALTH,), port: int | None = None, timeout: float = 2.0
) -> Environment:
    deployments = {name: {slot: f"{name}-{slot}" for slot in (BLUE, GREEN)} for name in (FRONT, BACK)}
    return Environment(
        name="production",
        application="shop",
        cluster=ClusterRef("shop"),
        components=tuple(Component(name, str(name), deployments[name], str(name), str(name)) for name in (BACK, FRONT)),
        slots=(BLUE, GREEN),
        urls=urls or Urls(),
        health=Health(checks=checks, release_path="/api/health", release_field="release", port=port, timeout=timeout, every=0.05),
    )


def world(*pods: tuple[str, str, bool], port: int = 8080) -> World:
    """Pods as (deployment, name, ready)."""
    names = {deployment for deployment, _, _ in pods}
    return World(
        "shop",
        NOW,
        deployments={name: Deployment(Meta(name)) for name in names},
        replica_sets={f"{name}-1": ReplicaSet(Meta(f"{name}-1", owner=name)) for name in names},
        pods={
            pod: Pod(Meta(pod, owner=f"{deployment}-1"), conditions=(Condition("Ready", "True" if ready else "False"),), port=port)
            for deployment, pod, ready in pods
        },
    )


class Pods:
    """Pods behind the API server: answers by pod name, or errors."""

    def __init__(self, answers: Mapping[str, tuple[int, bytes] | Exception] | None = None) -> None:
        self.answers = answers or {}
        self.asked: list[tuple[str, int, str]] = []

    async def __call__(self, pod: str, port: int, path: str, timeout: float) -> tuple[int, Mapping[str, str], bytes]:
        self.asked.append((pod, port, path))
        said = self.answers.get(pod, (200, b"{}"))
        if isinstance(said, Exception):
            raise said
        return said[0], {}, said[1]


@contextlib.asynccontextmanager
async def prober(env: Environment, pods: Pods | None = None) -> AsyncIterator[ApplicationProbes]:
    probes = ApplicationProbes(env, pod_get=pods or Pods(), http=HttpGet(verify=ssl.create_default_context()), now=lambda: NOW)
    try:
        yield probes
    finally:
        await probes.close()


async def healthy(_: Request, reply: Reply) -> None:
    await reply.json(200, {"release": "v1.5.0", "database": {"status": "healthy"}})


async def test_every_component_with_a_url_is_asked_its_own_checks() -> None:
    async with scripted(healthy) as server:
        urls = Urls(live={FRONT: server.url, BACK: server.url + "/back"})
        async with prober(environment(urls=urls, checks=(HEALTH, DATABASE, DETAILED, AUTH))) as probes:
            found = await probes.live()
    assert {(r.component, r.check, r.ok) for r in found} == {
        (FRONT, "health", True),
        (FRONT, "database", True),
        (FRONT, "detailed", True),
        (FRONT, "auth", True),
        (BACK, "health", True),
        (BACK, "database", True),
        (BACK, "detailed", True),
    }
    assert [r.release for r in found if r.check == "health"] == ["v1.5.0", "v1.5.0"]
    paths = sorted(request.path for request in server.requests)
    assert paths == sorted(["/api/health", "/api/health/detailed", "/api/auth/csrf", "/back/api/health", "/back/api/health/detailed"]), (
        "a path that two checks look at is asked once"
    )


async def test_a_component_without_a_live_url_is_not_asked() -> None:
    async with scripted(healthy) as server, prober(environment(urls=Urls(live={FRONT: server.url}))) as probes:
        assert [r.component for r in await probes.live()] == [FRONT]
    async with prober(environment()) as probes:
        assert await probes.live() == ()


async def test_a_hanging_place_costs_one_timeout_whatever_the_number_of_checks() -> None:
    async with scripted(lambda *_: forever()) as server:
        env = environment(urls=Urls(live={FRONT: server.url, BACK: server.url}), checks=(HEALTH, DATABASE, AUTH), timeout=1.0)
        async with prober(env) as probes:
            asking = asyncio.create_task(probes.live())
            await until(lambda: len(server.requests) == 5)
            assert not asking.done(), "all are asked before the first is given up"
            assert {result.label for result in await asking} == {"timeout"}


async def test_a_slot_is_asked_at_its_url_where_it_has_one_and_at_a_pod_where_not() -> None:
    pods = Pods()
    async with scripted(healthy) as server:
        env = environment(urls=Urls(slots={BLUE: {FRONT: server.url}}))
        async with prober(env, pods) as probes:
            found = await probes.slot(BLUE, world(("backend-blue", "b-1", True), ("backend-green", "g-1", True)))
    assert {(r.component, r.pod, r.ok) for r in found} == {(FRONT, "", True), (BACK, "b-1", True)}
    assert pods.asked == [("b-1", 8080, "/api/health")]
    assert {r.url for r in found} == {server.url + "/api/health", "pod b-1:8080/api/health"}


async def test_pods_take_turns_and_only_ready_ones_are_asked() -> None:
    pods = Pods()
    known = world(("frontend-blue", "f-1", True), ("frontend-blue", "f-2", False), ("frontend-blue", "f-3", True))
    async with prober(environment(port=9000), pods) as probes:
        for _ in range(3):
            await probes.slot(BLUE, known)
        assert [pod for pod, _, _ in pods.asked] == ["f-1", "f-3", "f-1"]
        assert {port for _, port, _ in pods.asked} == {9000}
        pods.asked.clear()
        await probes.slot(BLUE, known, pods=5)
    assert sorted(pod for pod, _, _ in pods.asked) == ["f-1", "f-3"]


async def test_without_a_ready_pod_or_a_port_nothing_is_asked_and_nothing_fails() -> None:
    pods = Pods()
    async with prober(environment(), pods) as probes:
        nobody = await probes.slot(BLUE, world(("frontend-blue", "f-1", False)))
        portless = await probes.slot(BLUE, world(("frontend-blue", "f-1", True), port=0))
    assert {(r.ok, r.label) for r in (*nobody, *portless)} == {(None, "skipped")}
    assert "no pod of frontend in blue is ready" in {r.detail for r in nobody}
    assert "pod f-1 declares no port; set health.port" in {r.detail for r in portless}
    assert pods.asked == []


@pytest.mark.parametrize(
    ("error", "label", "ok"),
    [
        (
            errors.ServerFault("error trying to reach service: dial tcp 10.1.0.1:8080: connect: connection refused", status=503),
            "refused",
            False,
        ),
        (errors.ServerFault("error trying to reach service: dial tcp 10.1.0.1:8080: i/o timeout", status=503), "timeout", False),
        (errors.ServerFault("error trying to reach service: context deadline exceeded", status=503), "timeout", False),
        (errors.ServerFault("error trying to reach service: read: connection reset by peer", status=502), "reset", False),
        (errors.ServerFault("error trying to reach service: EOF", status=503), "reset", False),
        (errors.ServerFault("error trying to reach service: something new", status=503), "refused", False),
        (errors.TimedOut("sent nothing for 2 s"), "timeout", False),
        (errors.Forbidden("bob may not get pods/proxy"), "skipped", None),
        (errors.NotFound("pods f-1 not found"), "skipped", None),
        (errors.Unreachable("connection refused"), "skipped", None),
        (errors.Unauthorized("token expired"), "skipped", None),
    ],
)
async def test_a_failure_of_the_way_is_no_failure_of_the_pod(error: Exception, label: str, ok: bool | None) -> None:
    async with prober(environment(), Pods({"f-1": error})) as probes:
        found = [r for r in await probes.slot(BLUE, world(("frontend-blue", "f-1", True))) if r.component == FRONT]
    assert [(r.label, r.ok) for r in found] == [(label, ok)]


async def test_fresh_connections_tell_which_release_answers() -> None:
    answers = iter([("v1.4.2", 200)] * 7 + [("v1.5.0", 200)] * 11 + [("", 200), ("x", 503)])

    async def answer(_: Request, reply: Reply) -> None:
        release, status = next(answers)
        await reply.json(status, {"release": release} if release else {})

    async with scripted(answer) as server, prober(environment(urls=Urls(live={FRONT: server.url}))) as probes:
        found = await probes.answered_release(FRONT, count=20)
        assert len({request.connection for request in server.requests}) == 20
    assert found == {"v1.5.0": 11, "v1.4.2": 7, "": 1, "error: 503": 1}
    assert list(found) == ["v1.5.0", "v1.4.2", "", "error: 503"]


async def test_errors_are_counted_among_the_releases() -> None:
    async with scripted(healthy) as server:
        gone = server.url
    async with prober(environment(urls=Urls(live={FRONT: gone}))) as probes:
        assert await probes.answered_release(FRONT, count=5) == {"error: refused": 5}
        assert await probes.answered_release(BACK, count=5) == {}


async def test_an_application_that_does_not_say_its_release_is_not_asked() -> None:
    async with scripted(healthy) as server:
        env = environment(urls=Urls(live={FRONT: server.url}))
        silent = Environment(**{**vars(env), "health": Health(checks=(HEALTH,))})
        async with prober(silent) as probes:
            assert await probes.answered_release(FRONT, count=5) == {}
    assert server.requests == []


async def test_rounds_ask_every_target_and_never_overlap() -> None:
    running = most = 0

    async def slow(_: Request, reply: Reply) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.05)
        running -= 1
        await reply.json(200, {})

    async with scripted(slow) as server:
        env = environment(urls=Urls(live={FRONT: server.url}, slots={BLUE: {FRONT: server.url}, GREEN: {FRONT: server.url}}))
        async with prober(env) as probes, contextlib.aclosing(watch_probes(probes, env, lambda: world())) as rounds:
            seen = [await asyncio.wait_for(anext(rounds), 5) for _ in range(9)]
    assert [each.target for each in seen] == [LIVE, BLUE, GREEN] * 3
    assert most <= 3


async def test_before_the_first_world_slots_have_no_results(tmp_path: Path) -> None:
    env = environment()
    async with prober(env) as probes, contextlib.aclosing(watch_probes(probes, env, lambda: None)) as rounds:
        seen = [await asyncio.wait_for(anext(rounds), 5) for _ in range(3)]
    assert all(each.results == () for each in seen)
