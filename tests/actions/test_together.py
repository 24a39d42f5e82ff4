"""Writes that do not depend on each other go together, each behind its own look at the lease; all others keep their order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import pytest

from actions.shared import Doing, Params
from console.domain.change import Change, MergePatch, Write, Written
from console.domain.errors import PortError
from console.engine.action import Ports, Task
from tests.actions.fake import FakeCluster, Guard, ports_of

DEPLOYMENTS = tuple(MergePatch("Deployment", name, {}) for name in ("api", "web"))
SERVICE = MergePatch("Service", "api", {})


class Server:
    """Answers nobody before it is told to."""

    def __init__(self, refuses: str = "") -> None:
        self.log: list[str] = []
        self._refuses = refuses
        self._turns: asyncio.Queue[None] = asyncio.Queue()

    async def write(self, write: Write, *, dry_run: bool = False) -> Written:
        name = f"{write.kind} {write.name}"
        self.log.append(f"{name} sent")
        await self._turns.get()
        self.log.append(f"{name} answered")
        if name == self._refuses:
            raise PortError(f"{name} refused")
        return Written(write.kind, write.name, "2")

    async def answer_all(self) -> list[list[str]]:
        """What was sent before each answer, until nothing is under way."""
        rounds: list[list[str]] = []
        while True:
            for _ in range(20):
                await asyncio.sleep(0)
            sent = [line.removesuffix(" sent") for line in self.log if line.endswith("sent")]
            answered = len(self.log) - len(sent)
            if len(sent) == answered:
                return rounds
            rounds.append(sent[answered:])
            for _ in sent[answered:]:
                self._turns.put_nowait(None)


class Act(Doing[Params, object]):
    def __init__(self, *, together: bool) -> None:
        self.neighbours_together = together


async def applied(
    writes: Sequence[Write], folder: Path, *, together: bool = True, refuses: str = "", guard: Guard | None = None
) -> tuple[list[list[str]], str]:
    """Names of the writes that were under way at the same time, batch by batch; and what came of it."""
    server = Server(refuses)
    ports = ports_of(cast(FakeCluster, server), folder, guard=guard)
    applying = asyncio.ensure_future(_apply(ports, writes, together))
    rounds = await server.answer_all()
    (outcome,) = await asyncio.gather(applying, return_exceptions=True)
    return rounds, str(outcome) if isinstance(outcome, BaseException) else " ".join(written.name for written in outcome)


async def _apply(ports: Ports, writes: Sequence[Write], together: bool) -> tuple[Written, ...]:
    return await Act(together=together).apply(ports, cast(Task[Params], None), Change("act", tuple(writes)))


async def test_neighbours_of_one_kind_go_together_and_kinds_keep_their_order(tmp_path: Path) -> None:
    assert await applied([*DEPLOYMENTS, SERVICE], tmp_path) == (
        [["Deployment api", "Deployment web"], ["Service api"]],
        "api web api",
    )


async def test_an_objects_own_writes_wait_for_each_other(tmp_path: Path) -> None:
    rounds, _ = await applied([DEPLOYMENTS[0], *DEPLOYMENTS], tmp_path)
    assert rounds == [["Deployment api"], ["Deployment api", "Deployment web"]]


async def test_an_action_that_does_not_allow_it_writes_one_after_the_other(tmp_path: Path) -> None:
    rounds, _ = await applied(DEPLOYMENTS, tmp_path, together=False)
    assert rounds == [["Deployment api"], ["Deployment web"]]


async def test_after_a_failure_its_neighbours_are_waited_for_and_nothing_more_is_sent(tmp_path: Path) -> None:
    rounds, outcome = await applied([*DEPLOYMENTS, SERVICE], tmp_path, refuses="Deployment api")
    assert rounds == [["Deployment api", "Deployment web"]]
    assert outcome == "Deployment api refused"


@pytest.mark.parametrize("together", [True, False])
async def test_each_write_looks_at_the_lease_itself(tmp_path: Path, together: bool) -> None:
    guard = Guard()
    await applied([*DEPLOYMENTS, SERVICE], tmp_path, together=together, guard=guard)
    assert guard.calls == 3
    guard.refuse = PortError("bob drives this environment now")
    rounds, outcome = await applied(DEPLOYMENTS, tmp_path, together=together, guard=guard)
    assert rounds == []
    assert outcome == "bob drives this environment now"
