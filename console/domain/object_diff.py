"""What a plan would change, object by object, as unified differences of what was meant."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from console.domain.redact import redacted

DiffState = Literal["new", "changed", "same", "gone", "refused"]
CONTEXT = 3
"""Unchanged lines around a change."""


@dataclass(frozen=True)
class ObjectDiff:
    """One object that a step would write."""

    kind: str
    name: str
    step: str
    """Title of the step."""
    state: DiffState
    lines: tuple[str, ...] = ()
    """A unified difference, without its two head lines."""
    told_by: str = ""
    """`server dry run`, or `computed here`."""
    note: str = ""
    """Why it was computed here, or why the server would refuse it."""

    @property
    def key(self) -> str:
        return f"{self.kind} {self.name} {self.step}"

    @property
    def counts(self) -> tuple[int, int]:
        """Lines that come and lines that go."""
        return sum(line.startswith("+") for line in self.lines), sum(line.startswith("-") for line in self.lines)


@dataclass(frozen=True)
class DiffView:
    """All writes that can be told now."""

    title: str
    objects: tuple[ObjectDiff, ...]
    made_at: datetime
    later: tuple[str, ...] = ()
    """Steps whose writes are planned when they are reached."""


def object_diff(
    kind: str, name: str, *, step: str, before: str | None, after: str | None, told_by: str, note: str = "", refused: bool = False
) -> ObjectDiff:
    """From the object's text before and after; None: it does not exist then."""
    lines = difflib.unified_diff(redacted(before or "").splitlines(), redacted(after or "").splitlines(), lineterm="", n=CONTEXT)
    state: DiffState = "changed"
    if refused:
        state = "refused"
    elif before is None:
        state = "new"
    elif after is None:
        state = "gone"
    elif before == after:
        state = "same"
    return ObjectDiff(kind, name, step, state, tuple(lines)[2:], told_by, note)
