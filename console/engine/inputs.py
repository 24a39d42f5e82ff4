"""The inputs of a run against what its runbook declares, before anything else happens."""

from __future__ import annotations

from collections.abc import Mapping

from console.document.duration import seconds
from console.document.problems import did_you_mean
from console.domain.environment import Environment
from console.domain.errors import UsageError
from console.domain.runbook import Input, Runbook


def checked_inputs(runbook: Runbook, given: Mapping[str, str], environment: Environment) -> dict[str, str]:
    """Every declared input with its value, defaults filled in; what was not given is left out. Raises UsageError naming the input."""
    declared = {i.name: i for i in runbook.inputs}
    for name in given:
        if name not in declared:
            raise UsageError(f"{runbook.name} takes no input {name!r}", hint=did_you_mean(name, sorted(declared)))
    values: dict[str, str] = {}
    for name, wanted in declared.items():
        value = given.get(name) or wanted.default
        if value:
            values[name] = _checked(wanted, value, environment)
        elif wanted.required:
            raise UsageError(f"{runbook.name} needs the input {name!r}", hint=f"give it with -i {name}=…{_help(wanted)}")
    return values


def _checked(wanted: Input, value: str, environment: Environment) -> str:
    match wanted.type:
        case "component":
            return _one_of(wanted, value, [c.name for c in environment.components])
        case "slot":
            return _one_of(wanted, value, ["preview", "previous", "active", *environment.slots])
        case "choice":
            return _one_of(wanted, value, wanted.choices)
        case "duration":
            return _read(wanted, value, seconds)
        case "number":
            return _read(wanted, value, float)
        case "release" | "text":
            return value


def _one_of(wanted: Input, value: str, known: list[str] | tuple[str, ...]) -> str:
    if value not in known:
        raise UsageError(f"the input {wanted.name!r} is {value!r}, which is no {wanted.type}", hint=did_you_mean(value, known))
    return value


def _read(wanted: Input, value: str, reader: object) -> str:
    assert callable(reader)
    try:
        reader(value)
    except ValueError as problem:
        raise UsageError(f"the input {wanted.name!r} cannot be read: {problem}") from problem
    return value


def _help(wanted: Input) -> str:
    return f" ({wanted.help})" if wanted.help else ""
