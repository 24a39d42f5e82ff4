"""The three kinds of YAML values, each with its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from console.document.problems import Place

Kind = Literal["text", "number", "boolean", "null", "time"]
"""What YAML 1.1 makes of a scalar that is written without quotes."""


@dataclass(frozen=True, slots=True)
class Scalar:
    at: Place
    text: str
    """As written, without quotes."""
    kind: Kind
    """`text` for everything quoted."""

    @property
    def described(self) -> str:
        match self.kind:
            case "null":
                return "nothing"
            case "text":
                return f"the text {self.text!r}"
            case "boolean" | "number" | "time":
                return f"the {self.kind} {self.text}"


@dataclass(frozen=True, slots=True)
class Sequence:
    at: Place
    items: tuple[Node, ...]

    @property
    def described(self) -> str:
        return "a list"


@dataclass(frozen=True, slots=True)
class Mapping:
    at: Place
    entries: tuple[tuple[Scalar, Node], ...]
    """Keys are unique; merge keys (`<<`) are already spread out."""

    @property
    def described(self) -> str:
        return "a mapping"

    def __iter__(self) -> Iterator[tuple[Scalar, Node]]:
        return iter(self.entries)

    def get(self, key: str) -> Node | None:
        return next((value for name, value in self.entries if name.text == key), None)

    def key(self, key: str) -> Scalar | None:
        return next((name for name, _ in self.entries if name.text == key), None)

    def without(self, *keys: str) -> Mapping:
        return Mapping(self.at, tuple((k, v) for k, v in self.entries if k.text not in keys))


Node = Scalar | Sequence | Mapping


def overlay(base: Mapping, over: Mapping) -> Mapping:
    """`base` with the values of `over` in their places: mappings are merged key by key, everything else is replaced.

    The order is that of `base`, then what only `over` has.
    """
    ours = {key.text: (key, value) for key, value in over}
    merged = [_laid(key, value, ours.pop(key.text, None)) for key, value in base]
    return Mapping(over.at, (*merged, *ours.values()))


def _laid(key: Scalar, value: Node, over: tuple[Scalar, Node] | None) -> tuple[Scalar, Node]:
    if over is None:
        return key, value
    if isinstance(value, Mapping) and isinstance(over[1], Mapping):
        return over[0], overlay(value, over[1])
    return over


def plain(node: Node) -> object:
    """Built-in values as YAML 1.1 reads them: for parameter models that check types themselves. Times stay text."""
    match node:
        case Mapping():
            return {key.text: plain(value) for key, value in node}
        case Sequence():
            return [plain(item) for item in node.items]
        case Scalar(kind="null"):
            return None
        case Scalar(kind="boolean"):
            return node.text.lower() in ("true", "yes", "on")
        case Scalar(kind="number"):
            return number(node.text)
        case Scalar():
            return node.text


def number(text: str) -> int | float | str:
    """A whole or a decimal number; what only YAML 1.1 calls a number (`1:30`, `0b1`, `1_000`) stays text."""
    for kind in (int, float):
        try:
            return kind(text) if "_" not in text else text
        except ValueError:
            continue
    return text
