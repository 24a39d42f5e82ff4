"""Reads a mapping key by key, so that what is wrong, missing or left over is all told at once."""

from __future__ import annotations

import re
from types import TracebackType
from typing import TypeVar

from console.document.node import Mapping, Node, Scalar
from console.document.problems import Place, Problems, Wrong, did_you_mean
from console.document.values import Parse

T = TypeVar("T")

_SECRET = re.compile(r"(pass(word|wd|phrase)?|secret|token|credential|api_?key|private_?key)s?$", re.IGNORECASE)


class Fields:
    """The keys of one mapping. Used as a context manager, it refuses at the end what nobody asked for."""

    def __init__(self, node: Mapping, problems: Problems, *, name: str = "") -> None:
        self.node = node
        self.problems = problems
        self.name = name
        """Dotted path of this mapping in its file, empty at the top."""
        self._known: list[str] = []

    @property
    def at(self) -> Place:
        return self.node.at

    def __enter__(self) -> Fields:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is None:
            self._refuse_unknown()

    def __contains__(self, key: str) -> bool:
        return self.node.get(key) is not None

    def place(self, key: str) -> Place:
        """Where the value of `key` stands; the mapping itself when it is missing."""
        found = self.node.get(key)
        return found.at if found is not None else self.node.at

    def take(self, key: str, parse: Parse[T], default: T) -> T:
        """The value of `key`, or `default` where it is missing or wrong."""
        self._known.append(key)
        node = self.node.get(key)
        return default if node is None else self.parsed(node, parse, default)

    def need(self, key: str, parse: Parse[T], instead: T, *, hint: str) -> T:
        """As `take`, but a missing key is a mistake."""
        if key not in self:
            self.problems.error(self.at, f"{self.path(key)!r} is missing", hint)
        return self.take(key, parse, instead)

    def section(self, key: str) -> Fields:
        """The mapping under `key`; an empty one where it is missing, and a silent empty one where it is no mapping."""
        self._known.append(key)
        found = self.node.get(key)
        if found is None:
            return Fields(Mapping(self.at, ()), self.problems, name=self.path(key))
        usable = isinstance(found, Mapping)
        return Fields(self.mapping(found, key), self.problems if usable else Problems(), name=self.path(key))

    def entries(self, key: str) -> tuple[tuple[Scalar, Node], ...]:
        """Names and values under `key`, where the names are the user's own."""
        self._known.append(key)
        found = self.node.get(key)
        return self.mapping(found, key).entries if found is not None else ()

    def skip(self, *keys: str) -> None:
        """Keys that are read elsewhere."""
        self._known.extend(keys)

    def mapping(self, node: Node, key: str) -> Mapping:
        if isinstance(node, Mapping):
            return node
        message = f"{self.path(key)!r} holds {node.described}, not keys and values"
        self.problems.error(node.at, message, "indent 'key: value' lines under it")
        return Mapping(node.at, ())

    def parsed(self, node: Node, parse: Parse[T], default: T) -> T:
        """`node` through `parse`; a mistake is noted at its place."""
        try:
            return parse(node)
        except Wrong as wrong:
            self.problems.wrong(node.at, wrong)
            return default

    def path(self, key: str) -> str:
        return f"{self.name}.{key}" if self.name else key

    def _refuse_unknown(self) -> None:
        known = dict.fromkeys(self._known)
        for key, _ in self.node:
            if key.text in known:
                continue
            if _SECRET.search(key.text):
                hint = "remove it; keep it in a Kubernetes Secret that the manifest refers to"
                self.problems.error(key.at, f"{self.path(key.text)!r} would put a secret into the settings", hint)
            else:
                self.problems.error(key.at, f"unknown key {self.path(key.text)!r}", did_you_mean(key.text, known))
