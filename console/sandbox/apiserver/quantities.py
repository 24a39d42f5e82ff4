"""Amounts of cpu, memory and counts in Kubernetes' notation, exact."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, Final

from console.sandbox.apiserver.resources import Object

_QUANTITY = re.compile(r"(?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+))(?P<suffix>[eE][+-]?\d+|[KMGTPE]i|[numkMGTPE]?)")
_BINARY: Final = {unit + "i": Fraction(1024) ** power for power, unit in enumerate("KMGTPE", start=1)}
_DECIMAL: Final = {"n": Fraction(1, 10**9), "u": Fraction(1, 10**6), "m": Fraction(1, 1000), "": Fraction(1)} | {
    unit: Fraction(1000) ** power for power, unit in enumerate("kMGTPE", start=1)
}


def parse(text: str) -> Fraction:
    """The exact value of a quantity; anything else is a ValueError."""
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise ValueError("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")
    number, suffix = Fraction(match["number"]), match["suffix"]
    if suffix[:1] in ("e", "E") and len(suffix) > 1:
        return number * Fraction(10) ** int(suffix[1:])
    return number * (_BINARY.get(suffix) or _DECIMAL[suffix])


def total(amounts: Iterable[str]) -> str:
    """The sum in the first amount's notation, as Kubernetes prints it."""
    listed = list(amounts)
    value = sum((parse(amount) for amount in listed), Fraction(0))
    return render(value, binary=any(amount.endswith("i") for amount in listed))


def render(value: Fraction, *, binary: bool = False) -> str:
    """The shortest exact notation: 1500m, 2, 256Mi."""
    if binary:
        for unit in reversed("KMGTPE"):
            factor = _BINARY[unit + "i"]
            if value >= factor and (value / factor).denominator == 1:
                return f"{int(value / factor)}{unit}i"
    if value.denominator != 1:
        for unit in ("m", "u", "n"):
            if (value / _DECIMAL[unit]).denominator == 1:
                return f"{int(value / _DECIMAL[unit])}{unit}"
    for unit in reversed("kMGTPE"):
        if value and (value / _DECIMAL[unit]).denominator == 1:
            return f"{int(value / _DECIMAL[unit])}{unit}"
    return str(int(value)) if value.denominator == 1 else str(float(value))


def canonical(text: str) -> str:
    """A quantity as the API server writes it back."""
    return render(parse(text), binary=text.endswith("i"))


def qos_class(spec: Object) -> str:
    """Guaranteed, Burstable or BestEffort, from the containers' cpu and memory."""
    containers = [*spec.get("containers", ()), *spec.get("initContainers", ())]
    resources: list[Mapping[str, Any]] = [container.get("resources") or {} for container in containers]
    if not any(_amounts(each, part) for each in resources for part in ("requests", "limits")):
        return "BestEffort"
    guaranteed = all(
        set(_amounts(each, "limits")) == {"cpu", "memory"} and _same(_amounts(each, "limits"), _amounts(each, "requests"))
        for each in resources
    )
    return "Guaranteed" if guaranteed else "Burstable"


def _amounts(resources: Mapping[str, Any], part: str) -> Mapping[str, str]:
    return {name: amount for name, amount in (resources.get(part) or {}).items() if name in ("cpu", "memory") and parse(amount)}


def _same(left: Mapping[str, str], right: Mapping[str, str]) -> bool:
    return left.keys() == right.keys() and all(parse(left[name]) == parse(right[name]) for name in left)
