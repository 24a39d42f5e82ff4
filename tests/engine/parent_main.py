"""A parent with a terminal: starts a runner, hands a run over, and waits to be hung up on."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from console.engine.process import WarmRunner


async def main(folder: str, ref: str) -> None:
    async with WarmRunner([sys.executable, "-m", "tests.engine.runner_main", folder], log=Path(folder, "log")) as runner:
        print("pid", await runner.drive(ref), flush=True)
        await asyncio.sleep(60)


asyncio.run(main(sys.argv[1], sys.argv[2]))
