"""Our side of the figures: deploys by the command line, ways back by a warm runner as the console keeps one, and `status`."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from console.cli.options import Options
from console.cli.parts import deps_of, site_of
from console.domain.run import fold
from console.engine.deps import Deps
from console.engine.process import WarmRunner, runner_argv
from console.engine.start import Request, open_run, prepare
from tests.bench.switches import Switches, watched
from tests.support.people import ROOT
from tests.support.scenario import Scenario

SERVICES = ("traider-backend", "traider-frontend")
WAITING = ("rollout.wait", "health.slot", "health.live", "verify.production", "wait")
"""Steps whose time is the pods' own readiness or configured: rounds in a row, time to settle, bake time."""
PAUSE = 0.5
"""Seconds between a person's looking and their key: what the last round started has ended."""
BACK = """\
# The heart of the rollback: judge the way, switch, prove that users arrived. The slots stay as they are, so that it can be measured often.
name: back
title: back to {previous}
direction: back
steps:
  - check: target.usable
  - do: traffic.switch
    with: {to: previous}
  - check: traffic.verify
    with: {slot: previous}
"""


@dataclass
class Ours:
    """Measured, in seconds."""

    deploys: list[float] = field(default_factory=list)
    overheads: list[float] = field(default_factory=list)
    splits: list[float] = field(default_factory=list)
    patched: list[float] = field(default_factory=list)
    verified: list[float] = field(default_factory=list)
    status: list[float] = field(default_factory=list)


async def measure(s: Scenario, *, deploys: int, backs: int, statuses: int) -> Ours:
    """`s` is empty at the start."""
    found = Ours()
    (s.operator.config / "runbooks").mkdir(exist_ok=True)
    (s.operator.config / "runbooks" / "back.yml").write_text(BACK)
    await s.deploy("v1.4.2")
    for number in range(deploys):
        s.add_release(f"v2.{number}.0")
        began = time.monotonic()
        await _deploy(s, f"v2.{number}.0")
        found.deploys.append(time.monotonic() - began)
        found.overheads.append(overhead(await s.show()))
    await _ways_back(s, found, count=backs)
    for _ in range(statuses):
        found.status.append(await _status(s))
    return found


async def _deploy(s: Scenario, release: str) -> None:
    """As CI does, over a slot that is still kept warm: the next round comes sooner than anybody's would."""
    words = ("-i", f"release={release}", "-i", "override=replace-way-back", "--yes", "--reason", "bench")
    (await s.cli("run", "deploy", *words)).expect(0)


async def _status(s: Scenario) -> float:
    """Seconds of the whole process."""
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *s.operator.arguments("status"), stdout=subprocess.DEVNULL, env=s.operator.environment(), cwd=s.folder
    )
    code = await process.wait()
    took = time.monotonic() - began
    assert code == 0, f"status left with {code}"
    return took


def overhead(run: dict[str, Any]) -> float:
    """Seconds of a run that were neither the pods' readiness nor configured."""
    whole = _seconds(run["opened_at"], run["closed_at"])
    waited = (_seconds(s["started_at"], s["ended_at"]) for s in run["steps"] if s["started_at"] and _waits(s))
    return whole - sum(waited)


def _waits(step: dict[str, Any]) -> bool:
    return step["kind"] == "wait" or step["name"].partition("#")[0] in WAITING


def _seconds(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


async def _ways_back(s: Scenario, found: Ours, *, count: int) -> None:
    options = Options(config=s.operator.config, journal=str(s.operator.journal), env="rehearsal")
    site = site_of(options)
    async with (
        deps_of(site) as deps,
        WarmRunner(runner_argv(options.arguments())) as runner,
        watched(s.app.client, s.namespace, services=SERVICES) as switches,
    ):
        for number in range(count):
            await runner.ready()
            await runner.prewarm()  # as the console does when the question opens
            await asyncio.sleep(PAUSE)
            await _one_way_back(deps, runner, switches, found, number)


async def _one_way_back(deps: Deps, runner: WarmRunner, switches: Switches, found: Ours, number: int) -> None:
    """From the moment a person confirms: planned again, journaled, handed over, switched, verified."""
    assert deps.journal is not None
    began = time.monotonic()
    opened = await open_run(await prepare(Request(deps.runbooks["back"], {}, "bench", assume_yes=True), deps), deps)
    await runner.drive(opened.ref)
    entries = []
    async for entry in deps.journal.tail(run=opened.run):
        entries.append(entry)
        if entry.type == "run.closed":
            break
    ended = time.monotonic()
    record = fold(entries)
    assert record is not None
    assert record.outcome == "done", record.outcome_reason
    switch = await switches.next(number)
    found.splits.append(switch.split)
    found.patched.append(switch.last - began)
    found.verified.append(ended - began)


def compile_everything() -> None:
    """Start-up is measured with byte code, as an installed program has it."""
    folders = [str(ROOT / name) for name in ("console", "actions", "screens")]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run([sys.executable, "-m", "compileall", "-q", *folders], env=environment, check=False)
