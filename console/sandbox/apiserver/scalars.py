"""Reading single values as Go's decoder does: the right JSON type, and times, quantities and bytes in their one form."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from console.sandbox.apiserver.quantities import canonical

GO_NAMES: Final[Mapping[str, str]] = {
    "str": "string",
    "int32": "int32",
    "int64": "int64",
    "num": "float64",
    "bool": "bool",
    "bytes": "[]uint8",
    "time": "v1.Time",
    "microtime": "v1.MicroTime",
    "quantity": "resource.Quantity",
    "intstr": "intstr.IntOrString",
}
_BOUNDS: Final = {"int32": 2**31, "int64": 2**63}
_MICRO_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)")


class WrongType(Exception):
    """A value of a JSON type that the field does not take."""


class Unreadable(Exception):
    """A value of the right JSON type that cannot be read; the text says why in Go's words."""


def read(name: str, value: Any) -> Any:
    """The value in the form in which the server writes it back."""
    return _READERS[name](value)


def _str(value: Any) -> str:
    if not isinstance(value, str):
        raise WrongType
    return value


def _bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise WrongType
    return value


def _int(name: str) -> Callable[[Any], int]:
    bound = _BOUNDS[name]

    def read_int(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not -bound <= value < bound:
            raise WrongType
        return value

    return read_int


def _num(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise WrongType
    return value


def _int_or_str(value: Any) -> int | str:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise WrongType
    return value


def _bytes(value: Any) -> str:
    text = _str(value)
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error as error:
        place = next((index for index, char in enumerate(text) if not (char.isalnum() or char in "+/=")), max(0, len(text) - 1))
        raise Unreadable(f"illegal base64 data at input byte {place}") from error
    return text


def _quantity(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise WrongType
    try:
        return canonical(str(value))
    except ValueError as error:
        raise Unreadable(str(error)) from error


def _time(value: Any) -> str:
    moment = _moment(_str(value), "2006-01-02T15:04:05Z07:00")
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""


def _micro_time(value: Any) -> str:
    text = _str(value)
    layout = "2006-01-02T15:04:05.000000Z07:00"
    if text and not _MICRO_TIME.fullmatch(text):
        raise Unreadable(_cannot_parse(text, layout))
    moment = _moment(text, layout)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if moment else ""


def _moment(text: str, layout: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Unreadable(_cannot_parse(text, layout)) from error
    if "T" not in text or moment.tzinfo is None:
        raise Unreadable(_cannot_parse(text, layout))
    return moment.astimezone(UTC)


def _cannot_parse(text: str, layout: str) -> str:
    wanted = layout if re.match(r"\d{4}-\d\d-\d\dT", text) else "2006"
    return f'parsing time "{text}" as "{layout}": cannot parse "{text}" as "{wanted}"'


_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "str": _str,
    "int32": _int("int32"),
    "int64": _int("int64"),
    "num": _num,
    "bool": _bool,
    "bytes": _bytes,
    "time": _time,
    "microtime": _micro_time,
    "quantity": _quantity,
    "intstr": _int_or_str,
}
