"""Forks the processes that chaos kills: imported once, each a process and a session of its own, with the shipped parts and nothing else.

One JSON job a line comes in; `{"pid": …}` and later `{"pid": …, "status": …}` go out. What a job has to say is in its file.
"""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import sys
import traceback
from contextlib import suppress
from dataclasses import dataclass
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
from console.cli.run import _prepared
from console.engine.runner import claim
from console.engine.start import open_run

IMPORTED = (actions, console)
LOOK_SECONDS = 0.01


@dataclass(frozen=True)
class Job:
    """One process: it opens a run of `runbook`, or drives the run `ref`."""

    config: str
    journal: str
    said: str
    """File for the reference of an opened run; beside it, with `.log`, what went wrong."""
    ref: str = ""
    runbook: str = ""
    inputs: tuple[tuple[str, str], ...] = ()
    reason: str = ""


async def work(job: Job) -> None:
    """As `bluegreen run` opens, and as its runner drives."""
    site = site_of(Options(env="rehearsal", config=Path(job.config), journal=job.journal))
    async with deps_of(site, journal_needed=False) as deps:
        if job.ref:
            await (await claim(job.ref, deps)).run()
            return
        prepared = await _prepared(site, deps, job.runbook, dict(job.inputs), reason=job.reason, assume_yes=True)
        Path(job.said).write_text((await open_run(prepared, deps)).ref)


def forked(job: Job) -> int:
    """Start the process; its id."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        os.setsid()
        with open(f"{job.said}.log", "ab") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        asyncio.run(work(job))
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def main() -> None:
    """Until standard input ends; processes that are still alive are killed then."""
    running: set[int] = set()
    unread = b""
    while True:
        ready, _, _ = select.select([0], [], [], LOOK_SECONDS if running else None)
        if ready:
            data = os.read(0, 65536)
            if not data:
                break
            *lines, unread = (unread + data).split(b"\n")
            for line in lines:
                pid = forked(Job(**json.loads(line)))
                running.add(pid)
                _say(pid=pid)
        for pid in tuple(running):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                running.discard(pid)
                _say(pid=pid, status=os.waitstatus_to_exitcode(status))
    for pid in running:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _say(**what: int) -> None:
    os.write(1, (json.dumps(what) + "\n").encode())


if __name__ == "__main__":
    main()
