"""Record what a real kube-apiserver answers to the requests in exchanges/.

Usage: python -m tests.sandbox.apiserver.record_answers BINARIES, a folder with etcd, kube-apiserver and kube-controller-manager. The
controllers are frozen meanwhile, so that every answer is the API server's own.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path

from console.sandbox.binaries import find_binaries
from console.sandbox.control_plane import ControlPlane
from tests.sandbox.apiserver import exchange


async def main(folder: Path) -> None:
    """Write one file of answers per conversation, each from a control plane of its own."""
    for name in exchange.conversations():
        with tempfile.TemporaryDirectory() as run:
            async with ControlPlane.start(find_binaries(folder), Path(run) / "plane") as plane:
                plane.pause("kube-controller-manager")
                answers = await exchange.hold(plane.endpoint, exchange.read(name))
        target = exchange.answers_file(name)
        target.parent.mkdir(exist_ok=True)
        target.write_text("[\n" + ",\n".join(json.dumps(answer, sort_keys=True) for answer in answers) + "\n]\n")
        print(f"{name}: {len(answers)} answers")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
