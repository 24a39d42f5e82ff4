"""Bounded waits by condition."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
PAUSE = 0.02


async def until(condition: Callable[[], object], *, within: float = 10.0, what: str = "") -> None:
    """Return when the condition is true; fail after `within` seconds, saying what was waited for."""

    async def ask() -> object:
        return condition()

    await answered(ask, bool, within=within, what=what)


async def answered(ask: Callable[[], Awaitable[T]], good: Callable[[T], object], *, within: float = 15.0, what: str = "") -> T:
    """Ask until the answer is good, and return it; fail after `within` seconds with the last one."""
    deadline = asyncio.get_running_loop().time() + within
    while True:
        answer = await ask()
        if good(answer):
            return answer
        assert asyncio.get_running_loop().time() < deadline, f"not within {within:g} s: {what or good}; last seen: {answer}"
        await asyncio.sleep(PAUSE)
