"""Prints the figures on a real control plane, against the book's own script and against k9s: `python -m tests.bench`.

All of it takes about eight minutes on two processors. Parts can be named: `python -m tests.bench deploy status`.

  book     the book's script deploys; two kubectl patches
  deploy   `run deploy`, as CI calls it
  back     ways back with a runner that waits
  status   `status`, the whole process
  launch   the console in a terminal: first frame, live slots
  change   a change in the cluster until it is on the screen
  keys     a key until it is on the screen, while pods change 500 times a second
  crowd    5,000 pods: counted, memory, idle CPU
  steady   requests and bytes of a minute in which nothing happens
  hung     an API server that stops answering, until every panel says so
"""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

from console.cluster.connect import connect
from console.sandbox.endpoint import write_kubeconfig
from console.sandbox.rehearsal_cluster import SandboxCluster
from tests.bench import console, deploys, start_up, ways_back
from tests.bench.book import run as book
from tests.bench.report import Figure, table
from tests.bench.settings import changed
from tests.controlplane.build import ensure_binaries
from tests.planes import short_folder
from tests.support.scenario import Scenario, running_box

MAIN = ("deploy", "back", "status")
CONSOLE = ("launch", "change", "keys", "hung", "steady", "crowd")
PARTS = ("book", *MAIN, *CONSOLE)
STATUSES = 9
PATCHES = 9
LAUNCHES, CHANGES, KEYS, CROWDS, HANGS = 9, 40, 200, 3, 3
QUICK = 3
"""One in so many samples of the console, where it shall be quick."""


Main = tuple[deploys.Deploys, ways_back.WaysBack, list[float]]


async def bench(folder: Path, parts: set[str], *, rounds: int, backs: int, quick: bool) -> list[str]:
    """The lines to print; `rounds` deploys of either side, `backs` ways back."""
    theirs = book.Book()
    mine: Main = (deploys.Deploys(), ways_back.WaysBack(), [])
    if parts & {"book", *MAIN}:
        async with running_box(folder / "box", real=True) as box:
            if "book" in parts:
                theirs = await _theirs(box, folder, rounds=rounds)
            if parts & set(MAIN):
                async with Scenario.on(box, folder / "ours") as s:
                    mine = await _ours(box, s, parts, rounds=rounds, backs=backs)
    seen = await _console(folder / "seen", parts, quick=quick) if parts & set(CONSOLE) else console.Seen()
    return [*table((*_figures(theirs, *mine), *seen.figures())), *mine[0].lines(), *seen.lines()]


async def _theirs(box: SandboxCluster, folder: Path, *, rounds: int) -> book.Book:
    kubectl = ensure_binaries().kubectl
    assert kubectl is not None, "the build has no kubectl"
    async with Scenario.on(box, folder / "book") as s:
        # Straight to the API server: the rehearsal's relay, through which its faults come, would be measured as well.
        kubeconfig = write_kubeconfig(folder / "book.kubeconfig", box.server.endpoint, "admin", s.namespace)
        return await book.measure(s, book.Tools(kubectl, kubeconfig), runs=rounds, patches=PATCHES)


async def _ours(box: SandboxCluster, s: Scenario, parts: set[str], *, rounds: int, backs: int) -> Main:
    kubeconfig = write_kubeconfig(s.folder / "operator.kubeconfig", box.server.endpoint, "operator", s.namespace)
    changed(s.operator.config, cluster={"kubeconfig": str(kubeconfig)})
    client = await connect(kubeconfig=kubeconfig, context=None)
    try:
        deployed = await deploys.measure(s, client, rounds=rounds if "deploy" in parts else 1)  # a way back needs one
        went_back = await ways_back.measure(s, client, count=backs if "back" in parts else 0)
        status = await start_up.measure(s, count=STATUSES if "status" in parts else 0)
        return deployed if "deploy" in parts else deploys.Deploys(), went_back, status
    finally:
        await client.close()


async def _console(folder: Path, parts: set[str], *, quick: bool) -> console.Seen:
    """On a control plane of its own: nodes and databases would take the processors from what is measured."""
    seen, share = console.Seen(), QUICK if quick else 1
    measures: dict[str, Callable[[console.Stage], Awaitable[None]]] = {
        "launch": lambda stage: console.launches(stage, seen, count=LAUNCHES // share),
        "change": lambda stage: console.changes(stage, seen, count=CHANGES // share),
        "keys": lambda stage: console.keys(stage, seen, count=KEYS // share),
        "hung": lambda stage: console.hangs(stage, seen, count=HANGS // share),
        "steady": lambda stage: console.steady(stage, seen),
        "crowd": lambda stage: console.crowds(stage, seen, count=CROWDS // share),
    }
    async with console.staged(folder) as stage:
        for part in CONSOLE:
            if part in parts:
                try:
                    await measures[part](stage)
                except asyncio.CancelledError:  # ctrl-C: what was measured until now is printed
                    seen.troubles.append(f"{part}: interrupted, as was what comes after it")
                    break
                except Exception as trouble:  # the other figures are worth having
                    seen.troubles.append(f"{part}: {type(trouble).__name__}: {trouble}")
    return seen


def _figures(theirs: book.Book, deployed: deploys.Deploys, back: ways_back.WaysBack, status: list[float]) -> tuple[Figure, ...]:
    return (
        Figure("the book's script: deploy, whole", theirs.deploys),
        Figure("the book's script: beyond the pods' readiness", theirs.beyond),
        Figure("the book's script: Services split", theirs.splits),
        Figure("two kubectl patches", theirs.patches),
        Figure("deploy, whole command", deployed.whole, baseline=theirs.deploys),
        Figure("deploy, beyond the pods' readiness", deployed.beyond, aim=0.5, baseline=theirs.beyond),
        Figure("Services split", [*deployed.splits, *back.splits], aim=0.015, quantile=0.95, baseline=theirs.splits),
        Figure("way back: confirmed → planned and journaled", back.opened),
        Figure("way back: confirmed → accepted by the runner", back.accepted),
        Figure("way back: confirmed → both Services patched", back.patched, aim=0.1, quantile=0.95, baseline=theirs.patches),
        Figure("way back: confirmed → routed and verified", back.verified, aim=0.5, quantile=0.95),
        Figure("status, whole process", status, aim=0.7),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"one of {', '.join(PARTS)} (default: all of them)")
    parser.add_argument("--rounds", type=int, default=5, help="deploys of either side (default 5)")
    parser.add_argument("--backs", type=int, default=20, help="ways back (default 20)")
    parser.add_argument("--quick", action="store_true", help="a third of the console's samples")
    given = parser.parse_args()
    if unknown := set(given.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    start_up.compile_everything()
    with short_folder() as folder:
        lines = asyncio.run(bench(folder, set(given.parts or PARTS), rounds=given.rounds, backs=given.backs, quick=given.quick))
    print("\n".join(lines))
    beside = "beside: the book's script or two kubectl patches in this run; k9s on a machine like ours"
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors; {beside}")


if __name__ == "__main__":
    main()
