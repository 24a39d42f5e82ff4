"""The real console in a real terminal: how soon it shows what is so, and what it costs while nothing happens."""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from aiohttp import web

from console.sandbox.control_plane import ControlPlane
from console.sandbox.endpoint import write_kubeconfig
from console.sandbox.prometheus import running_metrics
from console.sandbox.rehearsal_config import write_config
from tests.bench import hollow, processes
from tests.bench.pane import Pane, opened
from tests.bench.report import Figure
from tests.bench.settings import changed
from tests.controlplane.build import ensure_binaries
from tests.support.people import ROOT, Person

USER = "operator-2"
"""Who the console is to the API server: nobody else is."""
STEADY = 60.0
"""Seconds of watching while nothing happens."""
SETTLED = 3.0
CROWD, FEW = 5_000, 12
SMALL = "small"
"""Namespace of the application of twelve pods."""
RATE = 500
"""Changes a second while keys are pressed."""
RESTS = 0.25
SPREAD = 0.2
"""Seconds between two samples: at least, and up to so much more, so that no sample meets the same beat."""


@dataclass
class Seen:
    """Measured; seconds where nothing else is said."""

    frames: list[float] = field(default_factory=list)
    live: list[float] = field(default_factory=list)
    changes: list[float] = field(default_factory=list)
    keys: list[float] = field(default_factory=list)
    rate: float = 0.0
    """Changes a second that were really made while keys were pressed."""
    crowd: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    """Bytes."""
    runner: list[float] = field(default_factory=list)
    """Bytes of the runner that waits beside the console."""
    idle: list[float] = field(default_factory=list)
    """Share of one processor."""
    requests: list[float] = field(default_factory=list)
    """A minute."""
    bytes: list[float] = field(default_factory=list)
    """In a minute, without the stroke of the clock."""
    hung: list[float] = field(default_factory=list)
    said: Counter[str] = field(default_factory=Counter)
    """Requests of the steady minute, by verb and resource."""
    troubles: list[str] = field(default_factory=list)
    """Why a part could not be measured to its end."""

    def figures(self) -> tuple[Figure, ...]:
        keys = f"key → paint, {self.rate:.0f} changes/s"
        return (
            Figure("launch → first frame", self.frames, aim=0.26, reference="0.24–0.34 s"),
            Figure("launch → live slots of 12 pods", self.live, aim=0.8, reference="0.54–1.6 s"),
            Figure("change in the cluster → on screen", self.changes, aim=0.1, quantile=0.95, reference="1.2–2 s"),
            Figure(keys, self.keys, aim=0.05, quantile=0.99),
            Figure("launch → 5,000 pods counted", self.crowd, aim=3.0, reference="2.9–3.0 s"),
            Figure("memory with 5,000 pods", self.memory, aim=200e6, unit="bytes", reference="337–351 MB"),
            Figure("memory of the waiting runner", self.runner, unit="bytes"),
            Figure("idle CPU with 5,000 pods", self.idle, aim=0.02, unit="share", reference="16.5 %"),
            Figure("API requests when steady, beside /livez", self.requests, aim=6, unit="/min", reference="about 0"),
            Figure("bytes to the terminal when steady", self.bytes, aim=0, unit="bytes", reference="720 B"),
            Figure("hung API server → every panel marked", self.hung, aim=5.0, quantile=1.0, reference="52 s"),
        )

    def lines(self) -> list[str]:
        """What the steady minute's requests were; what could not be measured."""
        rows = [f"  {count:>4}  {what}" for what, count in self.said.most_common()]
        requests = ["", "requests of a steady console in a minute:", *rows] if rows else []
        return [*requests, *(["", *self.troubles] if self.troubles else [])]


