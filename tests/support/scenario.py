"""One application on a rehearsal cluster, and people who operate it by the real command line, in processes and homes of their own.

    async with Scenario.start(folder, real=True) as s:
        (await s.cli("run", "deploy", "-i", "release=v1.5.0", "--yes", "--reason", "x")).expect(0)

`Scenario.start` brings a cluster of its own; `Scenario.on(box, folder)` uses one that runs, in a namespace of its own.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path

import yaml

from console.cluster.connect import connect
from console.sandbox import setup_client
from console.sandbox.loadgen import LoadGenerator
from console.sandbox.rehearsal_cluster import SandboxCluster, Size
from console.sandbox.rehearsal_config import write_config
from tests.controlplane.build import ensure_binaries
from tests.sandbox.waiting import answered
from tests.support.application import Application, Json
from tests.support.layout import TRAIDER, Layout, Part
from tests.support.people import ROOT, Begun, Person, Ran
from tests.support.processes import kill, marked

RELEASES = ("v1.4.0", "v1.4.1", "v1.4.2", "v1.5.0", "v1.5.1")
REPLICAS = 2
SIZE = Size(backoff_scale=0.05)
SHORT = {"ready": "60s", "health": "20s", "routed": "15s", "verify_after": "0s", "bake": "0s", "keep_warm": "1s"}
"""Waits: everything that only passes time is left out."""
IN_A_ROW = ("health.slot", "health.live", "verify.production")
"""Checks that a procedure may want well several times, a second apart."""
NOWHERE = "http://127.0.0.1:1"
"""For a Service that the layout does not have; the layout's own settings leave no trace of it."""
_numbers = itertools.count(1)


class Scenario:
    """Made by `Scenario.start` or `Scenario.on`."""

    def __init__(self, box: SandboxCluster, folder: Path, *, application: Application, config: Path) -> None:
        self.box, self.folder, self.app = box, folder, application
        self.layout, self.namespace = application.layout, application.namespace
        self.mark = f"{os.getpid()}-{self.namespace}"
        self.operator = Person(home=folder / "home", config=config, journal=folder / "home" / "journal.db", mark=self.mark)

    @classmethod
    @contextlib.asynccontextmanager
    async def start(
        cls, folder: Path, *, real: bool, layout: Layout = TRAIDER, hurried: bool = True, **settings: Json
    ) -> AsyncIterator[Scenario]:
        """A scenario on a cluster of its own."""
        async with (
            running_box(folder / "box", real=real) as box,
            cls.on(box, folder / "s", layout=layout, hurried=hurried, **settings) as scenario,
        ):
            yield scenario

    @classmethod
    @contextlib.asynccontextmanager
    async def on(
        cls, box: SandboxCluster, folder: Path, *, layout: Layout = TRAIDER, hurried: bool = True, **settings: Json
    ) -> AsyncIterator[Scenario]:
        """A scenario in a new namespace. `settings` are merged into the environment's file, section by section.

        `hurried`: health is asked once where the shipped procedures want it well several times in a row.
        """
        namespace = f"s{os.getpid()}-{next(_numbers)}"
        async with AsyncExitStack() as stack:
            await box.create_namespace(namespace, services=layout.services)
            stack.push_async_callback(setup_client.delete_namespace, box.server.endpoint, namespace)
            client = await connect(kubeconfig=box.kubeconfig("admin", namespace), context=None)
            stack.push_async_callback(client.close)
            urls = {part.name: box.url(part.service, namespace) for part in layout.parts}
            config = write_settings(box, layout, folder / "config", namespace=namespace, settings=settings)
            if hurried:
                write_hurried_runbooks(config / "runbooks")
            scenario = cls(box, folder, application=Application(layout, client, namespace=namespace, urls=urls), config=config)
            stack.callback(kill, scenario.mark)
            for release in RELEASES:
                scenario.add_release(release)
            yield scenario

    def add_release(self, tag: str, *, only: str = "", faults: Mapping[str, str] | None = None) -> None:
        """Push images of the example application, of one role or of both; `faults` as {"FAULT_UNREADY": "1"}."""
        for part in self.layout.parts:
            if only in ("", part.role):
                self.box.add_release(tag, components=(part.role,), repository=part.repository, variables=faults)

    async def adopt(self, release: str = "v1.4.0", *, active: str = "") -> None:
        """Let the owner's objects of an adopted application appear and serve."""
        slot = active or self.layout.slots[0]
        for document in self.layout.objects(release, active=slot, replicas=REPLICAS):
            await self.app.create(document)
        await self.until_routed(slot)
        await self.app.expect_live(slot, release)

    async def until_routed(self, slot: str, *, within: float = 30.0) -> None:
        """Wait until all pods of this slot are available and new connections reach them and no others."""

        async def ask() -> bool:
            return all([await self._reaches(part, slot) for part in self.layout.parts])

        await answered(ask, bool, within=within, what=f"routed to {slot}")

    async def _reaches(self, part: Part, slot: str) -> bool:
        own = await self.app.deployment(part, slot)
        pods, wanted = await self.app.routed(part), own["spec"]["replicas"]
        known = own.get("status", {}).get("availableReplicas", 0) == wanted == len(pods)
        return known and all(pod.startswith(f"{own['metadata']['name']}-") for pod in pods)

    def person(self, name: str, *, user: str = "operator", journal: Path | None = None) -> Person:
        """Somebody else, at another machine, with a kubeconfig and a journal of their own."""
        home = self.folder / name
        config = home / "config"
        shutil.copytree(self.operator.config, config)
        file = config / "environments" / "rehearsal.yml"
        document = yaml.safe_load(file.read_text())
        document["cluster"]["kubeconfig"] = str(self.box.kubeconfig(user, self.namespace))
        file.write_text(yaml.safe_dump(document, sort_keys=False))
        return Person(home=home, config=config, journal=journal or home / "journal.db", mark=self.mark)

    def set_waits(self, **waits: str) -> None:
        """From now on the environment waits so long: `set_waits(bake="60s")`."""
        file = self.operator.config / "environments" / "rehearsal.yml"
        document = yaml.safe_load(file.read_text())
        document["waits"] |= waits
        file.write_text(yaml.safe_dump(document, sort_keys=False))

    async def cli(self, *words: str) -> Ran:
        """The operator runs a command to its end, without a terminal."""
        return await self.operator.cli(*words)

    async def begin(self, *words: str) -> Begun:
        """The operator starts a command, without a terminal."""
        return await self.operator.begin(*words)

    async def deploy(self, release: str) -> Ran:
        """`run deploy`, as CI calls it; fails with what it said unless it is done and verified."""
        return (await self.cli("run", "deploy", "-i", f"release={release}", "--yes", "--reason", f"deploy {release}")).expect(0)

    async def kubectl(self, text: str) -> Ran:
        """Run shell commands that call the real kubectl."""
        return await self.operator.shell(text, first_on_path=ensure_binaries().etcd.parent)

    async def show(self) -> Json:
        """The record of the newest run."""
        found: Json = (await self.cli("--json", "show")).expect(0).json
        return found

    def load(self, rate: float = 200.0, *, fresh: float = 0.5) -> AbstractAsyncContextManager[LoadGenerator]:
        """Users: requests through frontend, backend and database for the length of the block."""
        return LoadGenerator(f"{self.app.url}/api/quotes", rate=rate, fresh=fresh).run()

    async def run_reaches(self, title: str, *, within: float = 60.0) -> None:
        """Wait until a step whose title begins so runs in the newest run."""

        async def ask() -> list[str]:
            ran = await self.cli("--json", "show")
            return [step["title"] for step in ran.json["steps"] if step["state"] == "running"] if ran.code == 0 else []

        await answered(ask, lambda titles: any(t.startswith(title) for t in titles), within=within, what=f"a step {title!r} runs")

    async def quiet(self) -> None:
        """Wait until no process that anybody of this scenario started is left."""

        async def ask() -> Mapping[int, str]:
            return marked(self.mark)

        await answered(ask, lambda left: not left, within=10, what="every process ended")


