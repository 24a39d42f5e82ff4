"""The team's own command as a step: begun once, followed while it runs, its exit code and output kept (SAFETY 3.3 by its effect class).

What a killed runner left behind is looked for first: a command that still runs is attached to, never started a second time beside itself.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from console.domain.moments import spoken
from console.domain.redact import redacted
from console.domain.run import Question
from console.domain.runbook import Effect, Step
from console.engine.action import Command, Done, Runs
from console.engine.child import Child, Exit, Found
from console.engine.ending import Ending, OperatorNeeded, Released, StepEnded, StopAsked
from console.engine.questions import ask
from console.engine.session import Session
from console.engine.stage import Stage, stage_of
from console.engine.tasks import title_of

BASE = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR")
"""Variables that every command is given, where they are set."""
POLL = 0.25
LOOK_SECONDS = 60.0
"""Longest time for `done_when` to tell whether it is done."""
MOST_LINES = 8
"""Lines of output in one entry of progress."""
DOUBT = "it may have done part of its work"

Began = Literal["before", "now"]


@dataclass
class _Job:
    """One command on its way."""

    session: Session
    step: Step
    stage: Stage
    command: Command
    effect: Effect
    title: str

    @property
    def changes(self) -> bool:
        return self.effect != "observe"

    def folder(self, attempt: int) -> Path:
        """Where all that is known of an attempt is kept."""
        safe = "".join(c if c.isalnum() or c in "._-" else "-" for c in self.step.name)
        return self.session.ports.evidence.absolute() / "commands" / safe / str(attempt)


async def run_command(session: Session, step: Step) -> tuple[Done, bool]:
    """Returns how it ended well, and whether it ran. Raises StepEnded, OperatorNeeded, and the Ending that comes first."""
    job = _job(session, step)
    before = session.step(step.name)
    left = _left_behind(job, before.attempts)
    if left == "running":
        session.started(step, attempt=before.attempts)
        session.progress("it still runs since the last runner: attached to it")
        return await _attended(job, Child(job.folder(before.attempts)), attempt=before.attempts, began="before")
    session.started(step, attempt=job.stage.attempt)
    if job.effect == "at_most_once" and before.intent is not None and not _wanted_again(session, step.name):
        if ended := _ended_meanwhile(job, before.attempts, left):
            return await _judged(job, Child(job.folder(before.attempts)), ended), True
        await _persons_agree(job, left)
    if job.effect == "check_then_act" and await _is_done(job):
        return Done("it is done already, says its own check"), False
    await session.recorder.flush()
    session.signals.safe_point()
    return await _begun(job)


def _job(session: Session, step: Step) -> _Job:
    stage = stage_of(session, step)
    action = cast(Any, stage.action)
    assert isinstance(action, Runs)
    title = title_of(step, session.setting, session.deps.actions)
    return _Job(session, step, stage, action.command(stage.task), step.effect or "observe", title)


def _left_behind(job: _Job, attempt: int) -> Found:
    """What became of the last attempt. One that was begun on another machine cannot be seen from here."""
    if attempt == 0:
        return "nothing"
    host = _host_of(job.session, job.step.name, attempt)
    if host != job.session.deps.host.name:
        job.session.progress(f"it was begun on {host}: what became of it cannot be seen from here")
        return "unknown"
    return Child(job.folder(attempt)).found()


def _host_of(session: Session, step: str, attempt: int) -> str:
    """The machine whose runner began an attempt."""
    host = found = ""
    for entry in session.entries:
        if entry.type == "run.claimed":
            host = str(entry.body.get("host", ""))
        elif entry.type == "step.started" and (entry.body.get("step"), entry.body.get("attempt")) == (step, attempt):
            found = found or host
    return found


def _wanted_again(session: Session, step: str) -> bool:
    """A person who knew how it ended has said that it is to be run once more, and it was not begun since."""
    said: Literal["", "asked", "agreed"] = ""
    for entry in session.entries:
        if entry.body.get("step") != step:
            continue
        match entry.type:
            case "gate.asked":
                said = "asked" if entry.body.get("retry") else ""
            case "gate.answered":
                said = "agreed" if said == "asked" and entry.body.get("answer") == "yes" else ""
            case "step.intent" | "step.result":
                said = ""
            case _:
                continue
    return said == "agreed"


def _ended_meanwhile(job: _Job, attempt: int, left: Found) -> Exit | None:
    """How it ended while no runner lived."""
    return Child(job.folder(attempt)).ended() if left == "ended" else None


async def _persons_agree(job: _Job, left: Found) -> None:
    """What must not happen twice is begun again by one person where it never began, by two where nobody knows (SAFETY 3.3)."""
    if left == "nothing":
        await _agreed(job, f"{job.title}: it was not started. Run it now?", but=frozenset())
        return
    first = await _agreed(job, f"{job.title}: it is not known whether it ran to its end. Run it again? Two persons have to agree.")
    await _agreed(job, f"{job.title}: {first} wants to run it again. Agreed?", but=frozenset({first}))


async def _agreed(job: _Job, text: str, *, but: frozenset[str] = frozenset()) -> str:
    """Who said yes. `--yes` is nobody."""
    answer = await ask(
        job.session, Question(job.step.name, text, confirm="name", key="d", phrase=job.session.deps.environment.name), but=but
    )
    if not answer.yes:
        raise OperatorNeeded(f"{job.title}: left in doubt by {answer.by}")
    return answer.by


async def _is_done(job: _Job) -> bool:
    """Ask the command that only looks."""
    attempt = job.stage.attempt
    folder = job.folder(attempt).with_name(f"{attempt}-done-when")
    child = Child(folder if not folder.exists() else folder.with_name(f"{folder.name}-{len(list(folder.parent.iterdir()))}"))
    await child.start(job.command.done_when, directory=_directory(job), environment=_environment(job), within=LOOK_SECONDS)
    exit_ = await _followed(job, child, changes=False)
    if exit_.code not in (0, 1) or exit_.late:
        raise StepEnded("failed", f"whether it is done cannot be told: {_said(exit_, LOOK_SECONDS)}", evidence=await child.keep())
    return exit_.code == 0


async def _begun(job: _Job) -> tuple[Done, bool]:
    """Intent first where it changes something, then the command."""
    session, stage = job.session, job.stage
    if job.changes:
        await stage.prove_target()
        await session.ports.guard()
        await session.recorder.now("step.intent", _intent(job))
    child = Child(job.folder(stage.attempt))
    within = stage.deadline - stage.began
    try:
        await child.start(job.command.argv, directory=_directory(job), environment=_environment(job), within=within)
    except OSError as problem:
        raise StepEnded("failed", f"it could not be started: {problem}") from problem
    session.deps.trace(f"begun {job.step.name}")
    return await _attended(job, child, attempt=stage.attempt, began="now")


async def _attended(job: _Job, child: Child, *, attempt: int, began: Began) -> tuple[Done, bool]:
    exit_ = await _followed(job, child, changes=job.changes)
    job.session.deps.trace(f"effect {job.step.name}")
    return await _judged(job, child, exit_), True


async def _followed(job: _Job, child: Child, *, changes: bool) -> Exit:
    """Until it has ended. A wish to stop ends it with its group; to let go waits for one that changes something: it has no safe point."""
    session, printed = job.session, _Printed(job.session)
    while (exit_ := child.ended()) is None:
        if not child.alive:
            if (exit_ := child.ended()) is not None:
                break
            return Exit(None, job.stage.seconds, "nobody saw its end: the process that stays with it was killed")
        printed.tell(child.news())
        await session.signals.wait(POLL)
        try:
            session.signals.safe_point()
        except Released:
            if not changes:
                await child.stop()
                raise
        except Ending as ending:
            await child.stop()
            await _stopped(job, child, ending, changes=changes)
    printed.tell(child.news(), last=True)
    return exit_


async def _stopped(job: _Job, child: Child, ending: Ending, *, changes: bool) -> None:
    """Raises what a stopped command means."""
    if not changes:
        raise ending
    evidence = await child.keep()
    reason = f"stopped while it ran, {DOUBT}: {ending.reason}"
    if isinstance(ending, StepEnded):
        raise StepEnded(ending.outcome, f"{ending.reason} ({DOUBT}: it was stopped while it ran)", evidence={**ending.evidence, **evidence})
    if isinstance(ending, StopAsked):
        raise OperatorNeeded(reason)
    job.session.result(job.step.name, "in_doubt", reason, attempt=job.session.step(job.step.name).attempts, evidence=evidence)
    await job.session.recorder.flush()
    raise ending


class _Printed:
    """Lines of output into the record, fewer the longer it takes."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._waiting: list[str] = []
        self._told = 0
        self._next = 0.0

    def tell(self, lines: tuple[str, ...], *, last: bool = False) -> None:
        self._waiting = [*self._waiting, *lines][-MOST_LINES:]
        now = self._session.deps.clock.monotonic()
        if not self._waiting or (now < self._next and not last):
            return
        self._session.progress(self._waiting[-1], lines=self._waiting)
        self._waiting, self._told = [], self._told + 1
        self._next = now + min(10.0, 1.0 + self._told / 30)


