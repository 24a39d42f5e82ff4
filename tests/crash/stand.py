"""One namespace in which runs are killed and resumed: settings and journals of people, pods without processes, a state to begin from.

A run is opened in this process and driven by forked ones; the namespace is put back to where it was by a few writes.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import yaml

from console.cli.options import Options
from console.cli.parts import deps_of, site_of
from console.domain.entry import Entry
from console.domain.facts import MANAGER
from console.domain.ids import RunId
from console.domain.run import RunRecord
from console.domain.run_fold import fold
from console.engine.deps import Deps
from console.engine.start import Opened, Request, open_run, prepare
from console.journal import open_journal
from console.sandbox.endpoint import write_kubeconfig
from console.sandbox.rehearsal_config import write_config
from tests.contract import wire
from tests.contract.node import Node
from tests.contract.objects import Paths
from tests.contract.wire import Api, eventually
from tests.crash.answers import Answers
from tests.crash.history import Json
from tests.crash.zygote import Job
from tests.planes import ApiServer, fresh_namespace
from tests.support.people import ROOT
from tests.support.scenario import SHORT, write_hurried_runbooks

PATIENCE = 300.0
"""Seconds that anything here may take on a busy machine."""
WAITS = {**SHORT, "ready": "5m", "health": "5m", "routed": "5m", "keep_warm": "0s"}
KILLED = -signal.SIGKILL
_SLOT_WAITS = re.compile(r"(minReadySeconds): \d+")
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Person:
    """Somebody at a machine of their own."""

    home: Path
    config: Path
    journal: Path

    @property
    def options(self) -> Options:
        return Options(env="rehearsal", config=self.config, journal=str(self.journal))

    @contextlib.asynccontextmanager
    async def deps(self) -> AsyncIterator[Deps]:
        """Their parts, in this process."""
        async with deps_of(site_of(self.options), journal_needed=False) as deps:
            yield _answering(deps)

    async def open(self, runbook: str, inputs: Mapping[str, str], *, assume_yes: bool = True) -> Opened:
        """Plan and journal a run."""
        async with self.deps() as deps:
            prepared = await prepare(Request(deps.runbooks[runbook], inputs, "a reason", assume_yes), deps)
            return await open_run(prepared, deps)

    async def entries(self, run: RunId) -> tuple[Entry, ...]:
        """The record of a run as their journal has it; it must be whole."""
        journal = await open_journal(str(self.journal), "rehearsal")
        try:
            verdict = await journal.verify()
            assert verdict.ok, verdict.sentence
            return await journal.read(run=run)
        finally:
            await journal.close()

    async def cli(self, *words: str) -> tuple[int, str]:
        """Run a command of `bluegreen` without a terminal; its exit code and all that it said."""
        shared = ("--config", str(self.config), "--journal", str(self.journal), "--env", "rehearsal")
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(self.home), "XDG_STATE_HOME": str(self.home / "state")}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "console", *shared, *words, cwd=self.home, env=environment,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        async with asyncio.timeout(PATIENCE):
            said, _ = await process.communicate()
        return await process.wait(), said.decode(errors="replace")

    async def record(self, run: RunId) -> RunRecord:
        found = fold(await self.entries(run))
        assert found is not None
        return found


def _answering(deps: Deps) -> Deps:
    return replace(deps, probes=Answers(deps.cluster, deps.environment))


@dataclass
class Runner:
    """A forked runner."""

    job: Job
    pid: int
    ended: asyncio.Future[int]

    def passed(self) -> list[str]:
        """Points that it passed so far."""
        file = Path(self.job.passed)
        return file.read_text().splitlines() if file.exists() else []

    def trouble(self) -> str:
        """What it printed."""
        log = Path(f"{self.job.passed}.log")
        return log.read_text(errors="replace") if log.exists() else ""

    async def status(self) -> int:
        """Wait for its end; its exit status, negative for a signal."""
        async with asyncio.timeout(PATIENCE):
            return await asyncio.shield(self.ended)

    async def stopped(self) -> None:
        """Wait until it has stopped itself."""

        async def state() -> str:
            return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0]

        await eventually(state, lambda found: found == "T", within=PATIENCE)

    def go_on(self) -> None:
        """Wake it up; one that has ended meanwhile does not mind."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGCONT)


