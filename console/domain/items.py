"""What people and commands leave with an item of a checklist: answers, notes, evidence, as entries' bodies say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

LINES_KEPT = 12
"""Lines of a command's output that a record holds; the whole of it is evidence."""


@dataclass(frozen=True)
class Answered:
    """What a person said to an item."""

    at: datetime
    by: str
    answer: str
    """`yes`, `no`, `value` or `skip`."""
    text: str = ""
    """The value, or the reason of a skip."""


@dataclass(frozen=True)
class Kept:
    """Evidence that a person left with an item."""

    at: datetime
    by: str
    name: str
    """Of the file; empty for text."""
    text: str = ""
    path: str = ""
    host: str = ""
    sha256: str = ""
    bytes: int = 0


def answered(at: datetime, actor: str, body: Mapping[str, object]) -> Answered:
    """From a `gate.answered`."""
    answer = str(body.get("answer", ""))
    return Answered(at, actor, answer, str(body.get("reason" if answer == "skip" else "value") or ""))


def answered_words(said: Answered) -> str:
    """`yes by bob`, `green by bob`."""
    return f"{said.text if said.answer == 'value' else said.answer} by {said.by}"


def kept(at: datetime, actor: str, body: Mapping[str, object]) -> Kept:
    """From a `step.evidence`."""
    name, text, path, host, sha256 = (str(body.get(key, "")) for key in ("name", "text", "path", "host", "sha256"))
    size = body.get("bytes")
    return Kept(at, actor, name, text, path, host, sha256, size if isinstance(size, int) else 0)


def printed(before: tuple[str, ...], body: Mapping[str, object]) -> tuple[str, ...]:
    """The last lines of a command's output after a `step.progress`."""
    lines = body.get("lines")
    return (*before, *(str(line) for line in lines))[-LINES_KEPT:] if isinstance(lines, list | tuple) else before
