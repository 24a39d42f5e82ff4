"""The way back by a runner that waits, as the console keeps one: from the moment a person confirms."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from console.cli.options import Options
from console.cli.parts import deps_of, site_of
from console.cluster.client import KubeClient
from console.domain.ids import RunId
from console.domain.run import RunRecord
from console.domain.run_fold import fold
from console.engine.deps import Deps
from console.engine.process import WarmRunner, runner_argv
from console.engine.start import Request, open_run, prepare
from tests.bench.deploys import SERVICES
from tests.bench.outside import Outside, watched
from tests.support.scenario import Scenario

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
class WaysBack:
    """Measured, in seconds."""

    splits: list[float] = field(default_factory=list)
    opened: list[float] = field(default_factory=list)
    """Until the run was planned again and journaled."""
    accepted: list[float] = field(default_factory=list)
    patched: list[float] = field(default_factory=list)
    verified: list[float] = field(default_factory=list)


async def measure(s: Scenario, client: KubeClient, *, count: int) -> WaysBack:
    """`s` has two warm slots, both of them proven."""
    found = WaysBack()
    (s.operator.config / "runbooks" / "back.yml").write_text(BACK)
    options = Options(config=s.operator.config, journal=str(s.operator.journal), env="rehearsal")
    async with (
        deps_of(site_of(options)) as deps,
        WarmRunner(runner_argv(options.arguments())) as runner,
        watched(client, s.namespace, services=SERVICES) as outside,
    ):
        for _ in range(count):
            await runner.ready()
            await runner.prewarm()  # as the console does when the question opens
            await asyncio.sleep(PAUSE)
            await _one(deps, runner, outside, found)
    return found


async def _one(deps: Deps, runner: WarmRunner, outside: Outside, found: WaysBack) -> None:
    """Planned again, journaled, handed over, switched, verified."""
    began = time.monotonic()
    opened = await open_run(await prepare(Request(deps.runbooks["back"], {}, "bench", assume_yes=True), deps), deps)
    found.opened.append(time.monotonic() - began)
    await runner.drive(opened.ref)
    found.accepted.append(time.monotonic() - began)
    record = await _followed(deps, opened.run, found, began)
    assert record.outcome == "done", record.outcome_reason
    switch = await outside.switched(began)
    found.splits.append(switch.seconds)
    found.patched.append(switch.last - began)


async def _followed(deps: Deps, run: RunId, found: WaysBack, began: float) -> RunRecord:
    """The record of the run when it has ended, heard of as the console hears of it."""
    assert deps.journal is not None
    entries = []
    async for entry in deps.journal.tail(run=run):
        entries.append(entry)
        if entry.type == "step.result" and entry.body["step"] == "traffic.verify":
            found.verified.append(time.monotonic() - began)
        if entry.type == "run.closed":
            break
    record = fold(entries)
    assert record is not None
    return record
