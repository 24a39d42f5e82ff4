"""May this run be driven, by us, now? The order of SAFETY 3.3: lease, chain, runbook, target, then the step in doubt."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable

from console.domain.entry import Entry
from console.domain.errors import Refused
from console.domain.run import RunRecord, StepState
from console.domain.runbook import MANUAL, Step
from console.engine.deps import Deps
from console.engine.ending import LeaseLost, OperatorNeeded, StepEnded
from console.engine.lease import lease_name
from console.engine.ports import Fingerprint
from console.engine.session import Session
from console.journal.journal import Journal
from console.journal.lock import held

MOST_CRASHES = 3


async def admit(session: Session) -> bool:
    """Take the lease and prove that everything is what the run was started with; returns whether an earlier runner drove it.

    Raises Refused with what is different, LeaseLost where another run has driven since, OperatorNeeded after the third crash on one
    step, and what the cluster raises.
    """
    record = session.record
    over = record.direction == "back" or bool(record.take_over) or record.linked_run is not None
    taking = session.lease.take(over=over, floor=session.epoch_floor, has_ended=session.has_ended)
    # Both to their end, whatever becomes of the other: a try that is still under way would race the next one for the lease.
    fingerprint, taken = await asyncio.gather(session.deps.cluster.fingerprint(), taking, return_exceptions=True)
    for failed in (taken, fingerprint):
        if isinstance(failed, BaseException):
            raise failed
    assert isinstance(fingerprint, Fingerprint)
    session.stamp()
    host = session.deps.host
    claim = {"uid": record.uid, "host": host.name, "pid": host.pid, "boot": host.boot, "epoch": session.lease.epoch}
    resumed = record.claims > 0
    session.recorder.later("run.claimed", claim)
    if resumed:
        await _check_chain(session)
    check_same(record, session, fingerprint)
    session.proved_at = session.deps.clock.monotonic()
    if resumed:
        _check_since(session, record)
        _check_crashes(session)
    return resumed


def check_same(record: RunRecord, session: Session, found: Fingerprint) -> None:
    """A run never goes on under a changed runbook or in another namespace."""
    if record.runbook_digest != session.runbook.digest:
        raise Refused(
            f"the runbook {record.runbook} was changed after run {record.id} was started",
            hint="Put the old file back to resume, or abort the run and start a new one",
        )
    if found.as_dict() != dict(record.fingerprint):
        started = f"namespace {record.fingerprint.get('namespace')} of {record.fingerprint.get('server')}"
        raise Refused(f"run {record.id} was started in {started}, this is another one", hint="Use the same context as at the start")


def earlier_failure(session: Session) -> StepEnded | None:
    """The step that ended the walk of a runner that died before it could close the run. An item that is asked about ended nothing."""
    for step in session.record.steps:
        match step.state:
            case StepState.FAILED | StepState.BLOCKED if session.asks_again(step.name):
                continue
            case StepState.FAILED:
                return StepEnded("failed", step.reason)
            case StepState.BLOCKED:
                return StepEnded("blocked", step.reason)
            case StepState.DECLINED:
                return StepEnded("declined", step.reason)
            case _:
                continue
    return None


def guards(session: Session) -> frozenset[str]:
    """Checks that passed and stand between the last change and the next: old answers that the next change would rely on.

    None while a change is in doubt: its own plan tells, and a split does not wait for health checks.
    """
    record, steps = session.record, session.steps
    current = record.current
    if current is None or current.intent is not None:
        return frozenset()
    here = next(i for i, s in enumerate(steps) if s.name == current.name)
    following = next((s for s in steps[here:] if s.kind == "do"), None)
    if following is None or following.action == MANUAL:
        return frozenset()  # what people do next relies on what they see then
    return frozenset(n for n in _checks_since_last_change(steps[:here]) if record.step(n).state is not StepState.SKIPPED)


def crashes(entries: Iterable[Entry]) -> Counter[str]:
    """How often runners died inside each step: begun, not ended, and nobody had let go of the run. The entries end where it lies now."""
    counted: Counter[str] = Counter()
    begun = ""
    for entry in entries:
        match entry.type:
            case "step.started" | "step.intent":
                begun = str(entry.body.get("step"))
            case "step.result" | "run.released" | "gate.asked":
                begun = ""  # who waits for a person has not crashed in the step
            case "run.claimed" if begun:
                counted[begun] += 1
                begun = ""
            case "run.reopened":  # a person looked, and lets it be tried again
                counted.clear()
                begun = ""
            case _:
                pass
    if begun:
        counted[begun] += 1
    return counted


async def check_resumable(record: RunRecord, deps: Deps) -> None:
    """What a command can tell before it starts a runner; raises Refused. The runner itself checks again."""
    if not record.open:
        hint = f"`bluegreen resume {record.id} --reason …` goes on with it all the same" if record.may_go_on else "Start a new one"
        settled = f", settled by {record.settled}" if record.settled else ""
        raise Refused(f"run {record.id} has ended: {record.outcome}{settled}", hint=hint)
    if held(deps.place.runs, record.uid):
        raise Refused(
            f"run {record.id} is driven by {record.driver} (process {record.driver_pid})", hint=f"`bluegreen attach {record.id}` follows it"
        )
    found = await deps.cluster.lease(lease_name(deps.environment.application))
    ours = f"{deps.actor}@{deps.host.name}/{record.uid}"
    if not found or found.holder in ("", ours) or found.renewed_at is None or record.direction == "back" or record.take_over:
        return
    age = (await deps.cluster.server_time() - found.renewed_at).total_seconds()
    if age <= found.duration:
        raise Refused(
            f"{found.holder} drives this environment (run {found.run}), seen {age:.0f} s ago",
            hint=f"Attach to it, or take over with `bluegreen resume {record.id} --take-over REASON`",
        )


def _checks_since_last_change(passed: tuple[Step, ...]) -> list[str]:
    found: list[str] = []
    for step in reversed(passed):
        if step.kind == "do":
            break
        if step.kind == "check":
            found.append(step.name)
    return found


def _check_since(session: Session, record: RunRecord) -> None:
    """What this run was about to do was decided before that other run; only its own way back, already begun, goes on."""
    since = session.lease.driven_since(record.epoch)
    if since and earlier_failure(session) is None:
        raise LeaseLost("", f"run {since} has driven this environment since; start a new run")


def _check_crashes(session: Session) -> None:
    current = session.record.current
    died = crashes(session.entries)[current.name] if current else 0
    if current and died >= MOST_CRASHES:
        raise OperatorNeeded(f"{current.title}: the runner crashed {died} times in this step")


async def _check_chain(session: Session) -> None:
    """A break in the middle stops everything; an anchor of this journal that is not in it shows a cut tail."""
    if isinstance(session.ledger, Journal):
        verdict = await session.ledger.verify(session.lease.anchor)
        if not verdict.ok:
            raise Refused(
                f"the journal cannot be trusted: {verdict.sentence}", hint="`bluegreen audit verify` shows where; start a new run"
            )
