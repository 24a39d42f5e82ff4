"""Whether a watch is well, told from signs: lists, events, streams that stay open. Knows no network."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

PROVEN_AFTER = 1.0
"""Seconds a stream must stay open before it counts as healthy; any event proves it at once."""


@dataclass
class Pauses:
    """Seconds to wait after the n-th failure in a row: 0.2, doubling up to `longest`, each shortened by up to half at random."""

    longest: float = 5.0
    spread: Callable[[], float] = random.random
    failures: int = 0

    def next(self) -> float:
        self.failures = min(self.failures + 1, 16)
        return min(self.longest, 0.1 * 2.0**self.failures) * (1 - self.spread() / 2)

    def reset(self) -> None:
        self.failures = 0


class Health:
    """Whether the stream is well, from signs; says so once when it has not been for `lost_after` seconds."""

    def __init__(self, lost_after: float, pauses: Pauses, say: Callable[[str, bool], None]) -> None:
        self.pauses = pauses
        self.said = False
        """The consumer was told `Lost` and waits for a list."""
        self.proven = False
        """The latest stream delivered something or stayed open for a while."""
        self._lost_after, self._say = lost_after, say
        self._reason = ""
        self._alarm: asyncio.TimerHandle | None = None
        self._open = False
        self._overdue = False

    @property
    def doubting(self) -> bool:
        """An alarm is on its way."""
        return self._alarm is not None or self._overdue

    def doubt(self, reason: str) -> None:
        """Something is wrong since now, or still."""
        self._reason = reason
        if not self.doubting and not self.said:
            self._alarm = asyncio.get_running_loop().call_later(self._lost_after, self._ring)

    def well(self) -> None:
        """A list or an event arrived."""
        self.stop()
        self.said = False

    def prove(self) -> None:
        self.proven = True
        self.pauses.reset()
        self.well()

    def lost(self, reason: str, *, forbidden: bool) -> None:
        """The server refuses: no need to wait, and no need to say the same again."""
        self.stop()
        if not self.said or reason != self._reason:
            self.said, self._reason = True, reason
            self._say(reason, forbidden)

    @contextlib.contextmanager
    def open(self) -> Iterator[None]:
        """A stream is open; staying so for a second proves it. An alarm that is due meanwhile waits for that verdict."""
        timer = asyncio.get_running_loop().call_later(PROVEN_AFTER, self.prove)
        self._open = True
        try:
            yield
        finally:
            timer.cancel()
            self._open = False
            if self._overdue:
                self._ring()

    def stop(self) -> None:
        """No alarm is due any more."""
        self._overdue = False
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _ring(self) -> None:
        self._alarm = None
        self._overdue = self._open
        if not self._open:
            self.said = True
            self._say(self._reason, False)
