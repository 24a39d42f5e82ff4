"""The console left alone with a restless cluster and restless hands: `make soak` (30 minutes; `--minutes 2` for a look).

A real console in a real terminal on a real control plane. Releases go out and back, pods crash, the API server hangs and refuses, the
window changes its size, keys are pressed at random (seeded). It must not end, leave nothing behind and not grow.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from console.sandbox.rehearsal_faults import NoSuchPods
from console.sandbox.relay import Link
from tests.bench import processes
from tests.bench.pane import Pane, opened
from tests.planes import short_folder
from tests.support.scenario import Scenario, running_box

SIZES = ((80, 24), (120, 40), (200, 60), (250, 70), (79, 23), (40, 10))
KEYS = (
    *"deplhmscwrynaxbtgGjk0123 /?fopuvLPW",
    *(":pods\r", ":events\r", ":sources\r", ":history\r", ":plan deploy\r", ":zzz\r\x1b", "\x10theme\x1b", "\x10show run\x1b"),
    *("\r", "\x1b", "\t", "\x12", "\x1b[A", "\x1b[B", "\x1b[5~", "\x1b[6~", "\x1b[200~pasted\x1b[201~"),
)
"""Everything but what ends or stops it, as it shall: q, ctrl+q, ctrl+z, and a search that may find `quit`."""
PRESSES = 4
"""A second."""
SAMPLE_SECONDS = 15.0
GROWTH = 1.15
"""Of memory between the first third, when everything was shown once, and the last."""
MORE_FILES = 12


class Ended(Exception):
    """What must not happen."""


@dataclass
class Sample:
    """What the kernel says of the console."""

    minute: float
    memory: int
    """Bytes."""
    files: int
    threads: int
    children: int


@dataclass
class Soak:
    """What was done and what was seen."""

    seed: int
    presses: int = 0
    resizes: int = 0
    trouble: dict[str, int] = field(default_factory=dict)
    samples: list[Sample] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def count(self, what: str) -> None:
        self.trouble[what] = self.trouble.get(what, 0) + 1


async def soak(folder: Path, *, minutes: float, seed: int) -> Soak:
    """Everything at once, for so long."""
    found, dice = Soak(seed), random.Random(seed)
    async with running_box(folder / "box", real=True) as box, Scenario.on(box, folder / "s", waits={"bake": "5s"}) as s:
        await s.deploy("v1.4.2")
        async with s.load(20.0), opened(s.operator.arguments(), environment=s.operator.environment(), size=(120, 40)) as pane:
            await pane.shows("SWITCH")
            deadline = time.monotonic() + minutes * 60
            try:
                await asyncio.gather(
                    _repeat(deadline, lambda: _press(pane, dice, found)),
                    _repeat(deadline, lambda: _resize(pane, dice, found)),
                    _repeat(deadline, lambda: _release(s, dice, found)),
                    _repeat(deadline, lambda: _server(s, dice, found)),
                    _repeat(deadline, lambda: _sample(pane, found, began=deadline - minutes * 60)),
                )
                await _leaves(pane, found)
            except Ended as ended:
                found.problems.append(str(ended))
    return found


async def _repeat(deadline: float, act: Callable[[], Awaitable[None]]) -> None:
    while time.monotonic() < deadline:
        await act()


async def _press(pane: Pane, dice: random.Random, found: Soak) -> None:
    pane.type(dice.choice(KEYS))
    found.presses += 1
    await asyncio.sleep(dice.uniform(0.2, 1.8) / PRESSES)


async def _resize(pane: Pane, dice: random.Random, found: Soak) -> None:
    pane.resize(*dice.choice(SIZES))
    found.resizes += 1
    await asyncio.sleep(dice.uniform(1.0, 10.0))


async def _release(s: Scenario, dice: random.Random, found: Soak) -> None:
    """Somebody deploys, goes back, or pods crash; what becomes of it is not judged here."""
    what = dice.choice(("deploy", "rollback", "crash"))
    if what == "deploy":
        await s.cli("run", "deploy", "-i", f"release={dice.choice(('v1.5.0', 'v1.5.1', 'v1.4.1'))}", "--yes", "--reason", "soak")
    elif what == "rollback":
        await s.cli("rollback", "--yes", "--reason", "soak")
    else:
        with suppress(NoSuchPods):
            await s.box.faults.crash(dice.choice(s.layout.slots), component=dice.choice(("backend", "frontend")))
    found.count(what)
    await asyncio.sleep(dice.uniform(5.0, 20.0))


async def _server(s: Scenario, dice: random.Random, found: Soak) -> None:
    """The console's link is cut or hangs for a while."""
    await asyncio.sleep(dice.uniform(20.0, 40.0))
    link = dice.choice((Link.REFUSED, Link.HUNG))
    await s.box.faults.api(link)
    await asyncio.sleep(dice.uniform(2.0, 12.0))
    await s.box.faults.api(Link.UP)
    found.count(f"API server {link.name.lower()}")