@dataclass
class Zygote:
    """The process that forks runners."""

    process: asyncio.subprocess.Process
    folder: Path
    runners: dict[int, Runner] = field(default_factory=dict)
    _begun: dict[int, asyncio.Future[int]] = field(default_factory=dict)
    _ended: dict[int, asyncio.Future[int]] = field(default_factory=dict)

    async def start(
        self,
        person: Person,
        ref: str = "",
        *,
        opens: str = "",
        go: Path | None = None,
        wanted: Sequence[str] = (),
        act: str = "SIGKILL",
        spent: Sequence[str] = (),
    ) -> Runner:
        """Fork a runner for a run; `wanted` are the points at the first of which it sends itself the signal `act`.

        With `opens`, it opens a run of that runbook itself as soon as the file `go` is there.
        """
        number = next(_numbers)
        job = Job(
            job=number, home=str(person.home), config=str(person.config), journal=str(person.journal), ref=ref,
            passed=str(self.folder / f"passed-{number}"), wanted=tuple(wanted), act=act, spent=tuple(spent), opens=opens,
            go=str(go or ""),
        )  # fmt: skip
        loop = asyncio.get_running_loop()
        self._begun[number], self._ended[number] = loop.create_future(), loop.create_future()
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(asdict(job)).encode() + b"\n")
        await self.process.stdin.drain()
        async with asyncio.timeout(PATIENCE):
            pid = await self._begun[number]
        return Runner(job, pid, self._ended[number])

    async def listen(self) -> None:
        """Hear who began and who ended."""
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            said = json.loads(line)
            if "pid" in said:
                self._begun[said["job"]].set_result(said["pid"])
            else:
                self._ended[said["job"]].set_result(said["status"])


