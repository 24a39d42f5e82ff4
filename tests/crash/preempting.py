"""A deploy whose runner stops itself at a point, a rollback by somebody else, and what both come to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from console.domain.run import RunRecord
from tests.crash.history import History, caught_up, recording
from tests.crash.killing import KINDS
from tests.crash.stand import Person, Runner, Stand

Wakes = Literal["after", "meanwhile"]
"""When the holder that was stopped goes on: after the rollback has ended, or while it runs."""


@dataclass(frozen=True)
class Preempted:
    """What came of it."""

    loser: RunRecord
    back: RunRecord
    selected: frozenset[str]
    """Slots that the Services select in the end."""
    live: frozenset[str]
    """Tags that the Deployments of that slot carry."""
    late: tuple[str, ...]
    """Objects that were changed after the rollback had ended."""
    loser_said: str


async def preempted(stand: Stand, point: str, wakes: Wakes) -> Preempted:
    """Deploy, stop its runner at `point`, go back from another machine with an empty journal, let the first one go on."""
    await stand.restore()
    alice, bob = stand.person(), stand.person(user="operator-2")
    opened = await alice.open("deploy", KINDS["deploy"])
    async with recording(stand.api, stand.paths) as history:
        holder = await stand.zygote.start(alice, opened.ref, wanted=[point], act="SIGSTOP")
        await holder.stopped()
        back = await _gone_back(stand, bob, holder if wakes == "meanwhile" else None)
        await caught_up(history, stand.api, stand.paths)
        before = changes(history)
        holder.go_on()
        status = await holder.status()
        await caught_up(history, stand.api, stand.paths)
        late = tuple(sorted(name for name, count in changes(history).items() if count != before.get(name, 0)))
    assert status == 0, holder.trouble()
    selected, live = await users(stand)
    return Preempted(await alice.record(opened.run), back, selected, live, late if wakes == "after" else (), holder.trouble())


async def _gone_back(stand: Stand, bob: Person, wakes: Runner | None) -> RunRecord:
    opened = await bob.open("rollback", {})
    runner = await stand.zygote.start(bob, opened.ref)
    if wakes:
        wakes.go_on()
    assert await runner.status() == 0, runner.trouble()
    return await bob.record(opened.run)


def changes(history: History) -> dict[str, int]:
    """How often each object was changed in any way, a new epoch included."""
    return {name: len(texts) - 1 for name, texts in history.versions.items()}


async def users(stand: Stand) -> tuple[frozenset[str], frozenset[str]]:
    """The slots that the Services select, and the tags that the Deployments of those slots carry."""
    services = (await stand.api.get(stand.paths.services)).ok()["items"]
    selected = frozenset(
        s["spec"]["selector"]["version"] for s in services if s["metadata"]["name"] in ("traider-backend", "traider-frontend")
    )
    deployments = (await stand.api.get(stand.paths.deployments)).ok()["items"]
    images = [
        d["spec"]["template"]["spec"]["containers"][0]["image"] for d in deployments if d["metadata"]["name"].rpartition("-")[2] in selected
    ]
    return selected, frozenset(image.rpartition(":")[2] for image in images)
