"""Drives actions against an API server as the engine does: observe, plan, act, look until it is proved."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

from actions import ACTIONS
from console.domain.change import Change, Noop, Plan, Write, Written
from console.domain.environment import ClusterRef, Component, Environment, Health, Waits
from console.domain.facts import Stamp
from console.domain.ids import ComponentName, Epoch, ReleaseName, SlotName
from console.domain.position import position
from console.domain.release import Release
from console.engine.action import Bindings, Broken, Done, Ports, Task
from console.engine.clock import SystemClock
from console.engine.ports import Cluster
from tests.actions.fake import FakeProbes, FakeRegistry

PATIENCE = 90.0
"""Seconds; machines that build and test at once are slow."""
MANIFESTS = Path(__file__).parent / "manifests"


def environment(namespace: str, *, manifests: bool, components: tuple[str, ...] = ("backend", "frontend"), **more: Any) -> Environment:
    """Blue and green of the example manifests, or of Deployments that exist already."""
    slots = (SlotName("blue"), SlotName("green"))
    return Environment(
        name="production",
        application="traider",
        cluster=ClusterRef(namespace=namespace),
        components=tuple(
            Component(
                name=ComponentName(name),
                service=f"traider-{name}",
                deployments={s: f"traider-{name}-{s}" for s in slots},
                container=name,
                image=f"example/{name}",
                manifest=MANIFESTS / f"{name}.yml" if manifests else None,
            )
            for name in components
        ),
        slots=slots,
        health=Health(checks=()),
        waits=Waits(keep_warm="10m"),
        **more,
    )


class Driver:
    """One run after the other, each with its own number and epoch."""

    def __init__(self, cluster: Cluster, environment: Environment, folder: Path) -> None:
        self.cluster, self.environment, self.folder = cluster, environment, folder
        self.epoch = 0
        self.release: Release | None = None
        self.bindings = Bindings(None, environment.slots[0], environment.slots[0])
        self.lines: list[str] = []

    async def begin(self, release: str = "", *, back_to: str = "", cluster: Cluster | None = None) -> None:
        """Bind the slot words as they are now, under the next epoch."""
        world = await self.cluster.observe(("Service", "Deployment"))
        active = position(self.environment, world).active
        preview = self.environment.other(active) if active else self.environment.slots[0]
        images = {c.name: f"{c.image}:{release}" for c in self.environment.components}
        self.release = Release(ReleaseName(release), images) if release else None
        self.bindings = Bindings(active, preview, SlotName(back_to) if back_to else preview, "", self.release)
        self.epoch += 1
        if cluster is not None:
            self.cluster = cluster

    def task(self, name: str, **params: Any) -> Task[Any]:
        stamp = Stamp(f"{self.epoch}@test", Epoch(self.epoch), "alice")
        return Task(self.environment, ACTIONS[name].params.model_validate(params), self.bindings, stamp, reason="test")

    def ports(self) -> Ports:
        async def nothing() -> None:
            return None

        async def report(text: str) -> None:
            self.lines.append(text)

        return Ports(self.cluster, FakeProbes(), SystemClock(), FakeRegistry(), self.folder, guard=nothing, report=report)

    async def plan(self, name: str, **params: Any) -> Plan:
        task = self.task(name, **params)
        return ACTIONS[name].plan(await ACTIONS[name].observe(self.ports(), task), task)

    async def do(self, name: str, **params: Any) -> str:
        """Plan, act, prove; the message of the proof. An assertion shows what stood against it."""
        plan = await self.plan(name, **params)
        if isinstance(plan, Noop):
            return plan.reason
        assert isinstance(plan, Change), plan
        await self.act(name, plan, **params)
        return (await self.check(name, **params)).message

    async def act(self, name: str, change: Change, **params: Any) -> tuple[Written, ...]:
        return await ACTIONS[name].apply(self.ports(), self.task(name, **params), change)

    async def check(self, name: str, *, within: float = PATIENCE, **params: Any) -> Done:
        """Look until it is proved; the last word in time otherwise."""
        action, task, carry = ACTIONS[name], self.task(name, **params), None
        until = time.monotonic() + within
        while True:
            verdict = action.verify(await action.observe(self.ports(), task), task, carry)
            if isinstance(verdict, Done):
                return verdict
            assert not isinstance(verdict, Broken), verdict.message
            assert time.monotonic() < until, verdict.message
            carry = verdict.carry
            await asyncio.sleep(0.05)

    async def deploy(self, release: str) -> None:
        """The deploy runbook's steps that change something."""
        await self.begin(release)
        await self.do("release.record", slot="preview")
        await self.do("slots.apply", slot="preview")
        await self.check("rollout.wait", slot="preview")
        await self.do("traffic.switch", to="preview")
        await self.check("traffic.verify", slot="preview")
        await self.do("slots.mark_stable", slot="preview")


class Interfering:
    """A cluster in which somebody else acts right before the write to one object, once."""

    def __init__(self, cluster: Cluster, name: str, deed: Any) -> None:
        self._cluster, self._name, self._deed = cluster, name, deed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cluster, name)

    async def write(self, write: Write, *, dry_run: bool = False) -> Written:
        if write.name == self._name and self._deed is not None:
            deed, self._deed = self._deed, None
            await deed()
        return await self._cluster.write(write, dry_run=dry_run)
