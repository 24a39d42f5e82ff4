"""Patience of commands that only look or prepare: a question is asked again for a while, and a person is told why it takes so long."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from console.domain.errors import PortError

T = TypeVar("T")
LOOKING = 10.0
"""Seconds that a look at the cluster may be tried for."""
STARTING = 30.0
"""Seconds that the preparation of a run may be tried for: whoever goes back at night does not want to type it twice."""


def tell(text: str) -> None:
    """One line to the person at the command line."""
    print(f"bluegreen: {text}; trying again", file=sys.stderr, flush=True)


async def patiently(ask: Callable[[], Awaitable[T]], *, within: float = LOOKING, say: Callable[[str], None] = tell) -> T:
    """The answer to a question that changes nothing, asked again while it fails with what passes by itself.

    `within`: seconds after which the last error is raised.
    """
    from console.engine.failures import Failure, failure_of, pause_after

    deadline = time.monotonic() + within
    said: set[str] = set()
    tries = 0
    while True:
        try:
            return await ask()
        except PortError as error:
            tries += 1
            pause = min(2.0, pause_after(error, tries))
            if failure_of(error) not in (Failure.AGAIN, Failure.DOUBT) or time.monotonic() + pause >= deadline:
                raise
            if error.message not in said:
                said.add(error.message)
                say(error.message)
            await asyncio.sleep(pause)
