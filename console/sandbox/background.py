"""Named tasks that run until their owner stops; one that fails is logged, never lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine

log = logging.getLogger(__name__)


class Background:
    """The background tasks of one owner."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._tasks

    def start(self, name: str, work: Coroutine[object, object, None]) -> None:
        """Run a task under a name of its own."""
        task = self._tasks[name] = asyncio.create_task(work, name=name)
        task.add_done_callback(_report_failure)

    async def stop(self) -> None:
        """Cancel all of them and wait until they have ended."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)


def _report_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("%s has stopped", task.get_name(), exc_info=error)
