"""Reads the user's `console.yml`, where there is one; what is wrong in it is left out and said with its place."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from console.app.preferences import FILE, Preferences
from console.app.themes import OFFERED
from console.document.fields import Fields
from console.document.node import Node
from console.document.problems import Problem, Problems, Wrong, did_you_mean
from console.document.read import read_mapping
from console.document.values import Parse, flag, text


def read_preferences(folder: Path, *, known_keys: Collection[str]) -> tuple[Preferences, tuple[Problem, ...]]:
    """The preferences in `folder`; what is wrong in the file is left out and said. `known_keys` are the ids of all bindings."""
    file = folder / FILE
    if not file.exists():
        return Preferences(), ()
    problems = Problems()
    top = read_mapping(file, problems)
    if top is None:
        return Preferences(), tuple(problems.found)
    with Fields(top, problems) as fields:
        found = Preferences(
            theme=fields.take("theme", _one_of(OFFERED), ""),
            as_ascii=fields.take("ascii", flag, False),
            bell=fields.take("bell", flag, True),
            notify=fields.take("notify", flag, True),
            title=fields.take("title", flag, True),
            keys=_keys(fields, known_keys, problems),
        )
    return found, tuple(problems.found)


def _keys(fields: Fields, known: Collection[str], problems: Problems) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, node in fields.entries("keys"):
        if name.text not in known:
            problems.error(name.at, f"there is no key {name.text!r}", did_you_mean(name.text, known))
        elif keys := fields.parsed(node, _key_names, ""):
            found[name.text] = keys
    return found


def _key_names(node: Node) -> str:
    """`D`, `ctrl+t`, `f5`, several joined by commas. Enter, escape and tab keep their meaning everywhere."""
    names = [name.strip() for name in text(node).split(",")]
    for name in names:
        if not name or " " in name:
            raise Wrong(f"{name!r} is no key", "write it like D, ctrl+t, f5 or question_mark; join several by commas")
        if name in ("enter", "escape", "tab", "shift+tab", "ctrl+c"):
            raise Wrong(f"{name} means the same everywhere and cannot be given away", "choose another key")
    return ",".join(names)


def _one_of(words: Collection[str]) -> Parse[str]:
    def parse(node: Node) -> str:
        value = text(node)
        if value not in words:
            raise Wrong(f"there is no theme {value!r}", did_you_mean(value, words))
        return value

    return parse
