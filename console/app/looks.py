"""What is asked for only while somebody looks at it: the connections of the Sources screen."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from console.app.desk import Desk
from console.app.link import Holder, Work, sentence

EVERY = 2.0
"""Seconds between two looks."""


class Looks:
    """One look at a time, and none while no screen shows it."""

    def __init__(self, holder: Holder, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._holder, self._clock = holder, clock
        self._looking = False
        self._due = 0.0

    def look(self, desk: Desk | None, wanted: bool, work: Work) -> None:
        """Called at each paint; asks when a look is wanted and due."""
        if not wanted or desk is None or self._looking or self._clock() < self._due:
            return
        self._looking = True
        work("connections", partial(self._look, desk))

    async def _look(self, desk: Desk) -> None:
        try:
            found = await desk.connections()
            self._holder.update(lambda s: replace(s, connections=found, trouble={k: v for k, v in s.trouble.items() if k != "connections"}))
        except Exception as error:
            said = f"the connections cannot be looked at: {sentence(error)}"
            self._holder.update(lambda s: replace(s, trouble={**s.trouble, "connections": said}))
        finally:
            self._due = self._clock() + EVERY
            self._looking = False