@dataclass(frozen=True)
class Stage:
    """A real control plane without controllers, health checks that are answered, and a hollow application of twelve pods."""

    plane: ControlPlane
    folder: Path
    health: str
    """Where every check is well."""
    prometheus: str

    @asynccontextmanager
    async def console(self, namespace: str = SMALL) -> AsyncIterator[Pane]:
        """The console, in a terminal, of the application in this namespace."""
        who = self._person(namespace)
        async with opened(who.arguments(), environment=who.environment()) as pane:
            yield pane

    def kubeconfig(self, user: str, namespace: str) -> Path:
        return write_kubeconfig(self.folder / f"{user}-{namespace}.kubeconfig", self.plane.endpoint, user, namespace)

    @asynccontextmanager
    async def hollow(self, namespace: str, *, pods: int) -> AsyncIterator[None]:
        """So many pods in a namespace of their own."""
        await self.plane.create_namespace(namespace)
        try:
            async with hollow.writer(self.kubeconfig("admin", namespace), namespace) as writer:
                for component in hollow.COMPONENTS:
                    await writer.service(component, hollow.SLOTS[0])
                for workload in hollow.workloads(pods):
                    await writer.write(workload)
            yield
        finally:
            await self.plane.delete_namespace(namespace)

    def _person(self, namespace: str) -> Person:
        """Somebody who asks health as often as it is shipped."""
        home = self.folder / namespace
        config = home / "config"
        if not config.exists():
            kubeconfig = self.kubeconfig(USER, namespace)
            write_config(
                config, shipped=ROOT / "config", kubeconfig=kubeconfig, namespace=namespace,
                url=lambda service: f"{self.health}/{service}", prometheus=self.prometheus,
            )  # fmt: skip
            changed(config, health=None)
        return Person(home=home, config=config, journal=home / "journal.db", mark=namespace)


@asynccontextmanager
async def staged(folder: Path) -> AsyncIterator[Stage]:
    """What is only written down would be repaired, so the controllers are stopped."""
    folder.mkdir()
    async with (
        ControlPlane.start(ensure_binaries(), folder / "plane") as plane,
        answering() as health,
        running_metrics(folder / "prometheus", folder / "targets.json", interval=1.0) as prometheus,
    ):
        await plane.stop("kube-controller-manager")
        stage = Stage(plane, folder, health, prometheus)
        async with stage.hollow(SMALL, pods=FEW):
            yield stage


@asynccontextmanager
async def answering() -> AsyncIterator[str]:
    """Every health check of the application is well here."""

    async def well(_: web.Request) -> web.Response:
        return web.json_response({"status": "ok", "release": "v1.4.2", "database": {"status": "healthy"}, "csrfToken": "x"})

    application = web.Application()
    application.router.add_get("/{any:.*}", well)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def launches(stage: Stage, seen: Seen, *, count: int) -> None:
    """From the start of the process to the first frame, and until both slots stand there with all their pods."""
    for _ in range(count):
        async with stage.console() as pane:
            seen.frames.append(await pane.shows("BLUEGREEN") - pane.began)
            seen.live.append(await _live(pane) - pane.began)


async def changes(stage: Stage, seen: Seen, *, count: int) -> None:
    """From sending a change of a Service to the screen that tells of it."""
    async with stage.console() as pane, hollow.writer(stage.kubeconfig("admin", SMALL), SMALL) as writer:
        await _live(pane)
        await asyncio.sleep(SETTLED)
        for number in range(count):
            slot = hollow.SLOTS[(number + 1) % 2]
            told = partial(re.search, rf"SWITCH .*frontend → {slot}")
            pane.catch_up()  # else the rest of the last change still stands on a screen that is half drawn
            sent = time.monotonic()
            await writer.patch("Service", "traider-frontend", {"spec": {"selector": {"version": slot}}})
            seen.changes.append(await pane.until(told, what=f"frontend → {slot}") - sent)
            await _rest()


async def steady(stage: Stage, seen: Seen) -> None:
    """A minute in which nothing happens: requests by the API server's own record, bytes by the terminal's."""
    log = await stage.plane.audit()
    async with stage.console() as pane:
        await _live(pane)
        await asyncio.sleep(SETTLED)
        await pane.quiet(SETTLED, within=20)
        began, since = time.monotonic(), datetime.now(UTC)
        await asyncio.sleep(STEADY)
        ended = time.monotonic()
        pane.catch_up()
    strokes = [at for at, _ in pane.chunks if began <= at < ended and _is_stroke(at)]
    drawn = pane.drawn(began, ended) - sum(len(data) for at, data in pane.chunks if at in strokes)
    seen.bytes.append(drawn * 60 / (ended - began))
    seen.said = _requests(log, since)
    others = sum(count for what, count in seen.said.items() if what != "get /livez" and not what.startswith("watch "))
    seen.requests.append(others * 60 / STEADY)


