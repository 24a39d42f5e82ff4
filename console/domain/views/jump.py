"""Where one can go by name, and which names fit what was typed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Destination:
    """A place, a runbook's plan, or a run."""

    word: str
    """What is typed."""
    about: str
    aliases: tuple[str, ...] = ()


def fitting(destinations: Iterable[Destination], typed: str) -> tuple[Destination, ...]:
    """Those whose name or alias is what was typed, then those that begin with it, then those that hold its letters in order."""
    wanted = typed.strip().lower()
    ranked = [(rank, n, each) for n, each in enumerate(destinations) if (rank := _rank(each, wanted)) is not None]
    return tuple(each for _, _, each in sorted(ranked, key=lambda found: found[:2]))


def _rank(each: Destination, wanted: str) -> int | None:
    names = tuple(name.lower() for name in (each.word, *each.aliases))
    if wanted in names:
        return 0
    if any(name.startswith(wanted) for name in names):
        return 1
    if any(wanted in name for name in names):
        return 2
    return 3 if _in_order(wanted, names[0]) else None


def _in_order(letters: str, name: str) -> bool:
    rest = iter(name)
    return all(letter in rest for letter in letters)
