"""The oracle: how users are really served, sampled past every fault, and whether what somebody said was true when it was said."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from console.cluster.errors import ClusterError
from tests.support.scenario import Scenario

EVERY = 0.2
LAG = 10.0
"""Seconds that a screen may be behind: twice the five seconds in which a loss has to show, on a busy machine."""


@dataclass(frozen=True)
class Sample:
    """One moment."""

    at: float
    active: str
    """Slot that takes all traffic; empty where there is none."""
    well: bool


@dataclass(frozen=True)
class Claim:
    """Somebody said that users are well."""

    at: float
    by: str
    text: str


@dataclass
class Truth:
    """Samples since it was started; made by `watched_truth`."""

    samples: list[Sample] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)

    def claim(self, by: str, text: str) -> None:
        """Somebody says now that users are well: `green v1.5.0, well`."""
        self.claims.append(Claim(time.monotonic(), by, text))

    def wrong(self) -> list[Claim]:
        """Claims that were not true at any moment of the time that a screen may be behind."""
        return [claim for claim in self.claims if not any(self._bears(claim, s) for s in self.samples)]

    def _bears(self, claim: Claim, sample: Sample) -> bool:
        return claim.at - LAG <= sample.at <= claim.at + EVERY and sample.well and claim.text.startswith(sample.active)


async def look(s: Scenario) -> Sample:
    """Selectors, and whether the selected Deployments have all the pods they ask for."""
    slots = set((await s.app.selected()).values())
    at = time.monotonic()
    if len(slots) != 1 or not (active := slots.pop()):
        return Sample(at, "", well=False)
    found = [await s.app.get("deployments", part.deployments[active]) for part in s.layout.parts]
    return Sample(at, active, well=all(each is not None and _whole(each) for each in found))


def _whole(deployment: dict[str, dict[str, int]]) -> bool:
    wanted, status = deployment["spec"]["replicas"], deployment.get("status", {})
    return wanted > 0 and status.get("readyReplicas", 0) == status.get("availableReplicas", 0) == wanted


@contextlib.asynccontextmanager
async def watched_truth(s: Scenario) -> AsyncIterator[Truth]:
    """Samples for the length of the block."""
    truth = Truth()

    async def sample() -> None:
        while True:
            with contextlib.suppress(ClusterError):
                truth.samples.append(await look(s))
            await asyncio.sleep(EVERY)

    task = asyncio.create_task(sample(), name="oracle")
    try:
        yield truth
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
