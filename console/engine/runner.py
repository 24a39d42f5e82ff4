"""Drives one run to its end: claim, lease, walk, close. Reads as the procedure; each part is a module of its own."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from console.domain.errors import BluegreenError, JournalError, PortError, Refused
from console.domain.ids import RunId
from console.domain.run import RunRecord
from console.domain.run_fold import fold
from console.engine import bindings
from console.engine.aftermath import conclude, finish
from console.engine.ahead import look_ahead
from console.engine.deps import Deps, no_journal
from console.engine.ending import Ending
from console.engine.failures import Failure, back_off, failure_of
from console.engine.resume import admit, earlier_failure, guards
from console.engine.session import Session
from console.engine.stage import LOGIN_SECONDS, WAITING_FOR_LOGIN
from console.engine.start import SPOOLED, may_spool
from console.engine.walk import walk
from console.engine.watchers import watched
from console.journal.errors import JournalUnavailable, Overtaken
from console.journal.fallback import Fallback
from console.journal.ledger import Ledger
from console.journal.lock import RunLock
from console.journal.place import workable
from console.journal.spool import Spool, spool_path

ADMISSION_TRIES = 8
"""Times that an API server which does not answer is asked for the lease: about twenty seconds."""


class Drive:
    """One run in this process."""

    def __init__(self, deps: Deps, session: Session, lock: RunLock) -> None:
        self._deps = deps
        self._session = session
        self._lock = lock
        self._linked: Drive | None = None

    def end(self, reason: str) -> None:
        """Let go of the run at the next safe point; it stays open."""
        self._session.signals.end(reason)
        if self._linked:
            self._linked.end(reason)

    async def run(self) -> RunRecord:
        """To its end, to the safe point where it lets go, or until another runner has taken it over: then it goes on there.

        Raises Refused when it may not be driven, JournalError when it cannot be recorded; the run then stays as it is.
        """
        session = self._session
        try:
            if session.record.open:
                with suppress(Overtaken):
                    await self._driven()
        finally:
            session.recorder.stop()
            self._lock.drop()
        return session.record

    async def _driven(self) -> None:
        session = self._session
        try:
            async with watched(session):
                ending = await self._walked()
                while ending is not None:
                    ending = await self._concluded(ending)
        finally:
            with suppress(BluegreenError):
                await session.lease.free(await session.anchor())

    async def _walked(self) -> Ending | None:
        """None when every step has passed and the run is closed."""
        session = self._session
        try:
            if not session.record.claims:
                look_ahead(session)
            resumed = await self._admitted()
            failed = earlier_failure(session)
            if failed:
                return failed
            await walk(session, again=guards(session) if resumed else frozenset())
        except Ending as ending:
            return ending
        await finish(session)
        return None

    async def _concluded(self, ending: Ending) -> Ending | None:
        """None when the run is closed or let go of; another ending when that came while a person was asked."""
        try:
            await conclude(self._session, ending, self._drive_linked)
        except Ending as other:
            return other
        return None

    async def _admitted(self) -> bool:
        """The lease and the proofs; a fresh run that may not be driven is closed as refused, an older one stays open."""
        tries = 0
        while True:
            try:
                return await admit(self._session)
            except Refused as refusal:
                await self._refused(refusal)
                raise
            except PortError as error:
                tries += 1
                await self._wait_for_cluster(error, tries)

    async def _wait_for_cluster(self, error: PortError, tries: int) -> None:
        match failure_of(error):
            case Failure.LOGIN:
                text = f"{WAITING_FOR_LOGIN}: {error}"
                if not any(said == text for *_, said in self._session.record.notes):
                    await self._session.recorder.now("run.note", {"text": text})
                await self._session.signals.pause(LOGIN_SECONDS)
            case Failure.AGAIN | Failure.DOUBT | Failure.REPLAN if tries < ADMISSION_TRIES:
                await self._session.signals.pause(back_off(tries))
            case _:
                await self._refused(error)
                raise error

    async def _refused(self, refusal: BluegreenError) -> None:
        session = self._session
        if session.record.claims == 0:
            await session.recorder.now("run.closed", {"outcome": "refused", "reason": str(refusal), "live": ""})
        else:
            await session.recorder.now("run.released", {"reason": f"not resumed: {refusal}"})

    async def _drive_linked(self, ref: str) -> RunRecord:
        """The way back, in this process; what ends us ends it."""
        self._linked = await claim(ref, self._deps)
        if self._session.signals.ending:
            self._linked.end(self._session.signals.ending)
        return await self._linked.run()


async def claim(ref: str, deps: Deps) -> Drive:
    """Make the run ours on this host: take its lock and read its record. `ref`: its number, or the name of its spool.

    Raises Refused when another process drives it, or nothing of that name is there.
    """
    deps = await _with_journal(deps)
    ledger, run, folder = await _found(ref, deps)
    record = fold(await ledger.read(run=run))
    if record is None:
        raise Refused(f"there is no run {ref} in the journal of {deps.environment.name}", hint="`bluegreen runs` lists them")
    if record.runbook not in deps.runbooks:
        raise Refused(f"the runbook {record.runbook} of run {ref} is not here any more", hint="Put its file back, or abort the run")
    runbook = deps.runbooks[record.runbook]
    if may_spool(runbook, bindings.decode(record.bindings)):
        folder = folder or workable(deps.place.spools)
        ledger = Fallback(ledger, spools=deps.place.spools, uid=record.uid)
    lock = RunLock(folder or deps.place.runs, record.uid)
    lock.take()
    return Drive(deps, Session(deps, ledger, await ledger.read(run=run), runbook), lock)


async def _with_journal(deps: Deps) -> Deps:
    """A runner that has waited without a journal looks for it once more when it gets a run."""
    if deps.journal is not None or deps.open_journal is None:
        return deps
    try:
        return replace(deps, journal=await deps.open_journal(), trouble=None)
    except JournalError as problem:
        return replace(deps, trouble=problem)


async def drive(run: RunId | str, deps: Deps) -> RunRecord:
    """Claim and run."""
    return await (await claim(str(run), deps)).run()


async def _found(ref: str, deps: Deps) -> tuple[Ledger, RunId, Path | None]:
    """Where the run is recorded, its number there, and the folder that its lock must be in (None: where one can be made)."""
    if ref.isdigit():
        if deps.journal is None:
            raise JournalUnavailable(f"run {ref} cannot be read: {no_journal(deps)}")
        return deps.journal, RunId(int(ref)), None
    folder = next((f for f in deps.place.spools if spool_path(f, ref).exists()), None)
    if folder is None:
        raise Refused(f"there is no spool {ref}", hint="It was moved into the journal: `bluegreen runs` lists it")
    return Spool(spool_path(folder, ref), environment=deps.environment.name), SPOOLED, folder
