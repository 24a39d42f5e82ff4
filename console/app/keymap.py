"""All bindings of all screens, read from the classes themselves: for the user's key map, the palette's completeness and the docs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from textual.binding import Binding
from textual.dom import DOMNode

from screens.keys import key_name
from screens.places import PLACES

OTHERS = (
    ("Everywhere", "console.app.app:ConsoleApp"),
    ("Lists", "screens.widgets.scroll_panel:ScrollPanel"),
    ("Overview", "screens.overview:Overview"),
    ("Run", "screens.run:RunScreen"),
)
"""What is no place of its own: (heading, module:class)."""


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One action with its keys."""

    where: str
    id: str
    """What the key map calls it."""
    keys: tuple[str, ...]
    """As a person reads them: `^p`, `?`."""
    does: str


def key_rows() -> tuple[KeyRow, ...]:
    """Every action that has an id, by screen; what a screen shares with all lists is said once."""
    seen: set[str] = set()
    return tuple(row for where, node in _nodes() for row in _rows(where, node, seen))


def binding_ids() -> frozenset[str]:
    """Names for the key map."""
    return frozenset(row.id for row in key_rows())


def _nodes() -> Iterator[tuple[str, type[DOMNode]]]:
    for where, name in OTHERS:
        module, _, attribute = name.partition(":")
        yield where, getattr(import_module(module), attribute)
    for place in PLACES:
        yield place.label, place.load()


def _rows(where: str, node: type[DOMNode], seen: set[str]) -> Iterator[KeyRow]:
    by_id: dict[str, list[Binding]] = {}
    for binding in _bindings(node):
        if binding.id and binding.id not in seen:
            by_id.setdefault(binding.id, []).append(binding)
    seen |= set(by_id)
    for name, bindings in by_id.items():
        keys = [key for each in bindings for key in each.key.split(",")]
        shared = "Lists" if name.startswith("list.") else "Everywhere" if name.startswith("console.") else where
        yield KeyRow(shared, name, tuple(dict.fromkeys(key_name(key.strip()) for key in keys)), bindings[0].description)


def _bindings(node: type[DOMNode]) -> Iterable[Binding]:
    """Those of the class and of our own classes below it; Textual's own have no place in our key map."""
    for each in node.__mro__:
        if each.__module__.startswith(("screens.", "console.")):
            found: Any = each.__dict__.get("BINDINGS", ())
            yield from (b for b in found if isinstance(b, Binding))
