"""Sets of field paths: who owns what, as managedFields writes it (fieldsV1).

A path is a tuple of elements in their written form: `f:name` a field, `k:{"name":"web"}` an element of a keyed list, `v:"x"` one of a set.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from console.sandbox.apiserver.schema import Type

Path = tuple[str, ...]
Fields = frozenset[Path]
Tree = dict[str, Any]
"""The nested form: element → what lies under it; "." marks an inner node that is itself a member."""

NOTHING: Final[Fields] = frozenset()


def decode(tree: Mapping[str, Any]) -> Fields:
    """The paths of a fieldsV1 object."""
    return frozenset(_paths(tree, ()))


def _paths(tree: Mapping[str, Any], prefix: Path) -> Iterator[Path]:
    for element, under in tree.items():
        if element == ".":
            yield prefix
        elif under:
            yield from _paths(under, (*prefix, element))
        else:
            yield (*prefix, element)


def encode(fields: Iterable[Path]) -> Tree:
    """The fieldsV1 object of paths."""
    tree: Tree = {}
    for path in sorted(fields):
        node = tree
        for element in path[:-1]:
            node = node.setdefault(element, {})
        node.setdefault(path[-1], {})
    _mark_members(tree, (), frozenset(fields))
    return tree


def _mark_members(tree: Tree, prefix: Path, fields: Fields) -> None:
    for element, under in tree.items():
        if under:
            path = (*prefix, element)
            _mark_members(under, path, fields)
            if path in fields:
                inner = dict(under)
                under.clear()
                under["."] = {}
                under.update(inner)


def without_under(fields: Fields, roots: Fields) -> Fields:
    """The paths that neither are one of the roots nor lie below one."""
    return frozenset(path for path in fields if not any(path[:length] in roots for length in range(1, len(path) + 1)))


def with_named_parents(fields: Fields, kind: Type) -> Fields:
    """Also the struct fields on the way to every path, so that removing all of a struct removes the struct."""
    parents: set[Path] = set(fields)
    for path in fields:
        node: Type | None = kind
        for length, element in enumerate(path[:-1], start=1):
            if node is None:
                break
            if element.startswith("f:"):
                if node.shape == "struct" and element[2:] in node.fields:
                    parents.add(path[:length])
                node = node.child(element[2:])
            else:
                node = node.element
    return frozenset(parents)


def element_of(item: Any, kind: Type) -> str:
    """The path element of one item of an associative list; a key without value and default is left out."""
    if not kind.keys:
        return "v:" + msgspec.json.encode(item).decode()
    assert kind.element is not None
    key: dict[str, Any] = {}
    for name in sorted(kind.keys):
        field = kind.element.fields.get(name)
        value = item.get(name, field.default if field else None)
        if value is not None:
            key[name] = value
    return "k:" + msgspec.json.encode(key).decode()


def readable(path: Path) -> str:
    """A path as messages show it: .spec.template.spec.containers[name="web"].image."""
    parts: list[str] = []
    for element in path:
        if element.startswith("f:"):
            parts.append("." + element[2:])
        elif element.startswith("k:"):
            keys = msgspec.json.decode(element[2:])
            parts.append("[" + ",".join(f"{name}={msgspec.json.encode(value).decode()}" for name, value in keys.items()) + "]")
        else:
            parts.append(f"[={element[2:]}]")
    return "".join(parts)
