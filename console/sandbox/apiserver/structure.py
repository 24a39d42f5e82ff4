"""Structured merge over typed values: what a configuration sets, what a write changed, merging and removing by path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from console.sandbox.apiserver.fieldset import Fields, Path, Tree, element_of, encode, readable
from console.sandbox.apiserver.schema import ANY, ZEROS, Type

_MISSING: Final = object()


class DuplicateElement(Exception):
    """A configuration names one element of a keyed list twice; the text says which."""


def check_unique(config: Any, kind: Type, path: Path = ()) -> None:
    """Refuse a configuration whose associative lists are ambiguous."""
    if config is None or kind.atomic or kind.shape in ("scalar", "any"):
        return
    if kind.shape != "list":
        for name, each in config.items():
            check_unique(each, kind.child(name) or ANY, (*path, "f:" + name))
        return
    assert kind.element is not None
    seen: set[str] = set()
    for item in config:
        element = element_of(item, kind)
        if element in seen:
            raise DuplicateElement(f"{readable(path)}: duplicate entries for key {readable((element,))}")
        seen.add(element)
        check_unique(item, kind.element, (*path, element))


def fields_of(value: Any, kind: Type) -> Fields:
    """The paths that a configuration sets."""
    found: set[Path] = set()
    _collect(value, kind, (), found)
    return frozenset(found)


def _collect(value: Any, kind: Type, path: Path, found: set[Path]) -> None:
    if value is None or kind.atomic or kind.shape in ("scalar", "any"):
        found.add(path)
    elif kind.shape == "list":
        assert kind.element is not None
        for item in value:
            under = (*path, element_of(item, kind))
            _collect(item, kind.element, under, found)
            found.add(under)
    else:
        for name, each in value.items():
            under = (*path, "f:" + name)
            _collect(each, kind.child(name) or ANY, under, found)
            if each is None or each == {} or kind.shape == "map":
                found.add(under)


@dataclass(slots=True)
class Comparison:
    """The paths by which a new value differs from an old one."""

    added: set[Path] = field(default_factory=set)
    modified: set[Path] = field(default_factory=set)
    removed: set[Path] = field(default_factory=set)


def compare(old: Any, new: Any, kind: Type) -> Comparison:
    """How `new` differs from `old`; equal parts cost next to nothing."""
    comparison = Comparison()
    _compare(old, new, kind, (), comparison)
    return comparison


def _compare(old: Any, new: Any, kind: Type, path: Path, out: Comparison) -> None:
    if old is not _MISSING and new is not _MISSING and old == new:
        return
    if _is_leaf(old, new, kind):
        (out.added if old is _MISSING else out.removed if new is _MISSING else out.modified).add(path)
        return
    if kind.shape == "list":
        _compare_lists(old, new, kind, path, out)
    else:
        _compare_maps(old, new, kind, path, out)
    if old is _MISSING:
        out.added.add(path)
    elif new is _MISSING:
        out.removed.add(path)


def _is_leaf(old: Any, new: Any, kind: Type) -> bool:
    """Whether a value has no parts of its own; two empty containers are one, which keeps {} apart from absent."""
    both_empty = (old is _MISSING or not old) and (new is _MISSING or not new)
    return kind.atomic or kind.shape in ("scalar", "any") or both_empty


def _compare_maps(old: Any, new: Any, kind: Type, path: Path, out: Comparison) -> None:
    before: dict[str, Any] = {} if old is _MISSING else old or {}
    after: dict[str, Any] = {} if new is _MISSING else new or {}
    for name in before.keys() | after.keys():
        child = kind.child(name) or ANY
        was, is_now = before.get(name, _unset(old, child)), after.get(name, _unset(new, child))
        if old is _MISSING or was is not _MISSING or is_now is not None:
            _compare(was, is_now, child, (*path, "f:" + name), out)


def _unset(parent: Any, child: Type) -> Any:
    """What a field without a value is: one that is always written is there, though empty, as soon as its parent is."""
    if parent is _MISSING:
        return _MISSING
    if child.written:
        return {} if child.shape == "struct" else ZEROS.get(child.name)
    return None if child.required and child.shape == "list" else _MISSING


def _compare_lists(old: Any, new: Any, kind: Type, path: Path, out: Comparison) -> None:
    before = {} if old is _MISSING else _by_element(old or (), kind)
    after = {} if new is _MISSING else _by_element(new or (), kind)
    assert kind.element is not None
    for element in before.keys() | after.keys():
        _compare(before.get(element, _MISSING), after.get(element, _MISSING), kind.element, (*path, element), out)


def _by_element(items: Sequence[Any], kind: Type) -> dict[str, Any]:
    return {element_of(item, kind): item for item in items}


def merge(live: Any, config: Any, kind: Type) -> Any:
    """The live value with everything that the configuration sets; neither is changed."""
    if config is _MISSING:
        return live
    if live is _MISSING or live is None or kind.atomic or kind.shape in ("scalar", "any") or config is None:
        return config
    if kind.shape == "list":
        return _merge_lists(live, config, kind)
    merged = dict(live)
    for name, value in config.items():
        merged[name] = merge(live.get(name, _MISSING), value, kind.child(name) or ANY)
    return merged


def _merge_lists(live: Sequence[Any], config: Sequence[Any], kind: Type) -> list[Any]:
    """Live order for what only the live list has, the configuration's order for what it names."""
    before, after = _by_element(live, kind), _by_element(config, kind)
    assert kind.element is not None
    merged: list[Any] = []
    waiting = list(after)
    for element, item in before.items():
        if element not in after:
            merged.append(item)
            continue
        while waiting and element in waiting:
            name = waiting.pop(0)
            merged.append(merge(before.get(name, _MISSING), after[name], kind.element))
    merged += [merge(before.get(name, _MISSING), after[name], kind.element) for name in waiting]
    return merged


def remove(value: Any, paths: Fields, kind: Type) -> Any:
    """The value without the given paths; containers that become empty go too."""
    return _remove(value, encode(paths), kind) if paths else value


def _remove(value: Any, tree: Tree, kind: Type) -> Any:
    if not value or kind.atomic or kind.shape in ("scalar", "any"):
        return None if kind.atomic else value
    if kind.shape == "list":
        assert kind.element is not None
        return _remove_items(value, tree, kind, kind.element) or None
    left: dict[str, Any] = {}
    for name, each in value.items():
        under = tree.get("f:" + name)
        if under is None:
            left[name] = each
        elif under and "." not in under:
            inner = _remove(each, under, kind.child(name) or ANY)
            if inner is not None:
                left[name] = inner
    return left or None


def _remove_items(value: Sequence[Any], tree: Tree, kind: Type, element: Type) -> list[Any]:
    left: list[Any] = []
    for item in value:
        under = tree.get(element_of(item, kind))
        if under is None:
            left.append(item)
        elif under and "." not in under:
            left.append(_remove(item, under, element))
    return left
