"""Parser events to nodes: anchors, merge keys, duplicates and implicit types, one event at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from yaml.nodes import ScalarNode
from yaml.resolver import Resolver

from console.document.node import Kind, Mapping, Node, Scalar, Sequence
from console.document.problems import Place, Problems

DEEPEST = 40
LARGEST = 50_000
"""Values a document may have with its aliases written out; more is a trap, not a configuration."""

_CORE = "tag:yaml.org,2002:"
_KINDS: dict[str, Kind] = {
    "int": "number", "float": "number", "bool": "boolean", "null": "null", "timestamp": "time",
}  # fmt: skip
"""All else is text, the merge sign and `=` included."""


class Halt(Exception):
    """Reading cannot go on; the reason is already among the problems."""


class Composer:
    """Builds the documents of one stream of events."""

    def __init__(self, events: Iterator[Event], file: Path, problems: Problems) -> None:
        self._events = events
        self._file = file
        self._problems = problems
        self._resolver = Resolver()
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._size = 0

    def documents(self) -> Iterator[Node]:
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                self._anchors, self._size = {}, 0
                first = next(self._events)
                document = self._node(first, 1)
                if not _is_nothing(document, first):
                    yield document

    def _node(self, event: Event, depth: int) -> Node:
        at = self._place(event)
        if isinstance(event, AliasEvent):
            return self._alias(event, at)
        if depth > DEEPEST:
            self._halt(at, f"values are nested more than {DEEPEST} deep", "check for a bracket that is never closed")
        before = self._size
        node = self._scalar(event, at) if isinstance(event, ScalarEvent) else self._collection(event, at, depth)
        self._grow(1, at)
        if anchor := getattr(event, "anchor", None):
            self._anchors[anchor] = node, self._size - before
        return node

    def _alias(self, event: AliasEvent, at: Place) -> Node:
        known = self._anchors.get(event.anchor or "")
        if known is None:
            self._halt(at, f"alias *{event.anchor} stands for nothing", f"define &{event.anchor} above, and outside of what uses it")
        self._grow(known[1], at)
        return known[0]

    def _collection(self, event: Event, at: Place, depth: int) -> Node:
        assert isinstance(event, CollectionStartEvent)
        self._refuse_tag(event.tag, ("map", "seq"), at)
        if isinstance(event, SequenceStartEvent):
            return Sequence(at, tuple(self._until(SequenceEndEvent, depth)))
        assert isinstance(event, MappingStartEvent)
        children = self._until(MappingEndEvent, depth)
        return Mapping(at, self._entries(list(zip(children, children, strict=True))))

    def _until(self, end: type[Event], depth: int) -> Iterator[Node]:
        for event in self._events:
            if isinstance(event, end):
                return
            yield self._node(event, depth + 1)

    def _entries(self, pairs: list[tuple[Node, Node]]) -> tuple[tuple[Scalar, Node], ...]:
        own: dict[str, tuple[Scalar, Node]] = {}
        merged: dict[str, tuple[Scalar, Node]] = {}
        for key, value in pairs:
            if not isinstance(key, Scalar):
                message = f"a key must be a word, not {key.described}"
                self._problems.error(key.at, message, "a value that begins with '{' or '[' needs quotes")
            elif key.text == "<<":
                for entry in self._merged(value):
                    merged.setdefault(entry[0].text, entry)
            elif key.text in own:
                first = own[key.text][0].at.line
                self._problems.error(key.at, f"{key.text!r} is written twice (first on line {first})", "keep one of them")
            else:
                own[key.text] = key, value
        return (*(entry for name, entry in merged.items() if name not in own), *own.values())

    def _merged(self, value: Node) -> Iterator[tuple[Scalar, Node]]:
        for source in value.items if isinstance(value, Sequence) else (value,):
            if isinstance(source, Mapping):
                yield from source
            else:
                self._problems.error(source.at, f"'<<' merges mappings, not {source.described}", "write <<: *name of an anchored mapping")

    def _scalar(self, event: ScalarEvent, at: Place) -> Scalar:
        self._refuse_tag(event.tag, ("str", "int", "float", "bool", "null"), at)
        tag = event.tag if event.tag not in (None, "!") else self._implicit(event)
        return Scalar(at, event.value, _KINDS.get(str(tag).removeprefix(_CORE), "text"))

    def _implicit(self, event: ScalarEvent) -> object:
        return self._resolver.resolve(ScalarNode, event.value, event.implicit)  # type: ignore[no-untyped-call, unused-ignore]

    def _refuse_tag(self, tag: str | None, known: tuple[str, ...], at: Place) -> None:
        if tag not in (None, "!") and str(tag).removeprefix(_CORE) not in known:
            shown = str(tag).replace(_CORE, "!!")
            self._problems.error(at, f"the tag {shown} has no meaning here", "remove it; a value that begins with '!' needs quotes")

    def _grow(self, by: int, at: Place) -> None:
        self._size += by
        if self._size > LARGEST:
            message = f"the document has more than {LARGEST} values once its aliases are written out"
            self._halt(at, message, "write it without so many aliases")

    def _halt(self, at: Place, message: str, hint: str) -> NoReturn:
        self._problems.error(at, message, hint)
        raise Halt

    def _place(self, event: Event) -> Place:
        mark = event.start_mark
        return Place(self._file, mark.line + 1, mark.column + 1) if mark else Place(self._file)


def refuse_more_documents(document: Node, problems: Problems) -> None:
    """A second document of a file that must be one."""
    problems.error(document.at, "a second document begins here (after '---')", "keep one document per file")


def _is_nothing(node: Node, event: Event) -> bool:
    """True for the empty document that a file of comments is."""
    return isinstance(node, Scalar) and node.kind == "null" and isinstance(event, ScalarEvent) and event.value == ""
