"""One application on a rehearsal cluster, and people who operate it by the real command line, each in processes and a home of their own.

    async with Scenario.start(folder, real=True) as s:
        assert (await s.cli("run", "deploy", "-i", "release=v1.5.0", "--yes", "--reason", "x")).code == 0

`Scenario.start` brings a cluster of its own; `Scenario.on(box, folder)` uses one that runs, in a namespace of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from console.cluster.connect import connect
from console.sandbox import setup_client
from console.sandbox.loadgen import LoadGenerator
from console.sandbox.rehearsal_cluster import SandboxCluster, Size
from console.sandbox.rehearsal_config import write_config
from tests.controlplane.build import ensure_binaries
from tests.sandbox.waiting import answered
from tests.support.application import Application, Json
from tests.support.layout import TRAIDER, Layout
from tests.support.processes import MARK, kill, marked
from tests.support.terminal import Terminal, open_terminal

ROOT = Path(__file__).resolve().parents[2]
RELEASES = ("v1.4.0", "v1.4.1", "v1.4.2", "v1.5.0", "v1.5.1")
REPLICAS = 2
SIZE = Size(backoff_scale=0.05)
SHORT = {"ready": "60s", "health": "20s", "routed": "15s", "verify_after": "0s", "bake": "0s", "keep_warm": "1s"}
"""Waits: everything that only passes time is left out."""
PATIENCE = 120.0
"""Seconds that any one command may take."""
_numbers = itertools.count(1)


class Ran(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    def expect(self, code: int, *texts: str) -> Ran:
        """Itself, if it ended with this exit code and said each of these; else an AssertionError with all that it said."""
        if missing := [text for text in texts if text not in self.out + self.err]:
            raise AssertionError(f"{missing} was not said: {self}")
        if self.code != code:
            raise AssertionError(f"expected exit code {code}: {self}")
        return self

    @property
    def json(self) -> Any:
        """Standard output, where --json was asked for."""
        return json.loads(self.out)

    def __str__(self) -> str:
        return f"exit code {self.code}\n{self.out}{self.err}"


class Scenario:
    """Made by `Scenario.start` or `Scenario.on`."""

    def __init__(self, box: SandboxCluster, layout: Layout, folder: Path, *, application: Application, config: Path) -> None:
        self.box, self.layout, self.folder = box, layout, folder
        self.app, self.config = application, config
        self.namespace = application.namespace
        self.journal = folder / "journal.db"
        self.mark = f"{os.getpid()}-{self.namespace}"

    @classmethod
    @contextlib.asynccontextmanager
    async def start(cls, folder: Path, *, real: bool, layout: Layout = TRAIDER, **settings: Json) -> AsyncIterator[Scenario]:
        """A scenario on a cluster of its own."""
        async with running_box(folder / "box", real=real) as box, cls.on(box, folder / "s", layout=layout, **settings) as scenario:
            yield scenario

    @classmethod
    @contextlib.asynccontextmanager
    async def on(cls, box: SandboxCluster, folder: Path, *, layout: Layout = TRAIDER, **settings: Json) -> AsyncIterator[Scenario]:
        """A scenario in a new namespace. `settings` are merged into the environment's file, section by section."""
        namespace = f"s{os.getpid()}-{next(_numbers)}"
        folder.mkdir(parents=True, exist_ok=True)
        async with AsyncExitStack() as stack:
            await box.create_namespace(namespace, services=layout.services)
            stack.push_async_callback(setup_client.delete_namespace, box.server.endpoint, namespace)
            client = await connect(kubeconfig=box.kubeconfig("admin", namespace), context=None)
            stack.push_async_callback(client.close)
            url = box.url(layout.part("frontend").service, namespace)
            application = Application(layout, client, namespace=namespace, url=url)
            config = _write_settings(box, layout, folder / "config", namespace=namespace, settings=settings)
            scenario = cls(box, layout, folder, application=application, config=config)
            stack.callback(kill, scenario.mark)
            for release in RELEASES:
                scenario.add_release(release)
            yield scenario

    def add_release(self, tag: str, *, roles: tuple[str, ...] = ("backend", "frontend"), **variables: str) -> None:
        """Push images of the example application; `variables` are their environment, as FAULT_UNREADY="1"."""
        for part in self.layout.parts:
            if part.role in roles:
                self.box.add_release(tag, components=(part.role,), repository=part.repository, variables=variables)

    async def adopt(self, release: str = "v1.4.0", *, active: str = "") -> None:
        """Let the owner's objects of an adopted application appear and serve."""
        slot = active or self.layout.slots[0]
        for document in self.layout.objects(release, active=slot, replicas=REPLICAS):
            await self.app.create(document)
        await self.available(slot)
        await self.app.expect_live(slot, release)

    async def available(self, slot: str, *, within: float = 30.0) -> None:
        """Wait until every pod of a slot is available."""

        async def ask() -> list[int]:
            found = [await self.app.deployment(part, slot) for part in self.layout.parts]
            return [each["spec"]["replicas"] - each.get("status", {}).get("availableReplicas", 0) for each in found]

        await answered(ask, lambda missing: not any(missing), within=within, what=f"{slot} available")

    def environment(self, *, home: str = "home", **variables: str) -> dict[str, str]:
        """The environment variables of one person's processes: nothing of the tests' own but the way to Python."""
        folder = self.folder / home
        (folder / "tmp").mkdir(parents=True, exist_ok=True)
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
        own = {"HOME": str(folder), "TMPDIR": str(folder / "tmp"), "PATH": path, "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"}
        return {**own, MARK: self.mark, **variables}

    def arguments(self, *words: str, journal: Path | None = None, config: Path | None = None) -> list[str]:
        """The whole command line of `bluegreen` with these words."""
        shared = ["--config", str(config or self.config), "--journal", str(journal or self.journal), "--env", "rehearsal"]
        return [sys.executable, "-m", "console", *shared, *words]

    async def cli(self, *words: str, home: str = "home", journal: Path | None = None, config: Path | None = None, **variables: str) -> Ran:
        """Run a command to its end, without a terminal."""
        return await self._ended(await self.begin(*words, home=home, journal=journal, config=config, **variables), words)

    async def begin(
        self, *words: str, home: str = "home", journal: Path | None = None, config: Path | None = None, **variables: str
    ) -> asyncio.subprocess.Process:
        """Start a command, without a terminal, and leave it to itself."""
        return await self._spawn(self.arguments(*words, journal=journal, config=config), home, variables)

    async def finish(self, process: asyncio.subprocess.Process) -> Ran:
        """Wait for a command that was begun."""
        return await self._ended(process, ("the command that was begun",))

    async def shell(self, text: str) -> Ran:
        """Run commands in a shell that has the real kubectl first on its PATH."""
        folder = ensure_binaries().etcd.parent
        path = {"PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
        return await self._ended(await self._spawn(["sh", "-ec", text], "home", path), (text,))

    async def terminal(self, *words: str, home: str = "home") -> Terminal:
        """Run a command in a terminal."""
        return await open_terminal(self.arguments(*words), environment=self.environment(home=home), folder=self.folder)

    def load(self, rate: float = 200.0, *, fresh: float = 0.5) -> AbstractAsyncContextManager[LoadGenerator]:
        """Users: requests through frontend, backend and database for the length of the block."""
        return LoadGenerator(f"{self.app.url}/api/quotes", rate=rate, fresh=fresh).run()

    async def deploy(self, release: str, *words: str) -> Ran:
        """`run deploy`, as CI calls it; fails with what it said unless it is done and verified."""
        ran = await self.cli("run", "deploy", "-i", f"release={release}", "--yes", "--reason", f"deploy {release}", *words)
        return ran.expect(0)

    async def show(self, run: int | None = None) -> Json:
        """The record of a run, the newest by default."""
        found: Json = (await self.cli("--json", "show", *([str(run)] if run else []))).json
        return found

    async def quiet(self) -> None:
        """Wait until no process that anybody of this scenario started is left."""

        async def ask() -> Mapping[int, str]:
            return marked(self.mark)

        await answered(ask, lambda left: not left, within=10, what="every process ended")

    async def _spawn(self, arguments: list[str], home: str, variables: Mapping[str, str]) -> asyncio.subprocess.Process:
        pipe, null = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        environment = self.environment(home=home, **variables)
        return await asyncio.create_subprocess_exec(*arguments, stdin=null, stdout=pipe, stderr=pipe, env=environment, cwd=self.folder)

    async def _ended(self, process: asyncio.subprocess.Process, words: tuple[str, ...]) -> Ran:
        try:
            async with asyncio.timeout(PATIENCE):
                out, err = await process.communicate()
        except TimeoutError:
            process.kill()
            raise AssertionError(f"`{' '.join(words)}` did not end within {PATIENCE:g} s") from None
        assert process.returncode is not None
        return Ran(process.returncode, out.decode(), err.decode())


def running_box(folder: Path, *, real: bool) -> AbstractAsyncContextManager[SandboxCluster]:
    """A cluster that scenarios share: small, impatient, without a namespace of its own."""
    return SandboxCluster.start(
        folder, real=ensure_binaries().etcd.parent if real else None, namespaces=("unused",), services=(), size=SIZE
    )


def _write_settings(box: SandboxCluster, layout: Layout, folder: Path, *, namespace: str, settings: Mapping[str, Json]) -> Path:
    write_config(
        folder, shipped=ROOT / "config", kubeconfig=box.kubeconfig("operator", namespace), namespace=namespace,
        url=lambda service: _url(box, service, namespace), prometheus=box.prometheus_url,
    )  # fmt: skip
    file = folder / "environments" / "rehearsal.yml"
    document = yaml.safe_load(file.read_text())
    del document["health"]["every"]
    changes = {"replicas": REPLICAS, "waits": SHORT, **layout.settings(url=lambda service: _url(box, service, namespace))}
    if layout.adopted:
        (folder / "application.yml").unlink()
        changes["health"] = _health(layout)
    file.write_text(yaml.safe_dump(_merged({**document, **changes}, settings), sort_keys=False))
    return folder


def _url(box: SandboxCluster, service: str, namespace: str) -> str:
    try:
        return box.url(service, namespace)
    except KeyError:  # a layout without this Service overwrites the section that would name it
        return "http://127.0.0.1:1"


def _health(layout: Layout) -> Json:
    """The shipped checks, for components of other names."""
    shipped: Json = yaml.safe_load((ROOT / "config" / "application.yml").read_text())["health"]
    shipped["checks"]["auth"]["components"] = [layout.part("frontend").name]
    return shipped


def _merged(document: Json, changes: Mapping[str, Json]) -> Json:
    return {**document, **{key: {**document.get(key, {}), **value} if isinstance(value, dict) else value for key, value in changes.items()}}
