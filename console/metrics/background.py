"""Blocking calls beside the event loop that never hold the program's end up.

Threads of the standard executor are joined when Python exits, so one hanging query would hang the whole console.
These are daemons: what they still do at the end is forgotten.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import threading
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


class Background:
    """At most `limit` calls at once; a call that hangs keeps its place until it ends."""

    def __init__(self, *, limit: int) -> None:
        self._room = asyncio.Semaphore(limit)

    async def call(self, function: Callable[[], Result], *, timeout: float) -> Result:
        """What `function` returns or raises; TimeoutError after `timeout` seconds, waiting for a place included."""
        async with asyncio.timeout(timeout):
            await self._room.acquire()
            return await self._started(function)

    def _started(self, function: Callable[[], Result]) -> asyncio.Future[Result]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()

        def done(set_outcome: Callable[[], None]) -> None:
            self._room.release()
            if not future.done():
                set_outcome()

        def work() -> None:
            outcome: Callable[[], None]
            try:
                outcome = functools.partial(future.set_result, function())
            except Exception as error:  # handed to the caller as it is
                outcome = functools.partial(future.set_exception, error)
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(done, outcome)

        threading.Thread(target=work, name="prometheus query", daemon=True).start()
        return future
