"""Latest value wins: many changes become few paints."""

from __future__ import annotations

from collections.abc import Callable


class Throttle:
    """Calls `flush` at once for a first change and at most every `interval` seconds while changes go on.

    `after(seconds, call)` is the app's timer and `clock` its monotonic time, so nothing runs while nothing changes.
    """

    def __init__(
        self,
        flush: Callable[[], None],
        *,
        interval: float,
        clock: Callable[[], float],
        after: Callable[[float, Callable[[], None]], object],
    ) -> None:
        self._flush = flush
        self._interval = interval
        self._clock = clock
        self._after = after
        self._last = float("-inf")
        self._waiting = False

    def changed(self) -> None:
        """Something is new."""
        if self._waiting:
            return
        wait = self._last + self._interval - self._clock()
        if wait <= 0:
            self._paint()
        else:
            self._waiting = True
            self._after(wait, self._due)

    def _due(self) -> None:
        self._waiting = False
        self._paint()

    def _paint(self) -> None:
        self._last = self._clock()
        self._flush()
