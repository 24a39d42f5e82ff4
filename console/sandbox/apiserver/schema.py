"""The types of the objects the embedded server stores, read once from schema.json.

Notation of one field: a scalar (`str int32 int64 num bool bytes time microtime quantity intstr any`), the name of a struct, `[element]`
or `{element}`; then, in this order, `=keys` for a list merged by these keys or `=set` for a set (else a list is atomic), `!` for an atomic
map, `~strategy(key)` for the strategic merge patch, `:value` for a default that takes part in list keys, `^` for always written, even when
empty, `*` for required. A struct with "$atomic" is replaced as a whole.
The file is recorded from a real server's OpenAPI by tests/sandbox/apiserver/record_schema.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Final, Literal

import msgspec

Shape = Literal["scalar", "any", "list", "map", "struct"]

_FIELD = re.compile(
    r"(?P<type>[\[{].*?[\]}]+|[\w.]+)(?:=(?P<keys>[\w,]+))?(?P<atomic>!)?(?:~(?P<strategy>[\w,]+)\((?P<merge>\w*)\))?(?::(?P<default>\w+))?(?P<written>\^)?(?P<required>\*)?"
)
_SCALARS = {"str", "int32", "int64", "num", "bool", "bytes", "time", "microtime", "quantity", "intstr"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Type:
    """The type of one value, with what its place in the parent says about merging it."""

    name: str
    shape: Shape
    element: Type | None = None
    fields: Mapping[str, Type] = field(default_factory=dict)
    atomic: bool = False
    """A list or map that has one owner and is replaced as a whole."""
    keys: tuple[str, ...] = ()
    """Fields that identify an element of an associative list; () for a set of scalars."""
    strategy: frozenset[str] = frozenset()
    """Strategic merge directives of the type: merge, replace, retainKeys."""
    merge_key: str = ""
    default: str | None = None
    written: bool = False
    """Whether an absent value is written as an empty one, being a value and no pointer in Go."""
    required: bool = False

    written_fields: tuple[tuple[str, Type], ...] = ()
    """The fields of a struct that are always written."""

    def child(self, name: str) -> Type | None:
        """The type of a field or of a map's value; None where the struct has no such field."""
        return self.fields.get(name) if self.shape == "struct" else self.element


ZEROS: Final[Mapping[str, str | int | None]] = {"str": "", "int32": 0, "int64": 0, "bool": False, "time": None, "microtime": None}
"""What Go writes for a value that was not set, by scalar."""
ANY: Final = Type(name="any", shape="any")


def of(group: str, version: str, kind: str) -> Type:
    """The type of a kind; unknown kinds are a KeyError."""
    prefix = {"": "core", "rbac.authorization.k8s.io": "rbac"}.get(group, group.removesuffix(".k8s.io"))
    name = f"{prefix}.{version}.{kind}"
    return _struct(name if name in _table() else f"meta.{version}.{kind}")


@cache
def _table() -> dict[str, dict[str, str]]:
    raw = files(__package__).joinpath("schema.json").read_bytes()
    return msgspec.json.decode(raw, type=dict[str, dict[str, str]])


@cache
def _struct(name: str) -> Type:
    described = _table()[name]
    fields = {key: _parse(text) for key, text in described.items() if key != "$atomic"}
    written = tuple((key, field) for key, field in fields.items() if field.written)
    return Type(name=name, shape="struct", fields=fields, written_fields=written, atomic="$atomic" in described)


@cache
def _parse(text: str) -> Type:
    match = _FIELD.fullmatch(text)
    if match is None:
        raise ValueError(f"schema.json: cannot read the type {text!r}")
    base = _bare(match["type"])
    keys = match["keys"]
    return Type(
        name=base.name,
        shape=base.shape,
        element=base.element,
        fields=base.fields,
        written_fields=base.written_fields,
        atomic=base.atomic or bool(match["atomic"]) or (base.shape == "list" and not keys),
        keys=tuple(keys.split(",")) if keys and keys != "set" else (),
        strategy=frozenset((match["strategy"] or "").split(",")) - {""},
        merge_key=match["merge"] or "",
        default=match["default"],
        written=bool(match["written"]),
        required=bool(match["required"]),
    )


def _bare(text: str) -> Type:
    match text[0]:
        case "[":
            return Type(name=text, shape="list", element=_parse(text[1:-1]))
        case "{":
            return Type(name=text, shape="map", element=_parse(text[1:-1]))
        case _ if text == "any":
            return ANY
        case _ if text in _SCALARS:
            return Type(name=text, shape="scalar")
        case _:
            return _struct(text)
