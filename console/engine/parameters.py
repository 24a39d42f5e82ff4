"""Parameters of a step against the model of its action, with inputs standing in for values that are not known yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from console.document.problems import did_you_mean, nearest
from console.domain.runbook import Input

SLOT_WORDS = ("preview", "previous", "active")
_SLOTS = ", ".join(SLOT_WORDS)
"""In the description of a parameter that takes a slot: these words, or a slot's own name."""

Complaint = tuple[tuple[str, ...], str, str]
"""Path of the parameter, what is wrong, what to write."""

_SAMPLES = {"release": "v1", "text": "text", "component": "component", "slot": "preview", "duration": "1m", "number": "1"}
_OPEN = ("literal_error", "value_error", "assertion_error", "enum", "string_pattern_mismatch", "string_too_short", "string_too_long")
"""Complaints that an input's real value may well not cause."""
_NEEDED = {
    "int_": "a whole number is needed", "float_": "a number is needed", "bool_": "true or false is needed", "string_type": "text is needed",
    "list_type": "a list is needed", "tuple_type": "a list is needed", "dict_type": "keys and values are needed",
}  # fmt: skip


def complaints(model: type[BaseModel], params: Mapping[str, object], inputs: Mapping[str, Input]) -> Iterator[Complaint]:
    """Everything that the action would refuse."""
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    known = list(fields)
    for name, value in params.items():
        if name not in fields:
            yield (name,), f"unknown parameter {name!r}", did_you_mean(name, known) or "this action takes none"
        elif hint := _misspelt_slot(fields[name].description or "", value):
            yield (name,), f"parameter {name!r} is {value!r}, which is no slot", hint
    try:
        model.model_validate({name: _sampled(value, inputs) for name, value in params.items() if name in known})
    except ValidationError as refused:
        for error in refused.errors(include_url=False):
            yield from _complaint(error, params, inputs)


def _misspelt_slot(description: str, value: object) -> str:
    """A slot's own name may be anything, but what almost is a slot word was meant as one."""
    return nearest(value, SLOT_WORDS) if _SLOTS in description and isinstance(value, str) and value not in SLOT_WORDS else ""


def _complaint(error: ErrorDetails, params: Mapping[str, object], inputs: Mapping[str, Input]) -> Iterator[Complaint]:
    path = tuple(str(part) for part in error["loc"])
    written = params.get(path[0]) if path else None
    if isinstance(written, str) and written.startswith("$"):
        given = inputs.get(written[1:])
        if given is None or error["type"] in _OPEN:
            return
        message = f"parameter {path[0]!r} takes {written}, which is a {given.type}: {_needed(error)}"
        yield path, message, "declare another type, or pass a value"
        return
    yield path, *_words(error, ".".join(path), params)


def _words(error: ErrorDetails, name: str, params: Mapping[str, object]) -> tuple[str, str]:
    value = error.get("input")
    match error["type"]:
        case "missing":
            return f"parameter {name!r} is missing", f"write with: {{{', '.join([*_shown(params), f'{name}: ...'])}}}"
        case "literal_error" | "enum":
            words = [w.strip("'\"") for w in str(error.get("ctx", {}).get("expected", "")).replace(" or ", ", ").split(", ")]
            hint = nearest(value, words) if isinstance(value, str) else ""
            return f"parameter {name!r} is {value!r}, which is none of {', '.join(words)}", hint or "write one of them"
        case "string_type" if isinstance(value, int | float):
            kind = "boolean" if isinstance(value, bool) else "number"
            return f"parameter {name!r} must be text, but YAML reads {value} as a {kind}", "put it in quotes"
        case _:
            return f"parameter {name!r} is {value!r}", _needed(error)


def _shown(params: Mapping[str, object]) -> list[str]:
    return [f"{name}: {value}" for name, value in params.items()]


def _needed(error: ErrorDetails) -> str:
    """What the model asks for, in its own words where ours have none."""
    for kind, needed in _NEEDED.items():
        if error["type"].startswith(kind):
            return needed
    message = error["msg"].removeprefix("Value error, ").replace("Input should be", "it should be")
    return message[:1].lower() + message[1:]


def _sampled(value: object, inputs: Mapping[str, Input]) -> object:
    if not isinstance(value, str) or not value.startswith("$"):
        return value
    given = inputs.get(value[1:])
    if given is None:
        return "input"
    return given.choices[0] if given.choices else _SAMPLES[given.type]