async def _sample(pane: Pane, found: Soak, *, began: float) -> None:
    """Look at the process, and at the screen for what must never be on it."""
    await asyncio.sleep(SAMPLE_SECONDS)
    pane.catch_up()
    proc = Path(f"/proc/{pane.pid}")
    status = dict(row.split(":\t", 1) for row in (proc / "status").read_text().splitlines() if ":\t" in row)
    if status["State"].startswith("Z"):
        raise Ended(f"the console ended in minute {(time.monotonic() - began) / 60:.1f}\n{pane.text}")
    threads = int(status["Threads"])
    found.samples.append(
        Sample(
            (time.monotonic() - began) / 60,
            processes.resident(pane.pid),
            len(os.listdir(proc / "fd")),
            threads,
            len(processes.children(pane.pid)),
        )
    )
    for never in ("Traceback", "cannot show this", "Error:"):
        if never in pane.text:
            found.problems.append(f"minute {found.samples[-1].minute:.1f}: {never!r} on the screen\n{pane.text}")


async def _leaves(pane: Pane, found: Soak) -> None:
    """Still the console, still answering, and gone when it is told so."""
    pane.resize(120, 40)
    for _ in range(4):
        pane.type("\x1b")
        await asyncio.sleep(0.6)
    try:
        await pane.shows("SWITCH", within=30.0)
    except AssertionError as problem:
        found.problems.append(f"it does not come back to the Overview: {problem}")


def judged(found: Soak) -> list[str]:
    """What went wrong."""
    problems = list(found.problems)
    third = max(1, len(found.samples) // 3)
    first, last = found.samples[:third], found.samples[-third:]
    if not found.samples:
        return [*problems, "nothing was measured"]
    before, after = max(s.memory for s in first), max(s.memory for s in last)
    if after > before * GROWTH:
        problems.append(f"memory grew from {before / 1e6:.0f} to {after / 1e6:.0f} MB")
    files, later = max(s.files for s in first), min(s.files for s in last)
    if later > files + MORE_FILES:
        problems.append(f"open files grew from {files} to {later}")
    if min(s.threads for s in last) > max(s.threads for s in first) + 4:
        problems.append("threads are left behind")
    return problems


def report(found: Soak) -> Iterator[str]:
    """What was done, and the process over time."""
    yield f"seed {found.seed}: {found.presses} keys, {found.resizes} resizes, " + ", ".join(f"{n} × {w}" for w, n in found.trouble.items())
    for sample in found.samples[:: max(1, len(found.samples) // 12)]:
        memory = f"{sample.memory / 1e6:6.0f} MB"
        yield f"  minute {sample.minute:5.1f}  {memory}  {sample.files:3} files  {sample.threads:3} threads  {sample.children} children"


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3), "big"))
    return parser.parse_args()


def main() -> int:
    """Exit code: 0 when it held."""
    given = _given()
    print(f"soak for {given.minutes:g} minutes, seed {given.seed}", flush=True)
    with short_folder() as folder:
        found = asyncio.run(soak(folder, minutes=given.minutes, seed=given.seed))
    problems = judged(found)
    print("\n".join([*report(found), *(f"PROBLEM {p}" for p in problems), "held" if not problems else f"{len(problems)} problems"]))
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
