"""Figures as a table: what was measured, what was aimed at, and how it stands to the book's script in the same run."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, assert_never

Unit = Literal["seconds", "bytes", "share", "/min"]


@dataclass(frozen=True)
class Figure:
    """One line."""

    name: str
    values: Sequence[float]
    aim: float | None = None
    """What the aimed-at quantile should not pass."""
    quantile: float = 0.5
    """0.5 is the median; 0.95 of n values is the smallest that 95 % do not pass; 1 is the largest."""
    baseline: Sequence[float] = ()
    """The same of the book's script, or of kubectl, in this run."""
    reference: str = ""
    """What k9s takes on a machine like ours, where it was measured; in words."""
    unit: Unit = "seconds"

    @property
    def value(self) -> float:
        return quantile(self.values, self.quantile)


def quantile(values: Sequence[float], share: float) -> float:
    """Nearest rank; the median for 0.5."""
    ordered = sorted(values)
    return statistics.median(ordered) if share == 0.5 else ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def table(figures: Sequence[Figure]) -> list[str]:
    """Aligned lines, one for each figure that was measured."""
    head = f"{'':50} {'n':>3} {'median':>9} {'p95':>9} {'aim':>12} {'beside':>12} {'ratio':>6}"
    return [head, *(_line(f) for f in figures if f.values)]


def _line(figure: Figure) -> str:
    median, p95 = quantile(figure.values, 0.5), quantile(figure.values, 0.95)
    base = statistics.median(figure.baseline) if figure.baseline else None
    ratio = f"{base / median:.1f}x" if base and median else ""
    beside = said(base, figure.unit) if base else figure.reference
    return (
        f"{figure.name:50} {len(figure.values):>3} {said(median, figure.unit):>9} {said(p95, figure.unit):>9} {_aim(figure):>12} "
        f"{beside:>12} {ratio:>6}  {_verdict(figure)}"
    ).rstrip()


def _aim(figure: Figure) -> str:
    if figure.aim is None:
        return ""
    which = {0.5: "", 1.0: "all "}.get(figure.quantile, f"p{figure.quantile * 100:.0f} ")
    return f"{which}≤ {said(figure.aim, figure.unit)}"


def _verdict(figure: Figure) -> str:
    """Whether the aim was met; the value itself where the table does not show it."""
    if figure.aim is None:
        return ""
    shown = "" if figure.quantile in (0.5, 0.95) else f"{said(figure.value, figure.unit)}: "
    return shown + ("met" if figure.value <= figure.aim else f"missed by {said(figure.value - figure.aim, figure.unit)}")


def said(value: float, unit: Unit) -> str:
    """A value as people read it."""
    match unit:
        case "seconds":
            return ms(value)
        case "bytes":
            return f"{value / 1e6:.0f} MB" if value >= 1e6 else f"{value:.0f} B"
        case "share":
            return f"{value * 100:.1f} %"
        case "/min":
            return f"{value:.1f}/min"
        case _:
            assert_never(unit)


def ms(seconds: float) -> str:
    """For people: milliseconds below a second."""
    return f"{seconds * 1000:.1f} ms" if seconds < 0.1 else f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"
