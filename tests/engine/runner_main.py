"""A runner on the shop in memory, for the tests of the process: `python -m tests.engine.runner_main FOLDER [how]`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from console.domain.errors import Refused
from console.engine.clock import SystemClock
from console.engine.deps import Deps, this_host
from console.engine.serve import serve_runner
from tests.engine.rig import rig
from tests.engine.shop import RUNBOOKS, step

SHORT = replace(
    RUNBOOKS["baked"], name="short", digest="short-1", steps=(*RUNBOOKS["deploy"].steps, step("wait", name="wait", duration="1s"))
)
LONG = replace(RUNBOOKS["baked"], name="long", digest="long-1", steps=(*RUNBOOKS["deploy"].steps, step("wait", name="wait", duration="1h")))
ALL = {**RUNBOOKS, "short": SHORT, "long": LONG}


@asynccontextmanager
async def parts(folder: Path, how: str) -> AsyncIterator[Deps]:
    if how == "cannot connect":
        raise Refused("the API server does not know us", hint="Log in")
    if how == "dies":
        os._exit(3)
    print("noise that is no answer")
    made = await rig(folder, runbooks=ALL)
    clock = SystemClock()
    made.cluster.clock = clock
    deps = replace(made.deps, clock=clock, host=this_host())
    if how == "deaf":
        deps = replace(deps, place=_Deaf())  # type: ignore[arg-type]
    try:
        yield deps
    finally:
        await made.journal.close()


class _Deaf:
    """Never comes to accept a run."""

    @property
    def runs(self) -> Path:
        signal.pause()
        raise SystemExit("told to end while it was deaf")


def main() -> int:
    folder, how = Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""
    return asyncio.run(serve_runner(0, lambda: parts(folder, how)))


if __name__ == "__main__":
    sys.exit(main())
