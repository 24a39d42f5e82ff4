"""Prints the figures of the main job against the book's own script, on a real control plane: `python -m tests.bench`.

All of it takes about three minutes on two processors. A part can be named: `python -m tests.bench deploy status`.
"""

from __future__ import annotations

import argparse
import asyncio
import os
from pathlib import Path

import yaml

from console.cluster.connect import connect
from console.sandbox.endpoint import write_kubeconfig
from console.sandbox.rehearsal_cluster import SandboxCluster
from tests.bench import deploys, start_up, ways_back
from tests.bench.book import run as book
from tests.bench.report import Figure, table
from tests.controlplane.build import ensure_binaries
from tests.planes import short_folder
from tests.support.scenario import Scenario, running_box

PARTS = ("book", "deploy", "back", "status")
STATUSES = 9
PATCHES = 9


async def bench(folder: Path, parts: set[str], *, rounds: int, backs: int) -> list[str]:
    """The lines to print; `rounds` deploys of either side, `backs` ways back."""
    async with running_box(folder / "box", real=True) as box:
        theirs = await _theirs(box, folder, rounds=rounds) if "book" in parts else book.Book()
        async with Scenario.on(box, folder / "ours") as s:
            mine = await _ours(box, s, parts, rounds=rounds, backs=backs)
    return [*table(_figures(theirs, *mine)), *mine[0].lines()]


async def _theirs(box: SandboxCluster, folder: Path, *, rounds: int) -> book.Book:
    kubectl = ensure_binaries().kubectl
    assert kubectl is not None, "the build has no kubectl"
    async with Scenario.on(box, folder / "book") as s:
        # Straight to the API server: the rehearsal's relay, through which its faults come, would be measured as well.
        kubeconfig = write_kubeconfig(folder / "book.kubeconfig", box.server.endpoint, "admin", s.namespace)
        return await book.measure(s, book.Tools(kubectl, kubeconfig), runs=rounds, patches=PATCHES)


async def _ours(
    box: SandboxCluster, s: Scenario, parts: set[str], *, rounds: int, backs: int
) -> tuple[deploys.Deploys, ways_back.WaysBack, list[float]]:
    kubeconfig = write_kubeconfig(s.folder / "operator.kubeconfig", box.server.endpoint, "operator", s.namespace)
    point_at(s, kubeconfig)
    client = await connect(kubeconfig=kubeconfig, context=None)
    try:
        deployed = await deploys.measure(s, client, rounds=rounds if "deploy" in parts else 1)  # a way back needs one
        went_back = await ways_back.measure(s, client, count=backs if "back" in parts else 0)
        status = await start_up.measure(s, count=STATUSES if "status" in parts else 0)
        return deployed if "deploy" in parts else deploys.Deploys(), went_back, status
    finally:
        await client.close()


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


def point_at(s: Scenario, kubeconfig: Path) -> None:
    """Let the scenario's settings use this kubeconfig."""
    file = s.operator.config / "environments" / "rehearsal.yml"
    document = yaml.safe_load(file.read_text())
    document["cluster"]["kubeconfig"] = str(kubeconfig)
    file.write_text(yaml.safe_dump(document, sort_keys=False))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"one of {', '.join(PARTS)} (default: all of them)")
    parser.add_argument("--rounds", type=int, default=5, help="deploys of either side (default 5)")
    parser.add_argument("--backs", type=int, default=20, help="ways back (default 20)")
    given = parser.parse_args()
    if unknown := set(given.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    start_up.compile_everything()
    with short_folder() as folder:
        lines = asyncio.run(bench(folder, set(given.parts or PARTS), rounds=given.rounds, backs=given.backs))
    print("\n".join(lines))
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors; baseline: the book's script, or two kubectl patches")


if __name__ == "__main__":
    main()
