"""How a run ends. Whether live traffic is unchanged is decided by observing it, never assumed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from console.domain.errors import BluegreenError, PortError, Refused
from console.domain.ids import RunId
from console.domain.position import position
from console.domain.run import Question, RunOutcome, RunRecord
from console.domain.runbook import Runbook
from console.domain.sight import encode
from console.domain.world import World
from console.engine import traffic
from console.engine.ending import AnotherTarget, Ending, LeaseLost, OperatorNeeded, Released, StepEnded, StopAsked
from console.engine.failures import Failure, back_off, failure_of, said
from console.engine.looking import look_for_person
from console.engine.questions import ON_FAILURE, ask
from console.engine.session import Session
from console.engine.stage import LOGIN_SECONDS, UNTOUCHED, WAITING_FOR_LOGIN
from console.engine.start import Prepared, Request, open_run, prepare
from console.engine.tasks import spoken
from console.journal.errors import Overtaken

LOOKS = 12
"""Times that live traffic is looked at before it counts as unknown: about half a minute."""
COLLECT_SECONDS = 15.0

DriveLinked = Callable[[str], Awaitable[RunRecord]]
"""Drives the run of this reference in this process, to its end."""


@dataclass(frozen=True)
class _Now:
    """Live traffic as it was observed at the end."""

    world: World | None
    problem: str = ""

    def sentence(self, session: Session) -> str:
        return (
            traffic.sentence(session.deps.environment, self.world) if self.world else f"live traffic could not be observed: {self.problem}"
        )

    def unchanged(self, session: Session) -> bool:
        """True only when it was seen, is whole, and is what it was when the run was opened."""
        environment = session.deps.environment
        if self.world is None or self.split(session):
            return False
        return traffic.traffic_of(environment, self.world) == session.live_before

    def split(self, session: Session) -> bool:
        return self.world is not None and position(session.deps.environment, self.world).split


async def finish(session: Session) -> None:
    """Every step has passed."""
    await close(session, "done", "", await _look(session))


async def conclude(session: Session, ending: Ending, drive_linked: DriveLinked) -> None:
    """Close the run as its ending and the observed traffic demand. `Released` leaves it open.

    Raises LeaseLost where another driver is the cause of it all: what that one did is not ours to undo; Overtaken where that one drives
    this very run, which is not ours to close.
    """
    if isinstance(ending, StepEnded | StopAsked):
        await _still_ours(session)
    match ending:
        case Released():
            await session.recorder.now("run.released", {"reason": ending.reason})
        case LeaseLost(holder=holder) if holder.endswith(f"/{session.record.uid}"):
            raise Overtaken(f"{holder} drives this very run now: it goes on there")
        case LeaseLost():
            await close(session, "superseded", ending.reason, await _look(session))
        case OperatorNeeded():
            await close(session, "needs_operator", ending.reason, await _look(session))
        case StopAsked():
            await _stopped(session, ending.reason)
        case StepEnded(outcome="declined"):
            await _stopped(session, ending.reason)
        case StepEnded():
            await _failed(session, ending, drive_linked)
        case _:
            raise AssertionError(f"no such ending: {ending!r}")


async def close(session: Session, outcome: RunOutcome, reason: str, now: _Now) -> None:
    """Journal `run.closed`, durable, with where live traffic is; with what a person needs to decide where one has to."""
    seen = {"seen": encode(await look_for_person(session))} if outcome == "needs_operator" else {}
    await session.recorder.now("run.closed", {"outcome": outcome, "reason": reason, "live": now.sentence(session), **seen})


async def _stopped(session: Session, reason: str) -> None:
    now = await _look(session)
    if now.unchanged(session):
        await close(session, "stopped", reason, now)
    else:
        await close(session, "needs_operator", f"{reason}; live traffic is not where it was at the start", now)


async def _failed(session: Session, ending: StepEnded, drive_linked: DriveLinked) -> None:
    await _keep_evidence(session)
    now = await _look(session)
    back = session.deps.runbooks.get(session.runbook.on_failure)
    await session.recorder.flush()
    refused = ending.outcome == "blocked" and not _changed_anything(session)
    if now.unchanged(session) or (refused and isinstance(ending, AnotherTarget)):
        await close(session, "refused" if refused else "failed", ending.reason, now)
    elif now.world is None or back is None or session.record.direction == "back":
        await close(session, "needs_operator", ending.reason, now)
    elif now.split(session) or await _may_go_back(session, ending, back, now):
        await _go_back(session, ending, back, drive_linked)
    else:
        await close(session, "needs_operator", f"{ending.reason}; going back was declined", now)


def _changed_anything(session: Session) -> bool:
    """A step that was refused at its first write, as its plan proved afterwards, has changed nothing."""
    intended = {str(e.body.get("step")) for e in session.entries if e.type == "step.intent"}
    return any(not session.step(name).evidence.get(UNTOUCHED) for name in intended)


async def _may_go_back(session: Session, ending: StepEnded, back: Runbook, now: _Now) -> bool:
    """Ask a person, unless the run was started with `--yes` or the way back was begun already."""
    if await _linked(session):
        return True
    text = f"{ending.reason}; {now.sentence(session)}. {spoken(back.title, session.setting)}?"
    answer = await ask(session, Question(ON_FAILURE, text, key="b"))
    return answer.yes


async def _go_back(session: Session, ending: StepEnded, back: Runbook, drive_linked: DriveLinked) -> None:
    """Run the way back as a run of its own, in this process, and end as it ends."""
    try:
        ref = await _linked(session) or await _open_linked(session, ending, back)
        linked = await drive_linked(ref)
    except BluegreenError as error:
        await close(session, "needs_operator", f"{ending.reason}; going back failed: {error}", await _look(session))
        return
    number = f"run {linked.id}" if linked.id else "its own run"
    if linked.outcome == "done":
        await close(session, "rolled_back", f"{ending.reason}; went back in {number}", await _look(session))
    elif linked.open:
        await session.recorder.now("run.released", {"reason": f"{number}, which goes back, waits: {linked.released}"})
    else:
        reason = f"{ending.reason}; {number} went back and ended {linked.outcome}: {linked.outcome_reason}"
        await close(session, "needs_operator", reason, await _look(session))


async def _open_linked(session: Session, ending: StepEnded, back: Runbook) -> str:
    record = session.record
    reason = f"run {record.id} failed after the switch: {ending.reason}"
    inputs = {i.name: reason for i in back.inputs if i.name == "reason"}
    request = Request(back, inputs, reason=reason, assume_yes=record.assume_yes, linked_run=record.id)
    prepared = await _prepared(session, request)
    if prepared.fingerprint.as_dict() != dict(record.fingerprint):
        raise Refused("the namespace is not the one this run was started for any more")
    opened = await open_run(prepared, session.deps)
    session.recorder.later("run.note", {"text": f"going back in run {opened.run or 'of its own'}"})
    return opened.ref


async def _prepared(session: Session, request: Request) -> Prepared:
    """The way back, planned as soon as the API server knows us again."""
    while True:
        try:
            return await prepare(request, session.deps)
        except PortError as error:
            if failure_of(error) is not Failure.LOGIN:
                raise
            await _wait_for_login(session, error)


async def _linked(session: Session) -> str:
    """The way back that an earlier runner of this run opened."""
    journal = session.deps.journal
    if journal is None:
        return ""
    number: RunId = session.record.id
    return next((str(r.id) for r in await journal.runs(limit=20) if r.linked_run == number), "")


async def _still_ours(session: Session) -> None:
    if session.signals.lost:
        raise session.signals.lost
    with suppress(BluegreenError):
        await session.lease.guard()


async def _look(session: Session) -> _Now:
    """Observe live traffic, patiently but not for ever; only a login is waited for as long as it takes. Raises Released.

    What answers in the place of our namespace is not looked at: nothing of it is ours.
    """
    problem, tries = "", 0
    while tries < LOOKS:
        try:
            same, world = await asyncio.gather(session.is_same_target(), session.deps.cluster.observe(traffic.KINDS))
            return _Now(world) if same else _Now(None, f"the namespace {session.deps.cluster.namespace} is not the one of the start")
        except BluegreenError as error:
            if failure_of(error) is Failure.LOGIN:
                await _wait_for_login(session, error)
                continue
            problem, tries = said(error), tries + 1
            await session.deps.clock.sleep(back_off(tries))
    return _Now(None, problem)


async def _wait_for_login(session: Session, error: BluegreenError) -> None:
    """Expired credentials pause the end of a run as they pause its steps. Raises Released when this process must end."""
    text = f"{WAITING_FOR_LOGIN}: {said(error)}"
    if not session.record.notes or session.record.notes[-1][2] != text:
        await session.recorder.now("run.note", {"text": text})
    if session.signals.ending:
        raise Released(session.signals.ending)
    await session.deps.clock.sleep(LOGIN_SECONDS)


async def _keep_evidence(session: Session) -> None:
    """Save what explains the failure; that it cannot be saved does not change the outcome."""
    if session.deps.collect is None:
        return
    try:
        async with asyncio.timeout(COLLECT_SECONDS):
            kept = await session.deps.collect(session.ports, session.setting.bindings)
        text = _evidence_text(session, kept) if kept else "there was no evidence to keep"
        session.recorder.later("run.note", {"text": text, "evidence": dict(kept)})
    except Exception as error:
        session.recorder.later("run.note", {"text": f"evidence could not be kept: {said(error)}"})


def _evidence_text(session: Session, kept: Mapping[str, object]) -> str:
    """Where it lies, as a path that can be opened."""
    folder = session.ports.evidence / str(kept.get("folder", ""))
    return f"evidence kept in {folder}" + (f" ({kept['files']} files)" if "files" in kept else "")
