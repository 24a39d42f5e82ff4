"""One drive of one run: its record in memory, its lease, its ports, and what others ask of it meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from console.domain.entry import Entry
from console.domain.errors import JournalError, PortError
from console.domain.facts import Stamp
from console.domain.ids import Epoch, RunId
from console.domain.run import Outcome, RunRecord, StepRecord
from console.domain.run_fold import advance, fold
from console.domain.runbook import Runbook, Step
from console.engine import bindings, traffic
from console.engine.action import Ports
from console.engine.deps import Deps
from console.engine.ending import StepEnded
from console.engine.lease import Lease
from console.engine.recorder import Recorder
from console.engine.signals import Signals
from console.engine.tasks import Setting, steps_of
from console.journal.ledger import Ledger


class Session:
    """State of a drive. `record` grows with every entry, ours and others'."""

    def __init__(self, deps: Deps, ledger: Ledger, entries: Sequence[Entry], runbook: Runbook) -> None:
        record = fold(entries)
        assert record is not None
        self.deps = deps
        self.ledger = ledger
        self.runbook = runbook
        self.record: RunRecord = record
        self.entries = list(entries)
        self._known = {e.seq for e in entries}
        self.signals = Signals(deps.clock)
        self.signals.stop = record.stop_requested
        self.recorder = Recorder(
            ledger, record.id, actor=deps.actor, trace=deps.trace, linger=deps.linger, seen=self.see, epoch=lambda: self.lease.epoch
        )
        self.lease = Lease(
            deps.cluster,
            deps.clock,
            application=deps.environment.application,
            holder=f"{deps.actor}@{deps.host.name}/{record.uid}",
            run=self.name,
            same_target=self.is_same_target,
        )
        self.setting = self._setting()
        self.ports = Ports(
            deps.cluster, deps.probes, deps.clock, deps.registry, deps.place.evidence(record.uid), guard=self._guard, report=self._report
        )
        self.steps = steps_of(runbook, deps.environment, self.setting.inputs)
        self.running: str = ""
        """Name of the step that is being walked."""
        self.ahead: tuple[str, float, asyncio.Future[object]] | None = None
        """A look at the world for a step that has not begun: its name, when, and what is seen."""
        self.proved_at: float | None = None
        """When the target was last proved to be the one of the start, on the monotonic clock."""
        self.away_at: float | None = None
        """When the API server was last found to be away, on the monotonic clock."""

    @property
    def name(self) -> str:
        """`41@<uid>`: unique over all journals."""
        return f"{self.record.id}@{self.record.uid}"

    @property
    def live_before(self) -> traffic.Traffic | None:
        """What users got when the run was opened."""
        return traffic.decode(self.entries[0].body.get("live"))

    @property
    def epoch_floor(self) -> Epoch:
        found = self.entries[0].body.get("epoch")
        return Epoch(found if isinstance(found, int) else 0)

    def stamp(self) -> None:
        """From now on tasks carry the epoch of the lease."""
        self.setting = self._setting()

    def step(self, name: str) -> StepRecord:
        return self.record.step(name)

    def see(self, entry: Entry) -> bool:
        """Take an entry in, once, whether we wrote it or read it; False for one that was known."""
        if entry.seq in self._known:
            return False
        self._known.add(entry.seq)
        self.entries.append(entry)
        newest = max(self.record.last_seq, entry.seq)
        self.record = replace(advance(self.record, entry), last_seq=newest)
        self.signals.stop = self.record.stop_requested
        self.signals.suspend = self.record.suspend_requested
        self.signals.skip = self._skip() or self.signals.skip
        return True

    def begin(self, step: Step | None) -> None:
        """From now on this is the step that is walked; None: none is."""
        self.running = step.name if step else ""
        self.signals.skip = self._skip()

    def started(self, step: Step, *, attempt: int, more: Mapping[str, object] | None = None) -> None:
        self.recorder.later("step.started", {"step": step.name, "attempt": attempt, **(more or {})})

    def progress(self, text: str, *, step: str = "", lines: Sequence[str] = ()) -> None:
        """One line about the running step, and what its command printed; the same line twice in a row is written once."""
        name = step or self.running
        if name and (lines or self.step(name).reason != text):
            self.recorder.later("step.progress", {"step": name, "text": text, **({"lines": list(lines)} if lines else {})})

    def result(
        self,
        step: str,
        outcome: Outcome,
        reason: str,
        *,
        attempt: int = 1,
        seconds: float = 0.0,
        evidence: Mapping[str, object] | None = None,
    ) -> None:
        """How an attempt ended; durable before the next intent, because it is written before it."""
        body = {
            "step": step,
            "attempt": attempt,
            "outcome": outcome,
            "reason": reason,
            "evidence": dict(evidence or {}),
            "seconds": round(seconds, 3),
        }
        self.recorder.later("step.result", body)

    def until(self, step: str) -> datetime | None:
        """End of a wait that an earlier runner began."""
        noted = (e.body.get("until") for e in self.entries if e.type == "step.started" and e.body.get("step") == step)
        found = next((u for u in noted if isinstance(u, str)), None)
        return datetime.fromisoformat(found) if found else None

    async def has_ended(self, run: str) -> bool:
        """Whether the run of this name is one of this journal, and closed: then nobody drives it, whoever still holds the lease for it."""
        number, _, uid = run.partition("@")
        if self.deps.journal is None or not number.isdigit():
            return False
        try:
            found = await self.deps.journal.record(RunId(int(number)))
        except JournalError:
            return False
        return found is not None and found.uid == uid and not found.open

    async def is_same_target(self) -> bool:
        """What answers is still the namespace that the run was started for: one of that name made anew is another. Raises PortError."""
        try:
            found = await self.deps.cluster.fingerprint()
        except PortError as error:
            if error.status == 404:
                return False
            raise
        return found.as_dict() == dict(self.record.fingerprint)

    def asks_again(self, name: str) -> bool:
        """The step is one that a person is asked about where it does not pass."""
        step = next((s for s in self.steps if s.name == name), None)
        return step is not None and self.runbook.asks_again(step)

    async def anchor(self) -> str:
        """The journal's head for the lease; empty where it cannot be read."""
        try:
            return str(await self.ledger.anchor())
        except JournalError:
            return ""

    def _skip(self) -> StepEnded | None:
        """The running item was skipped by a person. A wait ends early instead, and says so itself."""
        step = next((s for s in self.steps if s.name == self.running), None)
        if step is None or not step.skippable or step.kind == "wait":
            return None
        asked = (e for e in self.entries if e.type == "gate.answered" and e.body.get("step") == step.name)
        entry = next((e for e in asked if e.body.get("answer") == "skip"), None)
        if entry is None:
            return None
        reason = str(entry.body.get("reason", ""))
        return StepEnded("skipped", f"skipped by {entry.actor}: {reason}", evidence={"skipped_by": entry.actor, "why": reason})

    async def _guard(self) -> None:
        self.deps.trace("before guard")
        await self.lease.guard()

    async def _report(self, text: str) -> None:
        self.progress(text)

    def _setting(self) -> Setting:
        stamp = Stamp(self.name, self.lease.epoch, self.deps.actor)
        inputs = {k: str(v) for k, v in self.record.inputs.items()}
        return Setting(self.deps.environment, bindings.decode(self.record.bindings), inputs, stamp, self.record.reason)
