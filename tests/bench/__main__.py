"""Prints the figures of the main job against the book's own script, on a real control plane: `python -m tests.bench`."""

from __future__ import annotations

import argparse
import asyncio
import os
from pathlib import Path

import yaml

from console.sandbox.endpoint import write_kubeconfig
from tests.bench import ours
from tests.bench.book import run as book
from tests.bench.report import Figure, table
from tests.controlplane.build import ensure_binaries
from tests.planes import short_folder
from tests.support.scenario import Scenario, running_box


async def bench(folder: Path, *, rounds: int, backs: int) -> str:
    """The table; `rounds` deploys of either side, `backs` ways back."""
    kubectl = ensure_binaries().kubectl
    assert kubectl is not None
    async with running_box(folder / "box", real=True) as box:
        # Straight to the API server: the rehearsal's relay, through which its faults come, would be measured as well.
        async with Scenario.on(box, folder / "book") as s:
            kubeconfig = write_kubeconfig(folder / "book.kubeconfig", box.server.endpoint, "admin", s.namespace)
            theirs = await book.measure(s, kubectl, kubeconfig, runs=rounds)
        async with Scenario.on(box, folder / "ours") as s:
            point_at(s, write_kubeconfig(folder / "ours.kubeconfig", box.server.endpoint, "operator", s.namespace))
            mine = await ours.measure(s, deploys=rounds, backs=backs, statuses=7)
    return table(
        (
            Figure("deploy, whole (ours checks health 3 times in a row)", tuple(mine.deploys), baseline=tuple(theirs.deploys)),
            Figure("deploy beyond readiness and configured waits", tuple(mine.overheads), aim=0.5),
            Figure("Services split while switching", tuple(mine.splits), aim=0.015, quantile=0.95, baseline=tuple(theirs.splits)),
            Figure(
                "way back: confirmed → both Services patched", tuple(mine.patched), aim=0.1, quantile=0.95, baseline=tuple(theirs.patches)
            ),
            Figure("way back: confirmed → routed and verified", tuple(mine.verified), aim=0.5, quantile=0.95),
            Figure("status, whole process", tuple(mine.status), aim=0.7),
        )
    )


def point_at(s: Scenario, kubeconfig: Path) -> None:
    """Let the scenario's settings use this kubeconfig."""
    file = s.operator.config / "environments" / "rehearsal.yml"
    document = yaml.safe_load(file.read_text())
    document["cluster"]["kubeconfig"] = str(kubeconfig)
    file.write_text(yaml.safe_dump(document, sort_keys=False))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="deploys of either side (default 3)")
    parser.add_argument("--backs", type=int, default=20, help="ways back (default 20)")
    given = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    ours.compile_everything()
    with short_folder() as folder:
        print(asyncio.run(bench(folder, rounds=given.rounds, backs=given.backs)))
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors; baseline: the book's script, or two kubectl patches")


if __name__ == "__main__":
    main()