@contextlib.asynccontextmanager
async def zygote(folder: Path) -> AsyncIterator[Zygote]:
    """For the length of the block; what it forked ends with it."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.crash.zygote",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env=environment, cwd=ROOT,
    )  # fmt: skip
    found = Zygote(process, folder)
    listening = asyncio.create_task(found.listen())
    try:
        yield found
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


@dataclass
class Stand:
    """Made by `stand`."""

    folder: Path
    server: ApiServer
    api: Api
    paths: Paths
    zygote: Zygote
    saved: dict[str, Json] = field(default_factory=dict)

    def person(self, name: str = "", *, user: str = "operator", journal: Path | None = None, asks: bool = True) -> Person:
        """Somebody with a fresh journal, or with that of somebody else. Without `asks` no health check is configured: what shipped
        programs drive finds no process behind the pods here."""
        home = self.folder / (name or f"person-{next(_numbers)}")
        config = home / "config"
        file = home / "kubeconfig"
        home.mkdir(parents=True, exist_ok=True)
        write_kubeconfig(file, self.server.endpoint, user, self.paths.namespace)
        _write_settings(config, file, self.paths.namespace, asks=asks)
        return Person(home, config, journal or home / "journal.db")

    async def run(self, person: Person, runbook: str, inputs: Mapping[str, str]) -> Runner:
        """A run to its end, undisturbed; it must be done."""
        opened = await person.open(runbook, inputs)
        runner = await self.zygote.start(person, opened.ref)
        status = await runner.status()
        record = await person.record(opened.run)
        assert (status, record.outcome) == (0, "done"), f"{record.outcome}: {record.outcome_reason}\n{runner.trouble()}"
        return runner

    async def save(self) -> None:
        """Remember the state that `restore` comes back to."""
        self.saved = await self._objects()

    async def restore(self) -> None:
        """Every object as it was saved, and its pods available; what came since is gone, and nobody drives."""
        assert (await self.api.delete(self.paths.group("coordination.k8s.io/v1", "leases/bluegreen-traider"))).status in (200, 404)
        present = await self._objects()
        for path in present.keys() - self.saved.keys():
            assert (await self.api.delete(path)).status in (200, 202, 404)
        for path, thing in self.saved.items():
            await self._put_back(path, thing, exists=path in present)
        await eventually(self._unready, lambda names: not names, within=PATIENCE)

    async def _put_back(self, path: str, thing: Json, *, exists: bool) -> None:
        meta = {k: v for k, v in thing["metadata"].items() if k not in ("resourceVersion", "uid", "generation", "creationTimestamp")}
        body = {**thing, "metadata": meta}
        ours = {"fieldManager": MANAGER}
        answer = await (self.api.put(path, body, **ours) if exists else self.api.post(path.rpartition("/")[0], body, **ours))
        answer.ok()

    async def _objects(self) -> dict[str, Json]:
        found: dict[str, Json] = {}
        for path in (self.paths.deployments, self.paths.services, self.paths.configmaps):
            listed = (await self.api.get(path)).ok()
            kind = {"apiVersion": listed["apiVersion"], "kind": listed["kind"].removesuffix("List")}
            for each in listed["items"]:
                if each["metadata"]["name"] != "kube-root-ca.crt":
                    each.pop("status", None)
                    found[f"{path}/{each['metadata']['name']}"] = {**kind, **each}
        return found

    async def _unready(self) -> list[str]:
        """Deployments whose pods are not all there, and no others."""
        listed = (await self.api.get(self.paths.deployments)).ok()["items"]
        return [d["metadata"]["name"] for d in listed if not _settled(d)]


def _settled(deployment: Json) -> bool:
    wanted, status = deployment["spec"]["replicas"], deployment.get("status", {})
    counts = [status.get(name, 0) for name in ("replicas", "updatedReplicas", "availableReplicas")]
    return counts == [wanted] * 3 and status.get("observedGeneration") == deployment["metadata"]["generation"]


@contextlib.asynccontextmanager
async def stand(server: ApiServer, folder: Path) -> AsyncIterator[Stand]:
    """A namespace in which users are on green v1.5.0 and blue v1.4.2 is warm and stable."""
    async with contextlib.AsyncExitStack() as stack:
        namespace = await stack.enter_async_context(fresh_namespace(server))
        api = await stack.enter_async_context(wire.connected(server.endpoint, server.endpoint.users["admin"]))
        agent = await stack.enter_async_context(wire.connected(server.endpoint, server.endpoint.users["node-agent"]))
        paths = Paths(namespace)
        node = Node(agent, paths)
        await node.register()
        stack.push_async_callback(node.unregister)
        await stack.enter_async_context(_attended(node))
        await _controllers_work(api, paths)
        found = Stand(folder, server, api, paths, await stack.enter_async_context(zygote(folder)))
        first = found.person("first")
        await found.run(first, "deploy", {"release": "v1.4.2"})
        await found.run(first, "deploy", {"release": "v1.5.0"})
        await found.save()
        yield found


@contextlib.asynccontextmanager
async def _attended(node: Node) -> AsyncIterator[None]:
    """Pods become ready and go, without haste: what is tested here are runners, and they share the processor."""

    async def attend() -> None:
        for number in itertools.count():
            with contextlib.suppress(AssertionError):  # a pod that went away in between
                await node.attend_once()
            if number % 20 == 0:
                await node.heartbeat()
            await asyncio.sleep(0.2)

    task = asyncio.create_task(attend())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _controllers_work(api: Api, paths: Paths) -> None:
    """Wait until the cluster's controllers, which have just been started, see what is created."""
    labels = {"app": "first-of-all"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "none", "image": "none"}]}}
    spec = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
    path = f"{paths.deployments}/first-of-all"
    (
        await api.post(
            paths.deployments, {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "first-of-all"}, "spec": spec}
        )
    ).ok()

    async def seen() -> Json:
        status: Json = (await api.get(path)).ok().get("status", {})
        return status

    await eventually(seen, lambda status: status.get("observedGeneration"), within=PATIENCE)
    assert (await api.delete(path)).status in (200, 202)


def _write_settings(folder: Path, kubeconfig: Path, namespace: str, *, asks: bool) -> None:
    """The shipped settings and procedures, without what only passes time."""
    write_config(
        folder,
        shipped=ROOT / "config",
        kubeconfig=kubeconfig,
        namespace=namespace,
        url=lambda service: f"http://127.0.0.1:1/{service}",
        prometheus="",
    )
    write_hurried_runbooks(folder / "runbooks")
    for file in (folder / "k8s").glob("*.yml"):
        file.write_text(_SLOT_WAITS.sub(r"\1: 0", file.read_text()))
    hotfix = folder / "runbooks" / "hotfix.yml"
    hotfix.write_text(hotfix.read_text().replace("after: 5s", "after: 0s"))
    file = folder / "environments" / "rehearsal.yml"
    document = {**yaml.safe_load(file.read_text()), "replicas": 1, "waits": WAITS}
    del document["prometheus"]
    if not asks:
        del document["urls"], document["health"]
        application = folder / "application.yml"
        known = yaml.safe_load(application.read_text())
        application.write_text(yaml.safe_dump({**known, "health": {"every": "5s"}}, sort_keys=False))
    file.write_text(yaml.safe_dump(document, sort_keys=False))
