"""The API server's time, from the `Date` headers of its answers.

A `Date` is cut to whole seconds and travels for a while, so each answer gives an interval for the difference between
server time and our monotonic clock. Intervals are intersected: after a few answers the estimate is good to milliseconds.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


class ServerClock:
    """Server time as seconds of the epoch = monotonic seconds + an offset between `low` and `high`."""

    def __init__(self) -> None:
        self._low = float("-inf")
        self._high = float("inf")

    @property
    def known(self) -> bool:
        return self._low > float("-inf")

    def learn(self, date: str, *, sent: float, received: float) -> None:
        """Takes the `Date` of an answer to a request sent and received at these monotonic seconds."""
        try:
            stamp = parsedate_to_datetime(date).timestamp()
        except (TypeError, ValueError):
            return
        low, high = stamp - received, stamp + 1.0 - sent
        self._low, self._high = max(self._low, low), min(self._high, high)
        if self._low > self._high:  # the server's clock was set, or this machine slept
            self._low, self._high = low, high

    def at(self, monotonic: float) -> datetime | None:
        """Server time at a moment of our monotonic clock; None before the first answer."""
        return datetime.fromtimestamp(monotonic + (self._low + self._high) / 2, UTC) if self.known else None
