"""Figures as a table: what was measured, what was aimed at, and how it stands to the book's script in the same run."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One line. Values are seconds."""

    name: str
    values: Sequence[float]
    aim: float | None = None
    """Seconds that the aimed-at quantile should not pass."""
    quantile: float = 0.5
    """0.5 is the median; 0.95 of n values is the smallest that 95 % do not pass."""
    baseline: Sequence[float] = ()
    """The same of the book's script, or of kubectl, in this run."""

    @property
    def value(self) -> float:
        return quantile(self.values, self.quantile)


def quantile(values: Sequence[float], share: float) -> float:
    """Nearest rank; the median for 0.5."""
    ordered = sorted(values)
    return statistics.median(ordered) if share == 0.5 else ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def table(figures: Sequence[Figure]) -> list[str]:
    """Aligned lines, one for each figure that was measured."""
    head = f"{'':52} {'n':>3} {'median':>9} {'p95':>9} {'aim':>12} {'baseline':>9} {'ratio':>6}"
    return [head, *(_line(f) for f in figures if f.values)]


def _line(figure: Figure) -> str:
    median, p95 = quantile(figure.values, 0.5), quantile(figure.values, 0.95)
    base = statistics.median(figure.baseline) if figure.baseline else None
    ratio = f"{base / median:.1f}x" if base and median else ""
    return (
        f"{figure.name:52} {len(figure.values):>3} {ms(median):>9} {ms(p95):>9} {_aim(figure):>12} "
        f"{ms(base) if base else '':>9} {ratio:>6}  {_miss(figure)}"
    ).rstrip()


def _aim(figure: Figure) -> str:
    if figure.aim is None:
        return ""
    return ("p95 " if figure.quantile > 0.5 else "") + "≤ " + ms(figure.aim)


def _miss(figure: Figure) -> str:
    if figure.aim is None or figure.value <= figure.aim:
        return "" if figure.aim is None else "met"
    return f"missed by {ms(figure.value - figure.aim)}"


def ms(seconds: float) -> str:
    """For people: milliseconds below a second."""
    return f"{seconds * 1000:.1f} ms" if seconds < 0.1 else f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"
