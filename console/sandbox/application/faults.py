"""Faults that the application can be told to have: by environment variables at start, by POST /debug/faults while it runs."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

CRASH_EXIT_CODE = 70
"""Exit code of a commanded crash: "internal software error" of sysexits.h."""

FaultName = Literal["error_rate", "delay", "crash_after", "unready", "database_lost", "report_release"]


class FaultError(ValueError):
    """A fault is unknown or its value is of the wrong kind; the message names it."""


@dataclass(frozen=True, kw_only=True)
class Faults:
    """What is wrong with this process; the defaults mean nothing is."""

    error_rate: float = 0.0
    """Share of business requests answered with 500, 0 to 1."""
    delay: float = 0.0
    """Seconds added before each business answer."""
    crash_after: float | None = None
    """Seconds until the process dies without warning; 0 is now."""
    unready: bool = False
    """/api/health answers 503."""
    database_lost: bool = False
    """Every use of the database fails."""
    report_release: str = ""
    """Release to claim instead of the true one."""

    def with_changes(self, changes: Mapping[str, object]) -> Faults:
        """These faults with some replaced, as JSON values; FaultError names a wrong one."""
        unknown = sorted(set(changes) - set(get_args(FaultName)))
        if unknown:
            raise FaultError(f"unknown fault {unknown[0]!r}; known are {', '.join(get_args(FaultName))}")
        checked = {name: _checked(name, value) for name, value in changes.items()}
        return replace(self, **checked)  # type: ignore[arg-type]  # the names and kinds were checked above


def faults_from_environment(environment: Mapping[str, str]) -> Faults:
    """The faults named by FAULT_ERROR_RATE, FAULT_DELAY, FAULT_CRASH_AFTER, FAULT_UNREADY, FAULT_DATABASE_LOST, FAULT_REPORT_RELEASE."""
    texts = {name: environment.get(f"FAULT_{name.upper()}", "") for name in get_args(FaultName)}
    return Faults().with_changes({name: _from_text(name, text) for name, text in texts.items() if text})


class FaultSwitch:
    """The faults in force now; turning one on or off takes effect with the next request."""

    def __init__(self, faults: Faults) -> None:
        self.faults = Faults()
        self._crash: asyncio.TimerHandle | None = None
        self._initial = faults

    def arm(self) -> None:
        """Put the initial faults in force; call it on the running event loop."""
        self.set(self._initial)

    def set(self, faults: Faults) -> None:
        """Replace all faults; a crash is timed from now."""
        self.faults = faults
        if self._crash is not None:
            self._crash.cancel()
            self._crash = None
        if faults.crash_after is not None:
            self._crash = asyncio.get_running_loop().call_later(faults.crash_after, _crash)

    async def before_answer(self) -> bool:
        """Wait for the delay; true when this request must fail."""
        if self.faults.delay:
            await asyncio.sleep(self.faults.delay)
        return self.faults.error_rate > 0 and random.random() < self.faults.error_rate


def _crash() -> None:
    print("fatal: crashing because a fault switch says so", file=sys.stderr, flush=True)
    os._exit(CRASH_EXIT_CODE)


def _checked(name: str, value: object) -> object:
    default = getattr(Faults(), name)
    if name == "crash_after" and value is None:
        return None
    match default:
        case bool():
            good = isinstance(value, bool)
        case str():
            good = isinstance(value, str)
        case _:
            good = isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0
    if not good:
        raise FaultError(f"fault {name} cannot be {value!r}")
    return value


def _from_text(name: str, text: str) -> object:
    default = getattr(Faults(), name)
    if isinstance(default, bool):
        return text in ("1", "true")
    if isinstance(default, str):
        return text
    try:
        return float(text)
    except ValueError as error:
        raise FaultError(f"FAULT_{name.upper()}={text!r} is not a number") from error
