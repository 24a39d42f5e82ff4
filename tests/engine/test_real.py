"""Runs against real API servers: the lease, the target's proof, the switch and a take-over, under the rights that are shipped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from pydantic import BaseModel

from console.cluster.connect import connect
from console.cluster.kube import KubeCluster
from console.domain.change import Change, Create, Written
from console.engine.action import Action, Ports, Task
from console.engine.clock import SystemClock
from console.engine.deps import Host
from console.sandbox.endpoint import write_kubeconfig
from tests.contract.conftest import server
from tests.engine.conftest import MakeRig
from tests.engine.rig import Rig
from tests.engine.shop import NAMES, ROLLBACK, TELL, Params, Switch, step
from tests.planes import ApiServer, fresh_namespace

__all__ = ["server"]

SWITCH = replace(TELL, name="switch", title="switch to {preview}", digest="switch-1", steps=(
    step("gate", name="gate", question="Switch?", key="s"),
    step("do", "traffic.switch", params={"slot": "preview"}),
))  # fmt: skip


@pytest.fixture
async def operators(server: ApiServer, make_rig: MakeRig, tmp_path: Path) -> AsyncIterator[tuple[Rig, Rig]]:
    """Two operators with journals of their own at one namespace."""
    async with AsyncExitStack() as stack:
        namespace = await stack.enter_async_context(fresh_namespace(server))
        found: list[Rig] = []
        for user in ("operator", "operator-2"):
            file = write_kubeconfig(tmp_path / f"{user}.kubeconfig", server.endpoint, user, namespace)
            cluster = KubeCluster(await connect(kubeconfig=file, context=None))
            stack.push_async_callback(cluster.close)
            made = await make_rig(folder=tmp_path / user, actor=(await cluster.identity()).user, share=found[0] if found else None)
            deps = replace(
                made.deps,
                cluster=cluster,
                clock=SystemClock(),
                host=Host(user, 1, "boot"),
                actions={**made.deps.actions, "traffic.switch": cast("Action[BaseModel, object]", Switch(needs_pods=False))},
                runbooks={"switch": SWITCH, "rollback": ROLLBACK},
            )
            found.append(replace(made, deps=deps))
        await _populate(found[0].deps.cluster)
        yield found[0], found[1]


async def _populate(cluster: object) -> None:
    assert isinstance(cluster, KubeCluster)
    for name in NAMES:
        for slot in ("blue", "green"):
            labels = {"app": name, "version": slot}
            pods = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": name, "image": f"shop/{name}:v1"}]}}
            spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": pods}
            body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": f"{name}-{slot}", "labels": labels}, "spec": spec}
            await cluster.write(Create("Deployment", f"{name}-{slot}", body))
        route = {"selector": {"app": name, "version": "blue"}, "ports": [{"port": 80}]}
        await cluster.write(Create("Service", name, {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": route}))


async def slots(rig: Rig) -> list[str]:
    world = await rig.deps.cluster.observe(("Service",))
    return [world.services[n].selector["version"] for n in NAMES]


async def test_there_and_back(operators: tuple[Rig, Rig]) -> None:
    alice, _ = operators
    there = await alice.run("switch", {})
    assert (there.outcome, await slots(alice)) == ("done", ["green", "green"])
    back = await alice.run("rollback", {})
    assert (back.outcome, back.epoch, await slots(alice)) == ("done", 2, ["blue", "blue"])
    lease = await alice.deps.cluster.lease("bluegreen-shop")
    assert lease is not None
    assert lease.holder == ""
    assert (await alice.journal.verify(lease.anchor)).anchored
    service = await alice.deps.cluster.get_service("backend")
    assert service is not None
    assert service.meta.annotations["bluegreen/run"] == f"2@{back.uid}"


async def test_a_rollback_by_another_operator_with_another_journal_takes_over(operators: tuple[Rig, Rig]) -> None:
    alice, bob = operators
    await alice.run("switch", {})
    opened = await alice.open("switch", {})
    running = alice.start(opened.ref)
    await alice.until(opened.run, lambda r: r.question)
    back = await bob.run("rollback", {})
    assert (back.outcome, await slots(bob)) == ("done", ["blue", "blue"])
    loser = await asyncio.wait_for(running, 10)
    assert loser.outcome == "superseded"


class Hesitant(Switch):
    """Stops between the two patches, right before its second guard."""

    def __init__(self) -> None:
        super().__init__(needs_pods=False)
        self.reached, self.go_on = asyncio.Event(), asyncio.Event()

    async def apply(self, ports: Ports, task: Task[Params], change: Change) -> tuple[Written, ...]:
        first = await super().apply(ports, task, replace(change, writes=change.writes[:1]))
        self.reached.set()
        await self.go_on.wait()
        return first + await super().apply(ports, task, replace(change, writes=change.writes[1:]))


async def test_a_stale_driver_loses_between_its_two_patches(operators: tuple[Rig, Rig]) -> None:
    alice, bob = operators
    slow = Hesitant()
    stale = replace(alice, deps=replace(alice.deps, actions={"traffic.switch": cast("Action[BaseModel, object]", slow)}))
    opened = await stale.open("switch", {}, assume_yes=True)
    running = stale.start(opened.ref)
    await asyncio.wait_for(slow.reached.wait(), 10)
    back = await bob.run("rollback", {})
    assert back.outcome == "done"
    slow.go_on.set()
    assert (await asyncio.wait_for(running, 10)).outcome == "superseded"
    assert len(set(await slots(bob))) == 1
