"""The gate before a question: keys typed before it was drawn, bursts and pastes do not reach it (SAFETY 4.2)."""

from __future__ import annotations

from collections.abc import Callable

ARM_DELAY = 0.4
"""Seconds without a key after the question was drawn until it takes an answer."""
BURST = 0.02
"""Two keys closer than this were not typed by a hand: a paste without brackets, a queue that drains, a key held down."""


class Guard:
    """Decides by the time at which a key was pressed, not at which it arrived. Times are monotonic seconds."""

    def __init__(
        self, *, later: Callable[[float, Callable[[], None]], object], on_change: Callable[[], None], delay: float = ARM_DELAY
    ) -> None:
        self._later = later
        self._on_change = on_change
        self._delay = delay
        self._armed_at: float | None = None
        self._last_key = float("-inf")
        self._round = 0

    @property
    def armed(self) -> bool:
        return self._armed_at is not None

    @property
    def round(self) -> int:
        """Number of times that the wait began: another one means that what was pressed before does not count any more."""
        return self._round

    def arm(self, now: Callable[[], float]) -> None:
        """The question is on the screen (again): take answers once the keyboard was silent for the delay."""
        self._round += 1
        this = self._round
        self._armed_at = None
        self._on_change()
        self._later(self._delay, lambda: self._set(this, now))

    def admits(self, pressed_at: float, now: Callable[[], float]) -> bool:
        """May this key act? One that may not starts the wait anew."""
        burst = pressed_at - self._last_key < BURST
        self._last_key = max(self._last_key, pressed_at)
        if self._armed_at is None or pressed_at < self._armed_at or burst:
            self.arm(now)
            return False
        return True

    def seen_before(self, pressed_at: float) -> bool:
        """True for a key from before the question took answers, whatever way it comes back."""
        return self._armed_at is None or pressed_at < self._armed_at

    def _set(self, round_: int, now: Callable[[], float]) -> None:
        if round_ == self._round:
            self._armed_at = now()
            self._on_change()
