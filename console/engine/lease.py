"""Who drives the environment: a Kubernetes Lease with holder and epoch (SAFETY 3.5).

It is lost only when another holder is *seen*: an outage in which it could not be renewed loses nothing. Ages are judged in the API
server's time, never by comparing two hosts' clocks.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from console.domain.errors import PortError, Refused
from console.domain.ids import Epoch
from console.engine.ending import LeaseLost
from console.engine.ports import Clock, Cluster, LeaseState

DURATION = 15.0
"""Seconds after the last renewal when a holder counts as dead."""
RENEW_SECONDS = 5.0
LOOK_SECONDS = 1.5
"""Between two looks at who holds it, so that a loser notices within two seconds."""
_TRIES = 5

HasEnded = Callable[[str], Awaitable[bool]]
"""Whether the run of this name (`41@<uid>`) is over."""


def lease_name(application: str) -> str:
    return f"bluegreen-{application}"


class Lease:
    """One run's hold on the environment."""

    def __init__(
        self,
        cluster: Cluster,
        clock: Clock,
        *,
        application: str,
        holder: str,
        run: str,
        same_target: Callable[[], Awaitable[bool]] | None = None,
    ) -> None:
        self._cluster = cluster
        self._clock = clock
        self._name = lease_name(application)
        self._holder = holder
        """`user@host/uid`: the same for every runner of this run on this host."""
        self._run = run
        self._same_target = same_target
        """Whether a namespace in which our lease is gone is still the one that it was taken in."""
        self._state: LeaseState | None = None
        self.before: LeaseState | None = None
        """The lease as it was when we took it."""
        self._renewed = 0.0

    @property
    def epoch(self) -> Epoch:
        """Every write of the run carries it; 0 before the lease was taken."""
        return self._state.epoch if self._state else Epoch(0)

    @property
    def anchor(self) -> str:
        """The anchor that the last driver left, once the lease is ours."""
        return self._state.anchor if self._state else ""

    async def take(self, *, over: bool, floor: Epoch, has_ended: HasEnded | None = None) -> Epoch:
        """Take it with the next epoch where it is free, expired or ours; with `over` from a live holder too.

        `floor`: an epoch that is known to be in use. `has_ended`: whether the run that holds it is known to be over, its runner having
        died before it could let go. Raises Refused naming the holder.
        """
        for _ in range(_TRIES):
            found = await self._cluster.lease(self._name)
            if found and not over and not await self._takeable(found) and not (has_ended and await has_ended(found.run)):
                raise Refused(
                    f"{found.holder} drives this environment (run {found.run})", hint="Attach to that run, or take over with a reason"
                )
            epoch = Epoch(max(found.epoch if found else 0, floor) + 1)
            now = await self._cluster.server_time()
            wanted = LeaseState(
                self._holder, epoch, self._run, now, now, DURATION, found.resource_version if found else "", found.anchor if found else ""
            )
            if await self._put(wanted):
                self.before = found
                return epoch
        raise Refused("the lease of this environment changes hands all the time", hint="See who else starts runs")

    def driven_since(self, epoch: Epoch) -> str:
        """The run that has driven the environment since ours did at `epoch`; empty when none has."""
        before = self.before
        return before.run if before and before.epoch > epoch and before.run != self._run else ""

    async def guard(self) -> None:
        """Right before a write, after the fresh read of its object: raises LeaseLost when another holder is seen."""
        found = await self._cluster.lease(self._name)
        self._check(found)

    async def keep(self, anchor: Callable[[], Awaitable[str]]) -> None:
        """Look who holds it, and renew when it is time; call every LOOK_SECONDS. Raises LeaseLost, and what the cluster raises.

        `anchor` tells the journal's head, kept beside the lease so that a cut tail is seen.
        """
        found = await self._cluster.lease(self._name)
        self._check(found)
        if found and self._clock.monotonic() - self._renewed < RENEW_SECONDS:
            return
        assert self._state is not None
        if found is None and self._same_target and not await self._same_target():
            return
        now = await self._cluster.server_time()
        await self._put(
            replace(self._state, renewed_at=now, anchor=await anchor(), resource_version=found.resource_version if found else "")
        )

    async def free(self, anchor: str) -> None:
        """Let go of it, and leave epoch and anchor behind. Nothing is done when another holds it."""
        found = await self._cluster.lease(self._name)
        if found and self._state and found.holder == self._holder and found.epoch == self._state.epoch:
            await self._put(replace(found, holder="", anchor=anchor))

    def _check(self, found: LeaseState | None) -> None:
        """A lease that was deleted is nobody's; one with a higher epoch was somebody's, even if it is free again."""
        if self._state is None or found is None:
            return
        if found.epoch > self._state.epoch or found.holder not in ("", self._holder):
            since = f"run {found.run} has driven this environment since" if found.run and not found.holder else ""
            raise LeaseLost(found.holder, since)

    async def _takeable(self, found: LeaseState) -> bool:
        if found.holder in ("", self._holder):
            return True
        if found.renewed_at is None:
            return True
        return (await self._cluster.server_time() - found.renewed_at).total_seconds() > found.duration

    async def _put(self, wanted: LeaseState) -> bool:
        """False when another writer was faster: read again."""
        try:
            self._state = await self._cluster.put_lease(self._name, wanted)
        except PortError as error:
            if error.status in (404, 409, 422):
                return False
            raise
        self._renewed = self._clock.monotonic()
        return True
