"""Bounded waits by condition."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


async def until(condition: Callable[[], object], *, within: float = 10.0, what: str = "") -> None:
    """Return when the condition is true; fail after `within` seconds, saying what was waited for."""
    deadline = asyncio.get_running_loop().time() + within
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, f"not within {within:g} s: {what or condition}"
        await asyncio.sleep(0.01)
