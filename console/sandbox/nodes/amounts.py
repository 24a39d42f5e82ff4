"""Amounts of cpu and memory in Kubernetes' notation, as exact numbers."""

from __future__ import annotations

import re
from fractions import Fraction

_NOTATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(?:[eE]([+-]?\d+)|([KMGTPE]i|[numkMGTPE]?))")
_UNITS = {
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "m": Fraction(1, 1000),
    "": Fraction(1),
    **{unit: Fraction(1000) ** power for power, unit in enumerate("kMGTPE", start=1)},
    **{f"{unit}i": Fraction(1024) ** power for power, unit in enumerate("KMGTPE", start=1)},
}


def amount(text: str) -> Fraction:
    """The value of `1500m`, `0.5`, `2Gi`; ValueError for anything else."""
    found = _NOTATION.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no amount of cpu or memory")
    number, exponent, unit = found.groups()
    return Fraction(number) * (Fraction(10) ** int(exponent) if exponent else _UNITS[unit or ""])