async def _judged(job: _Job, child: Child, exit_: Exit) -> Done:
    """Raises StepEnded for what did not end well; by its class it failed, or may have done part of its work."""
    await job.session.recorder.flush()
    evidence = {"exit_code": exit_.code, **await child.keep()}
    said = _said(exit_, job.stage.deadline - job.stage.began)
    last = job.session.step(job.step.name).output[-1:]
    if exit_.well:
        return Done(said + (f": {last[0]}" if last else ""), evidence)
    reason = f"{said}: {last[0]}" if last and not exit_.error else said
    never_ran = exit_.code is None and (child.folder / "started").exists() is False
    if job.effect == "at_most_once" and not never_ran:
        raise StepEnded("in_doubt", f"{reason}; {DOUBT}", evidence=evidence)
    raise StepEnded("failed", reason, evidence=evidence)


def _said(exit_: Exit, within: float) -> str:
    took = spoken(exit_.seconds)
    if exit_.error:
        return exit_.error
    if exit_.late:
        return f"did not end within {spoken(within)} and was ended with its group"
    if exit_.stopped:
        return f"stopped after {took}"
    return (
        f"exit code {exit_.code} after {took}" if exit_.code is None or exit_.code >= 0 else f"ended by signal {-exit_.code} after {took}"
    )


