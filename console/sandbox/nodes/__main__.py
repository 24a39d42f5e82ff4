"""`python -m console.sandbox.nodes CONFIG` runs nodes, network and service proxy in a process of their own (see plane_process.py)."""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path

import msgspec

from console.sandbox.plane_process import run
from console.sandbox.plane_views import PlaneConfig


def main(config: Path) -> None:
    """Run until SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("aiohttp").setLevel(logging.WARNING)
    asyncio.run(run(msgspec.json.decode(config.read_bytes(), type=PlaneConfig)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
