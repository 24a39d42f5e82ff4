"""Deploys by the command line, as CI calls it: the whole time, and where it went beyond the pods' own readiness."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from console.cluster.client import KubeClient
from tests.bench.outside import watched
from tests.bench.report import ms, quantile
from tests.support.application import Json
from tests.support.scenario import Scenario

SERVICES = ("traider-backend", "traider-frontend")
SHOWN = 0.02
"""Seconds: what takes less is not listed."""
READY = "the pods' readiness was noticed"


@dataclass
class Deploys:
    """Measured, in seconds."""

    whole: list[float] = field(default_factory=list)
    beyond: list[float] = field(default_factory=list)
    """Whole command, without the pods' own readiness."""
    splits: list[float] = field(default_factory=list)
    spent: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """What `beyond` consists of: by step, and before and after the run."""

    def lines(self) -> list[str]:
        """Where the time beyond readiness went, medians; none where nothing was measured."""
        rows = [(what, quantile(times, 0.5)) for what, times in self.spent.items()]
        shown = [f"  {ms(took):>8}  {what}" for what, took in rows if took >= SHOWN]
        return ["", "a deploy, beyond the pods' readiness:", *shown] if shown else []


async def measure(s: Scenario, client: KubeClient, *, rounds: int) -> Deploys:
    """`s` is empty at the start, and has two warm slots at the end."""
    found = Deploys()
    await s.deploy("v1.4.2")
    async with watched(client, s.namespace, services=SERVICES) as outside:
        for number in range(rounds):
            release = f"v2.{number}.0"
            s.add_release(release)
            outside.forget()
            began, wall = time.monotonic(), time.time()
            await _deploy(s, release)
            whole = time.monotonic() - began
            filling, switch = await outside.filled(began), await outside.switched(began)
            found.whole.append(whole)
            found.beyond.append(whole - filling.seconds)
            found.splits.append(switch.seconds)
            _spend(found.spent, await s.show(), began=wall, ended=wall + whole, ready=wall + filling.last - began)
    return found


async def _deploy(s: Scenario, release: str) -> None:
    """Over a slot that is still kept warm: the next round comes sooner than anybody's would."""
    words = ("-i", f"release={release}", "-i", "override=replace-way-back", "--yes", "--reason", "bench")
    (await s.cli("run", "deploy", *words)).expect(0)


def _spend(spent: dict[str, list[float]], run: Json, *, began: float, ended: float, ready: float) -> None:
    """Book the seconds of one deploy, all by the machine's clock. The time between steps counts as the next step's."""
    opened, closed = _seconds(run["opened_at"]), _seconds(run["closed_at"])
    spent["start, plan, open the run"].append(opened - began)
    before = opened
    for step in run["steps"]:
        if step["ended_at"] is None:
            continue
        after = _seconds(step["ended_at"])
        waits = step["name"].startswith("rollout.wait")
        spent[READY if waits else step["name"]].append(after - (max(ready, before) if waits else before))
        before = after
    spent["close the run"].append(closed - before)
    spent["end of the command"].append(ended - closed)


def _seconds(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()