def _intent(job: _Job) -> dict[str, object]:
    shown = [redacted(part) for part in job.command.argv]
    return {
        "step": job.step.name,
        "attempt": job.stage.attempt,
        "action": job.stage.action.name,
        "effect": job.effect,
        "title": job.title,
        "digest": "",
        "differences": [],
        "kubectl": [],
        "command": shown,
    }


def _directory(job: _Job) -> Path:
    """Relative to the folder of the settings, which holds the runbooks' folder."""
    source = job.step.source
    base = Path(source.file).absolute().parent.parent if source else Path.cwd()
    return Path(os.path.normpath(base / Path(job.command.folder).expanduser()))


def _environment(job: _Job) -> Mapping[str, str]:
    """Everything that the command is given: a few names of ours, what its step names, and what this run is about."""
    session, bound = job.session, job.session.setting.bindings
    ours = session.deps.variables
    environment = session.deps.environment
    told = {
        "BLUEGREEN_ENV": environment.name,
        "BLUEGREEN_RUN": str(session.record.id),
        "BLUEGREEN_STEP": job.step.name,
        "BLUEGREEN_RELEASE": bound.release.name if bound.release else "",
        "BLUEGREEN_SLOT_ACTIVE": bound.active or "",
        "BLUEGREEN_SLOT_PREVIEW": bound.preview,
        "BLUEGREEN_NAMESPACE": environment.cluster.namespace,
    }
    named = {name: ours[name] for name in (*BASE, *job.command.passed) if name in ours}
    return {"PATH": os.defpath, **named, **told, **job.command.environment}
