"""Parsers from a node to a value. Each raises `Wrong` with what is wrong and what to write."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import TypeVar

from console.document import duration as durations
from console.document.node import Mapping, Node, Scalar, Sequence, number
from console.document.problems import Wrong, nearest

T = TypeVar("T")
W = TypeVar("W", bound=str)
Parse = Callable[[Node], T]


def scalar(node: Node) -> Scalar:
    """A single value that is not empty."""
    if not isinstance(node, Scalar):
        raise Wrong(f"one value is expected, not {node.described}", _flow_trap(node))
    if node.kind == "null":
        raise Wrong("the value is missing", "write one, or remove the line")
    return node


def text(node: Node) -> str:
    """Text; what YAML takes for a number, a boolean or a date is refused, because `1.10` would become 1.1."""
    value = scalar(node)
    if value.kind != "text":
        raise Wrong(f"YAML reads {value.text} as a {_NAMES[value.kind]}, not as text", f'quote it: "{value.text}"')
    if not value.text.strip():
        raise Wrong("the text is empty", "write something, or remove the line")
    return value.text


_NAMES = {"number": "number", "boolean": "boolean", "time": "date", "null": "nothing"}


def anything(node: Node) -> str:
    """The characters of a value, whatever YAML takes them for."""
    return scalar(node).text


def flag(node: Node) -> bool:
    """`true` or `false`; YAML 1.1's other words for them are refused."""
    value = scalar(node)
    word = value.text.lower()
    if value.kind == "text" and word in ("true", "false"):
        raise Wrong(f"{value.text!r} in quotes is text", f"write {word} without quotes")
    if value.kind != "boolean":
        raise Wrong(f"true or false is expected, not {value.described}", "write true or false without quotes")
    if word not in ("true", "false"):
        meant = "true" if word in ("yes", "on") else "false"
        raise Wrong(f"{value.text!r} is a word of old YAML for {meant}", f"write {meant}")
    return word == "true"


def whole(*, least: int = 0, most: int = 1_000_000) -> Parse[int]:
    """A whole number between `least` and `most`."""

    def parse(node: Node) -> int:
        value = scalar(node)
        found = number(value.text) if value.kind == "number" else None
        if not isinstance(found, int):
            raise Wrong(f"a whole number is expected, not {value.described}", f"write {max(least, 1)} or more, without quotes or unit")
        if not least <= found <= most:
            raise Wrong(f"{found} is not between {least} and {most}", f"write {min(max(found, least), most)}, or what lies between")
        return found

    return parse


def duration(node: Node) -> float:
    """Seconds of `10m`, `1m30s`, `500ms`."""
    try:
        return durations.seconds(anything(node))
    except ValueError as fault:
        message, _, hint = str(fault).rpartition(": ")
        raise Wrong(message, hint) from None


def positive_duration(node: Node) -> float:
    """As `duration`, but not zero."""
    found = duration(node)
    if found <= 0:
        raise Wrong("zero is too short", durations.EXAMPLES)
    return found


def share(node: Node) -> float:
    """0 to 1, written in per cent: `5%`."""
    value = scalar(node).text
    percent = re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]{1,6})?)\s*%", value)
    if percent is None:
        guess = f"{value}%" if re.fullmatch(r"[0-9]{1,3}(\.[0-9]+)?", value) else "5%"
        raise Wrong(f"{value!r} is not a percentage", f"write {guess}")
    if float(percent[1]) > 100:
        raise Wrong(f"{value} is more than 100%", "write 100% or less")
    return float(percent[1]) / 100


def choice(known: Collection[W]) -> Parse[W]:
    """One of the words of `known`."""

    def parse(node: Node) -> W:
        value = scalar(node).text
        for word in known:
            if word == value:
                return word
        raise Wrong(f"{value!r} is none of {', '.join(known)}", nearest(value, known) or "write one of them")

    return parse


def matching(pattern: str, what: str, hint: str) -> Parse[str]:
    """Text of a given form."""
    compiled = re.compile(pattern)

    def parse(node: Node) -> str:
        value = text(node)
        if not compiled.fullmatch(value):
            raise Wrong(f"{value!r} is not {what}", hint)
        return value

    return parse


def listing(of: Parse[T]) -> Parse[tuple[T, ...]]:
    """A list; every item is checked, the first wrong one is told."""

    def parse(node: Node) -> tuple[T, ...]:
        if not isinstance(node, Sequence):
            raise Wrong(f"a list is expected, not {node.described}", "write [one, two], or one '- item' per line")
        return tuple(_item(of, item) for item in node.items)

    return parse


def _item(of: Parse[T], item: Node) -> T:
    try:
        return of(item)
    except Wrong as wrong:
        raise Wrong(wrong.message, wrong.hint, at=wrong.at or item.at) from None


def _flow_trap(node: Node) -> str:
    """`{slot}` without quotes is a mapping to YAML."""
    if isinstance(node, Mapping) and len(node.entries) == 1:
        key, value = node.entries[0]
        if isinstance(value, Scalar) and value.kind == "null":
            return f'text that begins with a brace needs quotes: "{{{key.text}}}"'
    return "write one value"
