"""The API server, its store or the way to it is away: every panel says so, nothing exits, and all goes on by itself afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import cast

import pytest

from console.domain.entry import Entry
from console.domain.views.marks import Mark
from console.domain.world import KINDS
from console.journal import open_journal
from console.sandbox.control_plane import ControlPlane
from console.sandbox.endpoint import write_kubeconfig
from console.sandbox.ports import LOOPBACK
from tests.e2e.conftest import Starts
from tests.faults.behind import point_at
from tests.faults.loss import Path, lossy_path
from tests.faults.observers import Console, watching_console
from tests.sandbox.waiting import answered, until
from tests.support.faults import fault
from tests.support.scenario import Scenario

pytestmark = pytest.mark.slow

SEEN_WITHIN = 5.0
PATIENT = 4.0
"""Factor on what a person would wait: the machine of the tests has other work."""
Deed = Callable[[ControlPlane, Path], Awaitable[None]]


async def hang_api(plane: ControlPlane, _: Path) -> None:
    plane.pause("kube-apiserver")


async def wake_api(plane: ControlPlane, _: Path) -> None:
    plane.resume("kube-apiserver")


async def kill_api(plane: ControlPlane, _: Path) -> None:
    await plane.kill("kube-apiserver")


async def launch_api(plane: ControlPlane, _: Path) -> None:
    await plane.launch("kube-apiserver")


async def hang_store(plane: ControlPlane, _: Path) -> None:
    plane.pause("etcd")


async def wake_store(plane: ControlPlane, _: Path) -> None:
    plane.resume("etcd")


async def kill_store(plane: ControlPlane, _: Path) -> None:
    await plane.kill("etcd")


async def launch_store(plane: ControlPlane, _: Path) -> None:
    await plane.launch("etcd")


async def lose(_: ControlPlane, path: Path) -> None:
    path.loss = 0.8


async def lose_nothing(_: ControlPlane, path: Path) -> None:
    path.loss = 0.0


OUTAGES: dict[str, tuple[Deed, Deed]] = {
    "the API server hangs": (hang_api, wake_api),
    "the API server is killed and comes back": (kill_api, launch_api),
    "etcd hangs": (hang_store, wake_store),
    "etcd is killed and comes back": (kill_store, launch_store),
    "80 % of the packets are lost": (lose, lose_nothing),
}


@fault(
    "the API server or etcd hangs, is killed or restarts, or 80 % of the packets to it are lost",
    group="the cluster",
    sees="LOST with its age on every panel within 5 s, `users` unknown; fresh again by itself",
    does="waits with the reason in its step, looks where everything is, and goes on to its end",
    costs="the length of the outage",
)
@pytest.mark.parametrize("outage", OUTAGES)
@pytest.mark.parametrize("box", [pytest.param("real", marks=pytest.mark.real)], indirect=True)
async def test_an_outage_is_marked_everywhere_and_a_run_goes_on_after_it(scenario: Starts, outage: str) -> None:
    begin, end = OUTAGES[outage]
    async with scenario() as s, by_a_lossy_path(s) as path, watching_console(s) as console:
        plane = cast(ControlPlane, s.box.server)
        await s.deploy("v1.4.2")
        home = await s.app.active()
        await shows(console, known=True)
        running = await s.begin("run", "deploy", "-i", "release=v1.5.0", "--yes", "--reason", "outage")
        await first_intent(s)
        await begin(plane, path)
        try:
            await shows(console, known=False)
        finally:
            await end(plane, path)
        await shows(console, known=True)
        (await running.ended()).expect(0)
        await s.app.expect_live(s.layout.other(home), "v1.5.0", connections=3)


@asynccontextmanager
async def by_a_lossy_path(s: Scenario) -> AsyncIterator[Path]:
    """The operator's settings lead over a path that may lose packets."""
    endpoint = s.box.server.endpoint
    async with lossy_path(int(endpoint.server.rpartition(":")[2]), seed=1) as path:
        over = replace(endpoint, server=f"https://{LOOPBACK}:{path.port}")
        point_at(s.operator.config, write_kubeconfig(s.folder / "lossy.kubeconfig", over, "operator", s.namespace))
        yield path


async def shows(console: Console, *, known: bool) -> None:
    """Wait until every panel that lives on the cluster says that it is fresh, or that it is not."""

    def there() -> bool:
        view, fresh = console.view, console.snapshot.of_kinds(*KINDS)
        if known:
            return fresh.state == "FRESH" and view.users.mark is not Mark.UNKNOWN
        marked = all(any(word.startswith(("LOST", "STALE")) for word in slot.words) for slot in view.slots)
        return marked and all(console.snapshot.of(kind).state in ("LOST", "STALE") for kind in KINDS) and view.users.mark is Mark.UNKNOWN

    await until(there, within=SEEN_WITHIN * PATIENT * (3 if known else 1), what=f"every panel {'fresh' if known else 'marked'}")


async def first_intent(s: Scenario) -> None:
    """Wait until the newest run is about to change something."""
    journal = await open_journal(str(s.operator.journal), "rehearsal")

    async def ask() -> list[Entry]:
        newest = await journal.runs(limit=1)
        return [e for e in await journal.read(run=newest[0].id) if e.type == "step.intent"] if newest and newest[0].open else []

    try:
        await answered(ask, bool, within=60, what="the first intent of the run")
    finally:
        await journal.close()
        await asyncio.sleep(0)