def running_box(folder: Path, *, real: bool) -> AbstractAsyncContextManager[SandboxCluster]:
    """A cluster that scenarios share: small, impatient, without a namespace of its own."""
    return SandboxCluster.start(
        folder, real=ensure_binaries().etcd.parent if real else None, namespaces=("unused",), services=(), size=SIZE
    )


def write_settings(box: SandboxCluster, layout: Layout, folder: Path, *, namespace: str, settings: Mapping[str, Json]) -> Path:
    """The rehearsal's settings, changed to describe this layout."""

    def url(service: str) -> str:
        return box.url(service, namespace) if service in layout.services else NOWHERE

    write_config(
        folder, shipped=ROOT / "config", kubeconfig=box.kubeconfig("operator", namespace), namespace=namespace, url=url,
        prometheus=box.prometheus_url,
    )  # fmt: skip
    if layout.adopted:
        (folder / "application.yml").unlink()
    file = folder / "environments" / "rehearsal.yml"
    document = {**yaml.safe_load(file.read_text()), "replicas": REPLICAS, "waits": SHORT, **layout.settings(url=url)}
    for section, values in settings.items():
        document[section] = {**document.get(section, {}), **values}
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    return folder


def write_hurried_runbooks(folder: Path) -> None:
    """The shipped procedures, with one round of every check that they want several rounds of."""
    folder.mkdir()
    for file in (ROOT / "config" / "runbooks").glob("*.yml"):
        document = yaml.safe_load(file.read_text())
        for step in document["steps"]:
            if step.get("check") in IN_A_ROW:
                step["with"] = {**step.get("with", {}), "consecutive": 1}
        (folder / file.name).write_text(yaml.safe_dump(document, sort_keys=False))
