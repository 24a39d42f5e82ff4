"""A terminal that goes away ends the console cleanly, and in any case: runs are not touched, they have their own process."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType

HANGUP_EXIT = 128 + signal.SIGHUP
GRACE = 3.0
"""Seconds for a clean end. The dead terminal may block the thread that writes to it, so the last word is `os._exit`."""

Handler = Callable[[int, FrameType | None], object] | int | None


class Farewell:
    """Turns SIGHUP and SIGTERM into one call of `leave(exit_code)` on the event loop, then into the end of the process."""

    def __init__(self, loop: asyncio.AbstractEventLoop, leave: Callable[[int], None]) -> None:
        self._loop = loop
        self._leave = leave
        self._before: dict[int, Handler] = {}

    def install(self) -> None:
        """Only the main thread may handle signals; elsewhere (a test, a server) this does nothing."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGHUP, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._on_signal)

    def remove(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        code = 128 + number
        watchdog = threading.Timer(GRACE, os._exit, (code,))
        watchdog.daemon = True
        watchdog.start()
        try:
            self._loop.call_soon_threadsafe(self._leave, code)
        except RuntimeError:  # the loop has ended already: nothing is left to close
            os._exit(code)
