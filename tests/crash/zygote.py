"""Forks a runner for every line it reads: imported once, each a process and a session of its own, killed at a named point.

python -m tests.crash.zygote: one JSON job a line comes in; `{"job": …, "pid": …}` and `{"job": …, "status": …}` go out.
"""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import actions.evidence
import actions.resolve
import console.cluster.connect
import console.cluster.kube
import console.engine.catalogue
import console.journal.spool
import console.probes.prober
from console.cli.options import Options
from console.cli.parts import deps_of, site_of
from console.domain.change import Write, Written
from console.domain.errors import BluegreenError
from console.engine.deps import Deps
from console.engine.runner import claim
from console.engine.start import Request, open_run, prepare
from tests.crash.answers import Answers
from tests.crash.points import Watch

IMPORTED = (actions, console)
LOOK_SECONDS = 0.01
FAILED = 99
"""Exit status of a runner that ended by an error of its own; its traceback is in the log."""


@dataclass(frozen=True)
class Job:
    """One runner to fork."""

    job: int
    home: str
    config: str
    journal: str
    ref: str
    """The run to drive."""
    passed: str
    """File to which every point is appended."""
    wanted: tuple[str, ...] = ()
    act: str = "SIGKILL"
    """Signal that the runner sends itself at the first wanted point."""
    spent: tuple[str, ...] = ()
    opens: str = ""
    """Runbook to open a run of first, at the moment when the file `go` appears; `ref` is that run then."""
    go: str = ""


class Writes:
    """A `Cluster` whose writes are points as well."""

    def __init__(self, cluster: object, watch: Watch) -> None:
        self._cluster, self._watch = cluster, watch

    def __getattr__(self, name: str) -> object:
        return getattr(self._cluster, name)

    async def write(self, write: Write, *, dry_run: bool = False) -> Written:
        written: Written = await self._cluster.write(write, dry_run=dry_run)  # type: ignore[attr-defined]
        self._watch.wrote(write.kind, write.name)
        return written


async def drive(job: Job) -> None:
    """The shipped parts, but for the application's own answers and the ears of the test."""
    file = os.open(job.passed, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(point: str) -> None:
        os.write(file, f"{point}\n".encode())

    watch = Watch(
        act=lambda point: os.kill(os.getpid(), getattr(signal, job.act)),
        note=note,
        wanted=frozenset(job.wanted),
        spent=frozenset(job.spent),
    )
    site = site_of(Options(env="rehearsal", config=Path(job.config), journal=job.journal))
    async with deps_of(site, journal_needed=False) as deps:
        parts = overheard(deps, watch)
        await (await claim(job.ref or await started(job, parts, note), parts)).run()


async def started(job: Job, deps: Deps, note: Callable[[str], None]) -> str:
    """Plan, wait for the starting shot, journal."""
    prepared = await prepare(Request(deps.runbooks[job.opens], {}, "at the same moment"), deps)
    note("ready")
    while not Path(job.go).exists():
        await asyncio.sleep(0.001)
    opened = await open_run(prepared, deps)
    note(f"opened {opened.run}")
    return opened.ref


def overheard(deps: Deps, watch: Watch) -> Deps:
    """The parts of a runner with its points told to `watch`."""
    cluster = Writes(deps.cluster, watch)
    return replace(deps, cluster=cluster, probes=Answers(deps.cluster, deps.environment), trace=watch.passed)  # type: ignore[arg-type]


def forked(job: Job) -> int:
    """Start the runner; its process id."""
    pid = os.fork()
    if pid:
        return pid
    status = 0
    try:
        os.setsid()
        os.environ.update(HOME=job.home, XDG_STATE_HOME=f"{job.home}/state", XDG_CONFIG_HOME=f"{job.home}/config-home")
        with open(f"{job.passed}.log", "ab") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        asyncio.run(drive(job))
    except BluegreenError as error:
        status = error.exit_code
        print(error, flush=True)
    except BaseException:
        status = FAILED
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def main() -> None:
    """Until standard input ends, or nobody listens; runners that are still alive are killed then."""
    running: dict[int, int] = {}
    try:
        _serve(running)
    except BrokenPipeError:
        return
    finally:
        for pid in running:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _serve(running: dict[int, int]) -> None:
    unread = b""
    while True:
        ready, _, _ = select.select([0], [], [], LOOK_SECONDS if running else None)
        if ready:
            data = os.read(0, 65536)
            if not data:
                return
            *lines, unread = (unread + data).split(b"\n")
            for line in lines:
                job = Job(**json.loads(line))
                pid = forked(job)
                running[pid] = job.job
                _say(job=job.job, pid=pid)
        for pid in list(running):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                _say(job=running.pop(pid), status=os.waitstatus_to_exitcode(status))


def _say(**what: int) -> None:
    os.write(1, (json.dumps(what) + "\n").encode())


if __name__ == "__main__":
    main()
