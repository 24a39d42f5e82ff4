"""Deploys and rollbacks on a real control plane while runners are killed and requests meet faults: `python -m tests.chaos`.

Each run is compared with an undisturbed one: its end, its effects, the objects it leaves, and whether the journal explains every
interruption. Leaves with 0 when nothing differs. A full run takes about a quarter of an hour on two processors.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys

from tests.chaos.scene import Wanted, chaos
from tests.planes import short_folder
from tests.support.scenario import running_box


async def run(wanted: Wanted) -> int:
    """On a cluster of its own; the exit code."""
    with short_folder() as folder:
        async with running_box(folder / "box", real=True) as box:
            result = await chaos(box, folder, wanted, say=lambda line: print(line, flush=True))
    print("\n".join(result.table()))
    return 0 if result.ok else 1


def main() -> int:
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=None, help="repeat a run (default: a new one, which is printed)")
    parser.add_argument("--kills", type=int, default=200, help="runners to kill (default 200)")
    parser.add_argument("--faults", type=int, default=2_000, help="requests to disturb (default 2000)")
    given = parser.parse_args()
    seed = random.SystemRandom().randrange(1_000_000) if given.seed is None else given.seed
    print(f"seed {seed}: {given.kills} kills, {given.faults} faults", flush=True)
    return asyncio.run(run(Wanted(seed, given.kills, given.faults)))


if __name__ == "__main__":
    sys.exit(main())
