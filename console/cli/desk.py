"""The desk of the console: one environment connected, watched and journaled, behind the protocol that the App knows.

`console.cli.watching` opens what it watches with, and imports this after the first picture.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from console.app.desk import PlanChanged
from console.cli.connections import Looking
from console.cli.options import Options
from console.cli.parts import Connection, Site, join, journal_of
from console.cli.watching import LiveWatch, open_watch
from console.cluster.rehearse import ServerRehearsal
from console.domain.charts import ChartPage, ChartRequest
from console.domain.connections import Connections
from console.domain.entry import Entry
from console.domain.environment import Environment
from console.domain.errors import JournalError, Refused
from console.domain.ids import RunId
from console.domain.logs import LogPage, LogRequest
from console.domain.object_diff import DiffView
from console.domain.position import position
from console.domain.rollback import rollback_targets
from console.domain.run import Question, RunRecord
from console.domain.run_fold import advance
from console.domain.runbook import Runbook
from console.domain.snapshot import Snapshot
from console.domain.views.plan import PlanView
from console.domain.views.readiness import Readiness
from console.engine import follow
from console.engine.deps import Deps
from console.engine.diffing import diff_of
from console.engine.evidence import keep_file, keep_text
from console.engine.handover import hand_over
from console.engine.history import usual
from console.engine.process import WarmRunner, runner_argv
from console.engine.readiness import watch_readiness
from console.engine.report import report_of, write_report
from console.engine.resume import check_resumable
from console.engine.start import SPOOLED, Request, prepare
from console.journal.ledger import Ledger
from console.journal.spool import Spool, spool_of
from console.store import Store, utc_now

if TYPE_CHECKING:
    from console.engine.start import Prepared
    from console.journal.journal import Journal

RUNS_SHOWN = 30


async def open_desk(options: Options) -> LiveDesk:
    """Watch, then open the desk. Raises BluegreenError for what a person corrects."""
    watch = await open_watch(options)
    try:
        return await desk_behind(watch)
    except BaseException:
        await watch.close()
        raise


async def desk_behind(watch: LiveWatch) -> LiveDesk:
    """Open the journal, ask who we are, warm a runner; closed with the watch. Raises BluegreenError."""
    site, connection = watch.site, watch.connection
    async with AsyncExitStack() as stack:
        journal, trouble = await _journal(stack, site)
        deps = await join(connection, journal)
        runner = None if site.read_only else await stack.enter_async_context(_warm(site.options))
        watch.closes(stack.pop_all())
    return LiveDesk(site, connection, deps, watch.store, runner, trouble, watch)


async def _journal(stack: AsyncExitStack, site: Site) -> tuple[Journal | None, str]:
    """The journal, or why there is none: the Overview and the way back need none."""
    try:
        return await stack.enter_async_context(journal_of(site)), ""
    except JournalError as problem:
        return None, str(problem)


def _warm(options: Options) -> WarmRunner:
    return WarmRunner(runner_argv(options.arguments()))


class LiveDesk:
    """Implements `console.app.desk.Desk`."""

    def __init__(
        self, site: Site, connection: Connection, deps: Deps, store: Store, runner: WarmRunner | None, trouble: str, watch: LiveWatch
    ) -> None:
        self._site, self._connection, self._deps, self._store = site, connection, deps, store
        self._runner, self._trouble, self._watch = runner, trouble, watch
        self._looking = Looking(connection, deps.journal, trouble=trouble, now=utc_now)
        self._spooled: Spool | None = None
        """The way back that was started last without a journal."""

    @property
    def environment(self) -> Environment:
        return self._watch.environment

    @property
    def identity(self) -> str:
        return self._deps.actor

    @property
    def read_only(self) -> bool:
        return self._site.read_only

    @property
    def runbooks(self) -> Mapping[str, Runbook]:
        return self._deps.runbooks

    def snapshots(self) -> AsyncIterator[Snapshot]:
        return self._watch.snapshots()

    async def runs(self) -> AsyncIterator[tuple[RunRecord, ...]]:
        await self._with_journal()
        journal = self._journal
        head = await journal.head()  # before the runs: what is written in between is read twice rather than never
        records = {r.id: r for r in await journal.runs(limit=RUNS_SHOWN)}
        yield _newest_first(records)
        async for entry in journal.tail(after=head.seq):
            if entry.run is None:
                continue
            known = records.get(entry.run)
            if known is None:
                found = await journal.record(entry.run)
                records |= {entry.run: found} if found else {}
            elif entry.seq > known.last_seq:
                records[entry.run] = advance(known, entry)
            yield _newest_first(records)

    async def follow(self, run: RunId) -> AsyncIterator[RunRecord]:
        ledger: Ledger = self._spooled if self._spooled and run == SPOOLED else self._journal
        async for record in follow.follow(ledger, run):
            yield record

    async def entries(self, run: RunId, after: int = 0) -> tuple[Entry, ...]:
        ledger: Ledger = self._spooled if self._spooled and run == SPOOLED else self._journal
        return await ledger.read(run=run, after=after)

    async def plan(self, runbook: str, inputs: Mapping[str, str]) -> PlanView:
        if self._runner and self._site.catalogue.runbook(runbook).direction == "back":
            await self._runner.prewarm()  # somebody is about to press the key
        return (await self._prepared(runbook, inputs, reason="plan")).plan

    async def diff(self, runbook: str, inputs: Mapping[str, str]) -> DiffView:
        rehearsal = ServerRehearsal(self._connection.client, self._connection.cluster.namespace)
        request = self._request(runbook, inputs, reason="plan")
        return await diff_of(request, self._deps, rehearsal, read_only=self.read_only, now=utc_now)

    async def start(self, runbook: str, inputs: Mapping[str, str], *, reason: str, digest: str) -> RunId:
        if self._runner is None:
            raise Refused("this console is read-only", hint="Start it without --read-only")
        prepared = await self._prepared(runbook, inputs, reason=reason)
        if prepared.plan.digest != digest:
            raise PlanChanged(prepared.plan)
        opened = await hand_over(prepared, await self._with_journal(), self._runner)
        if opened.spooled:
            self._spooled = spool_of(self._deps.place.spools, opened.uid, environment=self.environment.name)
        return opened.run

    async def answer(self, run: RunId, answer: Literal["yes", "no"], typed: str, *, question: Question) -> None:
        self._writable()
        await follow.answer(self._journal, run, step=question.step, answer=answer, actor=self.identity, typed=typed, question=question)

    async def stop(self, run: RunId, reason: str) -> None:
        self._writable()
        record = await self._journal.record(run)
        if record and record.undecided:
            split = position(self.environment, await self._deps.cluster.observe(("Service",))).split
            await follow.settle(self._journal, run, reason=reason, actor=self.identity, split=split)
        else:
            await follow.stop(self._journal, run, reason=reason, actor=self.identity)

    async def note(self, run: RunId, text: str, step: str = "") -> None:
        self._writable()
        await follow.note(self._journal, run, text=text, actor=self.identity, step=step)

    async def answer_value(self, run: RunId, value: str, *, question: Question) -> None:
        self._writable()
        await follow.answer_value(self._journal, run, value=value, actor=self.identity, step=question.step, question=question)

    async def skip(self, run: RunId, step: str, reason: str) -> None:
        self._writable()
        await follow.skip(self._journal, run, reason=reason, actor=self.identity, step=step)

    async def suspend(self, run: RunId, reason: str) -> None:
        self._writable()
        await follow.suspend(self._journal, run, reason=reason, actor=self.identity)

    async def keep(self, run: RunId, step: str, *, file: str = "", text: str = "") -> None:
        self._writable()
        if not file:
            await keep_text(self._journal, run, step=step, text=text, actor=self.identity)
            return
        record = await self._journal.record(run)
        if record is None:
            raise Refused(f"there is no run {run}")
        folder, host = self._deps.place.evidence(record.uid), self._deps.host.name
        await keep_file(self._journal, run, step=step, file=Path(file), folder=folder, actor=self.identity, host=host)

    async def resume(self, run: RunId) -> None:
        if self._runner is None:
            raise Refused("this console is read-only", hint="Start it without --read-only")
        record = await self._journal.record(run)
        if record is None:
            raise Refused(f"there is no run {run}")
        await check_resumable(record, self._deps)
        await self._runner.drive(str(run))

    async def take_over(self, run: RunId, reason: str) -> None:
        if self._runner is None:
            raise Refused("this console is read-only", hint="Start it without --read-only")
        record = await self._journal.record(run)
        if record and record.undecided:
            await follow.go_on(self._journal, run, reason=reason, actor=self.identity)
        else:
            await follow.take_over(self._journal, run, reason=reason, actor=self.identity)
        await self._runner.drive(str(run))

    async def skip_wait(self, run: RunId, step: str) -> None:
        self._writable()
        await follow.skip_wait(self._journal, run, step=step, actor=self.identity)

    async def earlier_runs(self, before: RunId | None, limit: int) -> tuple[RunRecord, ...]:
        return await self._journal.runs(limit=limit, before=before)

    async def write_report(self, run: RunId) -> str:
        view = await report_of(run, environment=self.environment, journal=self._journal, place=self._deps.place)
        return str(await write_report(view))

    def readiness(self) -> AsyncIterator[Readiness]:
        return watch_readiness(self._deps, self._store, now=utc_now)

    async def connections(self) -> Connections:
        return await self._looking.look(self._runner, runner_words="none: this console is read-only")

    async def rollback_commands(self) -> str:
        world = self._store.current().world or await self._deps.cluster.observe()
        targets = rollback_targets(self.environment, world)
        best = next((t for t in targets if t.usable), targets[0] if targets else None)
        if best is None:
            raise Refused("there is nothing to go back to: no other slot runs and no earlier stable release is recorded")
        text = "\n".join(best.kubectl) + "\n"
        return text + f"\nwritten to {await asyncio.to_thread(_kept, self._deps.place.runs, text)}"

    async def usual(self, runbook: str) -> Mapping[str, float]:
        return await usual(self._deps.journal, runbook)

    def logs(self, request: LogRequest) -> AsyncIterator[LogPage]:
        from console.cli.desk_logs import pages

        return pages(self._connection, self._store, request)

    def charts(self, request: ChartRequest) -> AsyncIterator[ChartPage]:
        from console.cli.desk_charts import pages

        return pages(self.environment, request)

    async def write_file(self, name: str, text: str) -> str:
        from console.cli.kept import keep

        return str(await asyncio.to_thread(keep, self._deps.place.runs / "kept", name, text))

    async def close(self) -> None:
        await self._watch.close()

    async def _with_journal(self) -> Deps:
        """The parts, with the journal once it can be opened: it may come back while the console stays open."""
        if self._deps.journal is None:
            async with AsyncExitStack() as stack:
                journal, self._trouble = await _journal(stack, self._site)
                self._watch.closes(stack.pop_all())
            self._deps = replace(self._deps, journal=journal, trouble=JournalError(self._trouble) if self._trouble else None)
        return self._deps

    @property
    def _journal(self) -> Journal:
        if self._deps.journal is None:
            raise JournalError(self._trouble or "there is no journal")
        return self._deps.journal

    def _writable(self) -> None:
        if self.read_only:
            raise Refused("this console is read-only", hint="Start it without --read-only")

    async def _prepared(self, runbook: str, inputs: Mapping[str, str], *, reason: str) -> Prepared:
        return await prepare(self._request(runbook, inputs, reason=reason), self._deps)

    def _request(self, runbook: str, inputs: Mapping[str, str], *, reason: str) -> Request:
        wanted = self._site.catalogue.runbook(runbook)
        known = {i.name for i in wanted.inputs}
        given = dict(inputs) | ({"reason": reason} if "reason" in known and "reason" not in inputs else {})
        return Request(wanted, given, reason)


def _newest_first(records: Mapping[RunId, RunRecord]) -> tuple[RunRecord, ...]:
    return tuple(sorted(records.values(), key=lambda r: r.id, reverse=True)[:RUNS_SHOWN])


def _kept(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / "rollback.sh"
    path.write_text("#!/bin/sh\n# The way back, as of when this was written.\nset -e\n" + text)
    path.chmod(0o700)
    return path
