"""A desk whose answers are scripted and whose requests are recorded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Generic, Literal, TypeVar

from console.app.desk import PlanChanged
from console.domain.change import Difference
from console.domain.charts import ChartPage, ChartRequest
from console.domain.connections import Connections
from console.domain.entry import Entry
from console.domain.environment import Environment
from console.domain.ids import RunId
from console.domain.logs import LogPage, LogRequest
from console.domain.object_diff import DiffView
from console.domain.run import Question, RunRecord
from console.domain.runbook import Runbook
from console.domain.snapshot import Snapshot
from console.domain.views.plan import PlanRow, PlanView
from console.domain.views.readiness import Readiness
from tests.screens import scenes

T = TypeVar("T")
LOOKS = ("plan", "rollback_commands", "earlier_runs", "write_report", "connections", "diff", "keep")
"""Requests that change nothing in the cluster or the journal."""


class Latest(Generic[T]):
    """A value and its followers; each follower hears the newest, then every later one."""

    def __init__(self) -> None:
        self._followers: list[asyncio.Queue[T | Exception]] = []
        self._value: T | None = None

    def put(self, value: T) -> None:
        self._value = value
        for queue in self._followers:
            queue.put_nowait(value)

    def fail(self, error: Exception) -> None:
        """Every follower's stream ends with this error."""
        for queue in self._followers:
            queue.put_nowait(error)

    async def follow(self) -> AsyncIterator[T]:
        queue: asyncio.Queue[T | Exception] = asyncio.Queue()
        if self._value is not None:
            queue.put_nowait(self._value)
        self._followers.append(queue)
        try:
            while True:
                value = await queue.get()
                if isinstance(value, Exception):
                    raise value
                yield value
        finally:
            self._followers.remove(queue)


@dataclass
class FakeDesk:
    """What it was asked stands in `calls`, as tuples."""

    environment: Environment = field(default_factory=scenes.environment)
    identity: str = "bob"
    read_only: bool = False
    runbooks: Mapping[str, Runbook] = field(default_factory=scenes.runbooks)
    calls: list[tuple[object, ...]] = field(default_factory=list)
    plans: Callable[[str, Mapping[str, str]], PlanView] | None = None
    fails: Exception | None = None
    """Raised by every request from now on."""
    shut: Exception | None = None
    """Raised while there is a picture and no desk behind it."""
    answered: list[Question] = field(default_factory=list)
    """Questions as they were on the screen when they were answered."""
    changes_once: bool = False
    """The next start finds another plan."""
    connected: Connections = field(default_factory=scenes.connections)
    earlier: tuple[RunRecord, ...] = ()
    """Runs from before those that it shows, newest first."""

    def __post_init__(self) -> None:
        self.snapshot: Latest[Snapshot] = Latest()
        self.ready: Latest[Readiness] = Latest()
        self.records: Latest[tuple[RunRecord, ...]] = Latest()
        self.log: dict[RunId, tuple[Entry, ...]] = {}
        self.pages: Latest[LogPage] = Latest()
        self.draws: Latest[Callable[[ChartRequest], ChartPage]] = Latest()
        self.asked_charts: list[ChartRequest] = []
        """Curves that are asked for right now."""
        self.asked_logs: list[LogRequest] = []
        """Logs that are followed right now."""
        self.closed = False
        self.opening = asyncio.Event()
        """Cleared: the desk behind the first picture takes until it is set."""
        self.opening.set()

    async def desk(self) -> FakeDesk:
        await self.opening.wait()
        if self.shut:
            raise self.shut
        return self

    def snapshots(self) -> AsyncIterator[Snapshot]:
        return self.snapshot.follow()

    def runs(self) -> AsyncIterator[tuple[RunRecord, ...]]:
        return self.records.follow()

    def show_runs(self, *logs: scenes.Log) -> None:
        """These are the runs now, newest first."""
        self.log |= {log.record.id: tuple(log.entries) for log in logs}
        self.records.put(tuple(log.record for log in logs))

    async def follow(self, run: RunId) -> AsyncIterator[RunRecord]:
        async for records in self.records.follow():
            for record in records:
                if record.id == run:
                    yield record

    async def entries(self, run: RunId, after: int = 0) -> tuple[Entry, ...]:
        return tuple(e for e in self.log.get(run, ()) if e.seq > after)

    async def plan(self, runbook: str, inputs: Mapping[str, str]) -> PlanView:
        self._called("plan", runbook, dict(inputs))
        return self._plan(runbook, inputs)

    async def diff(self, runbook: str, inputs: Mapping[str, str]) -> DiffView:
        self._called("diff", runbook, dict(inputs))
        return scenes.deploy_diff()

    async def start(self, runbook: str, inputs: Mapping[str, str], *, reason: str, digest: str) -> RunId:
        self._called("start", runbook, dict(inputs), reason, digest)
        if self.changes_once:
            self.changes_once = False
            plan = self._plan(runbook, inputs)
            changed = tuple(
                PlanRow(r.step, r.kind, r.title, r.state, r.text, (*r.differences, Difference("backend", "image", "v1.4.2", "v1.5.1")))
                for r in plan.rows
            )
            raise PlanChanged(PlanView(plan.runbook, plan.title, plan.environment, changed, "other", plan.inputs, plan.direction))
        return RunId(42)

    async def answer(self, run: RunId, answer: Literal["yes", "no"], typed: str, *, question: Question) -> None:
        self._called("answer", run, question.step, answer, typed)
        self.answered.append(question)

    async def stop(self, run: RunId, reason: str) -> None:
        self._called("stop", run, reason)

    async def note(self, run: RunId, text: str, step: str = "") -> None:
        self._called("note", run, text, *([step] if step else []))

    async def answer_value(self, run: RunId, value: str, *, question: Question) -> None:
        self._called("answer_value", run, question.step, value)
        self.answered.append(question)

    async def skip(self, run: RunId, step: str, reason: str) -> None:
        self._called("skip", run, step, reason)

    async def suspend(self, run: RunId, reason: str) -> None:
        self._called("suspend", run, reason)

    async def keep(self, run: RunId, step: str, *, file: str = "", text: str = "") -> None:
        self._called("keep", run, step, file, text)

    async def resume(self, run: RunId) -> None:
        self._called("resume", run)

    async def take_over(self, run: RunId, reason: str) -> None:
        self._called("take_over", run, reason)

    async def skip_wait(self, run: RunId, step: str) -> None:
        self._called("skip_wait", run, step)

    async def earlier_runs(self, before: RunId | None, limit: int) -> tuple[RunRecord, ...]:
        self._called("earlier_runs", before, limit)
        return tuple(r for r in self.earlier if before is None or r.id < before)[:limit]

    async def write_report(self, run: RunId) -> str:
        self._called("write_report", run)
        return f"/var/lib/bluegreen/u{run}/report.md"

    def readiness(self) -> AsyncIterator[Readiness]:
        return self.ready.follow()

    async def connections(self) -> Connections:
        self._called("connections")
        return self.connected

    async def rollback_commands(self) -> str:
        self._called("rollback_commands")
        return "kubectl --namespace traider-prod patch service traider-frontend …\n# written to rollback.sh"

    async def usual(self, runbook: str) -> Mapping[str, float]:
        return {"rollout.wait": 21.0, "traffic.switch": 0.1} if runbook == "deploy" else {}

    async def logs(self, request: LogRequest) -> AsyncIterator[LogPage]:
        """Every page that is put, as the answer to whatever was asked last."""
        self.asked_logs.append(request)
        try:
            async for page in self.pages.follow():
                yield replace(page, request=request)
        finally:
            self.asked_logs.remove(request)

    async def charts(self, request: ChartRequest) -> AsyncIterator[ChartPage]:
        """What `draws` makes of the request, then nothing more."""
        self.asked_charts.append(request)
        try:
            async for draw in self.draws.follow():
                yield draw(request)
        finally:
            self.asked_charts.remove(request)

    async def write_file(self, name: str, text: str) -> str:
        self._called("keep", name, text)
        return f"/home/bob/.local/state/bluegreen/kept/{name}.txt"

    async def close(self) -> None:
        self.closed = True

    @property
    def changing_calls(self) -> list[tuple[object, ...]]:
        """Requests that change anything."""
        return [call for call in self.calls if call[0] not in LOOKS]

    def _called(self, *call: object) -> None:
        self.calls.append(call)
        if self.fails:
            raise self.fails

    def _plan(self, runbook: str, inputs: Mapping[str, str]) -> PlanView:
        if self.plans:
            return self.plans(runbook, inputs)
        return rollback_plan(inputs) if runbook == "rollback" else deploy_plan(inputs)