def _is_stroke(at: float) -> bool:
    """The minute changed just before this moment: the header's clock is drawn."""
    return datetime.fromtimestamp(time.time() - time.monotonic() + at, UTC).second < 2


def _requests(log: Path, since: datetime) -> Counter[str]:
    """Requests that the console's user began since then, by verb and resource."""
    found: dict[str, str] = {}
    for line in log.read_text().splitlines():
        entry = json.loads(line)
        if entry["user"]["username"] == USER and datetime.fromisoformat(entry["requestReceivedTimestamp"]) >= since:
            named = entry.get("objectRef", {}).get("resource") or entry["requestURI"].partition("?")[0]
            found[entry["auditID"]] = f"{entry['verb']} {named}"
    return Counter(found.values())


async def hangs(stage: Stage, seen: Seen, *, count: int) -> None:
    """From the moment the API server stops answering until every panel that lives of it says so."""
    async with stage.console() as pane:
        for _ in range(count):
            await _live(pane)
            await pane.until(lambda text: "LOST" not in text and "STALE" not in text, what="everything fresh")
            await asyncio.sleep(SETTLED + random.uniform(0.0, 2.0))
            began = time.monotonic()
            stage.plane.pause("kube-apiserver")
            try:
                seen.hung.append(await pane.until(_all_marked, what="every panel marked") - began)
            finally:
                stage.plane.resume("kube-apiserver")


def _all_marked(text: str) -> bool:
    """Users, both slots and the way back."""
    lines = text.splitlines()
    words = ("LOST", "STALE")
    slots = sum(line.count(word) for line in lines if "BLUE" in line and "GREEN" in line for word in words)
    users = any(word in line for line in lines if "USERS" in line for word in words)
    back = any("LOST" in line for line in lines if "Way back" in line)
    return slots >= 2 and users and back


async def crowds(stage: Stage, seen: Seen, *, count: int, pods: int = CROWD) -> None:
    """A namespace of so many pods: from the start of the process until all are counted, and what it costs to keep them in view."""
    async with stage.hollow("crowd", pods=pods):
        for number in range(count):
            async with stage.console("crowd") as pane:
                at = await pane.shows_four(f"{pods // 4} restarts")
                seen.crowd.append(at - pane.began)
                if number == count - 1:
                    await _idle(pane, seen)


async def _idle(pane: Pane, seen: Seen) -> None:
    await asyncio.sleep(2 * SETTLED)
    began, used = time.monotonic(), processes.cpu_seconds(pane.pid)
    await asyncio.sleep(STEADY / 2)
    seen.idle.append((processes.cpu_seconds(pane.pid) - used) / (time.monotonic() - began))
    seen.memory.append(processes.resident(pane.pid))
    seen.runner += [processes.resident(child) for child in processes.children(pane.pid)]


async def keys(stage: Stage, seen: Seen, *, count: int) -> None:
    """Letters typed into a form while pods change all the time: from the key to the letter."""
    async with stage.console() as pane:
        await _live(pane)
        async with hollow.storm(stage.kubeconfig("admin", SMALL), SMALL, pods=FEW, rate=RATE) as storm:
            await asyncio.sleep(SETTLED)
            pane.type("d")
            await pane.shows("Makes a plan first")
            typed = ""
            while len(seen.keys) < count:
                typed = "" if len(typed) == 40 else typed + random.choice("abcdefghijklmnopqrstuvwxyz")
                at = pane.type(typed[-1] if typed else "\x15")
                if typed:
                    seen.keys.append(await pane.shows(typed) - at)
                await asyncio.sleep(random.uniform(0.05, 0.15))
        seen.rate = storm.rate


async def _live(pane: Pane) -> float:
    return await pane.shows_four("3/3 ready")


async def _rest() -> None:
    await asyncio.sleep(RESTS + random.uniform(0.0, SPREAD))
