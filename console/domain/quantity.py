"""Kubernetes quantities (`500m`, `1Gi`): read, added, written the way kubectl writes them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60}
DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
FORM = re.compile(r"(?P<number>[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?)(?P<unit>[KMGTPE]i|[numkMGTPE]?)")


def parse(text: str) -> Decimal:
    """The value in base units (cores, bytes, pieces); raises ValueError for what is no quantity."""
    found = FORM.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no quantity such as 500m or 1Gi")
    unit = found["unit"]
    number = Decimal(found["number"])
    return number * BINARY[unit] if unit in BINARY else number.scaleb(DECIMAL[unit])


def total(quantities: Iterable[str]) -> str:
    """The sum, in the largest unit of the summands' kind that needs no fraction; one quantity stays as it is written."""
    texts = list(quantities)
    if len(texts) == 1:
        return texts[0]
    value = sum((parse(text) for text in texts), Decimal(0))
    if any(text.rstrip().endswith("i") for text in texts):
        return next((f"{value / size:f}" + unit for unit, size in reversed(BINARY.items()) if value and value % size == 0), f"{value:f}")
    whole = value.to_integral_value()
    return f"{whole:f}" if value == whole else f"{(value * 1000).to_integral_value(rounding='ROUND_CEILING'):f}m"