def deploy_plan(inputs: Mapping[str, str]) -> PlanView:
    release = inputs.get("release", "v1.5.0")
    images = tuple(Difference(c, "image", "v1.4.1", release) for c in ("backend", "frontend"))
    kubectl = tuple(
        f"kubectl --namespace traider-prod set image deployment/traider-{c}-green {c}=traider-{c}:{release}"
        for c in ("backend", "frontend")
    )
    rows = (
        PlanRow("release.promotable", "check", "release is promotable", "check", "evidence: 4 files"),
        PlanRow("cluster.ready", "check", "cluster is ready", "check", "quota 6 more pods of 20"),
        PlanRow("slots.apply", "do", f"apply {release} to green", "change", "2 changes", images, kubectl, undo="rollback, about 1 s"),
        PlanRow("rollout.wait", "do", "wait for the preview pods", "later", "planned when it is reached", usual=21.0, within=600),
        PlanRow("health.slot", "check", "check health of green", "check", "looked at when it is reached", within=30),
        PlanRow("gate", "gate", "switch live traffic to green?", "asks", "asks an operator"),
        PlanRow("traffic.switch", "do", "switch backend and frontend to green", "later", "planned when it is reached", usual=0.1),
    )
    return PlanView("deploy", f"deploy {release} to green", "production", rows, "d1", dict(inputs), require_reason=True)


def rollback_plan(inputs: Mapping[str, str]) -> PlanView:
    moves = tuple(Difference(c, "slot", "green v1.5.0", "blue v1.4.2") for c in ("frontend", "backend"))
    rows = (PlanRow("traffic.switch", "do", "switch frontend and backend to blue", "change", "2 changes", moves, undo="deploy again"),)
    return PlanView("rollback", "roll back to blue v1.4.2", "production", rows, "d2", dict(inputs), direction="back")
