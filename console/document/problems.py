"""What is wrong with a file: where, what, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from console.domain.errors import UsageError

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Place:
    """A character of a file; lines and columns count from 1."""

    file: Path
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in one file."""

    file: Path
    line: int
    column: int
    message: str
    """What is wrong."""
    hint: str = ""
    """What to write."""
    severity: Severity = "error"

    def __str__(self) -> str:
        mark = "warning: " if self.severity == "warning" else ""
        hint = f": {self.hint}" if self.hint else ""
        return f"{self.file}:{self.line}:{self.column}: {mark}{self.message}{hint}"


class Wrong(Exception):
    """A value that cannot be used; raised by parsers and turned into a `Problem` where the value's place is known."""

    def __init__(self, message: str, hint: str = "", *, at: Place | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.at = at
        """A more exact place than that of the value, when there is one."""


class ConfigError(UsageError):
    """One or more files cannot be used; `problems` holds every mistake that was found."""

    def __init__(self, problems: Iterable[Problem], *, what: str = "the settings") -> None:
        self.problems = in_order(problems)
        count = len(self.problems)
        heading = f"1 mistake in {what}" if count == 1 else f"{count} mistakes in {what}"
        super().__init__("\n".join([heading, *(f"  {problem}" for problem in self.problems)]))


@dataclass
class Problems:
    """Collects mistakes, so that one reading shows them all."""

    found: list[Problem] = field(default_factory=list)

    def error(self, at: Place, message: str, hint: str = "") -> None:
        self.found.append(Problem(at.file, at.line, at.column, message, hint))

    def warn(self, at: Place, message: str, hint: str = "") -> None:
        self.found.append(Problem(at.file, at.line, at.column, message, hint, "warning"))

    def wrong(self, at: Place, wrong: Wrong) -> None:
        self.error(wrong.at or at, wrong.message, wrong.hint)

    @property
    def errors(self) -> tuple[Problem, ...]:
        return in_order(p for p in self.found if p.severity == "error")

    @property
    def warnings(self) -> tuple[Problem, ...]:
        return in_order(p for p in self.found if p.severity == "warning")


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """By file and line; the same mistake, found twice through a shared file, is told once."""
    return tuple(sorted(set(problems), key=lambda p: (str(p.file), p.line, p.column, p.message)))


def nearest(word: str, known: Iterable[str]) -> str:
    """`did you mean 'replicas'?`; empty when no known word is near."""
    by_lower = {w.lower(): w for w in known}
    near = get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return f"did you mean {by_lower[near[0]]!r}?" if near else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """As `nearest`, or the list of known words when none is near."""
    words = list(known)
    return nearest(word, words) or (f"known here: {', '.join(words)}" if words else "")
