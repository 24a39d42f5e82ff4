"""The YAML parser's complaints in words that say what to do."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from console.document.problems import Place

_INSIDE = re.compile(r":\s+[^\s{\['\"#][^{\['\"#]*\s([{\[])[^}\]]*$")
_TAB = re.compile(r"^[ -]*\t")

_LIST_IN_LINE = ("a list item begins inside a line", "begin the list on its own line, indented")
_NO_COLON = ("a line without ': ' where a key was expected", "write 'key: value' with a space after the colon")

_REMEDIES: tuple[tuple[str, tuple[str, str]], ...] = (
    ("mapping values are", ("a second ': ' in one line, or a line indented too far", "quote the value, or indent like the line above")),
    ("sequence entries are", _LIST_IN_LINE),
    ("unknown escape", ("an unknown escape after a backslash", "write \\\\ for a backslash, or use single quotes")),
    ("quoted scalar", ("a quote is never closed", "close it with the same quote")),
    ("flow sequence", ("a '[' is never closed, or a ',' is missing", "close the list with ']'; text with ',' or ']' needs quotes")),
    ("flow mapping", ("a '{' is never closed, or a ',' is missing", "close it with '}'; text that begins with '{' needs quotes")),
    ("could not find expected ':'", _NO_COLON),
    ("could not found expected ':'", _NO_COLON),
    ("flow node", ("a '[' or '{' is never closed", "close it, or put the value in quotes")),
    ("document start", ("text after the end of the document", "keep one document per file")),
    ("block mapping", ("this line fits neither the keys above it nor a value", "indent it like its neighbours, or quote the value above")),
    ("block collection", ("this line fits no list item above it", "indent it like its neighbours; list items begin with '- '")),
)
"""A sign in the parser's words (with or without libyaml), then what it means and what to do; the first that fits counts."""


def explain(trouble: yaml.YAMLError | RecursionError, text: str, file: Path) -> tuple[Place, str, str]:
    """Place, message and hint of a text that is no YAML."""
    if isinstance(trouble, yaml.reader.ReaderError):
        return _place_of_offset(text, trouble.position, file), f"character {_character(trouble)} is not allowed in YAML", "remove it"
    mark = getattr(trouble, "problem_mark", None) or getattr(trouble, "context_mark", None)
    if mark is None:
        return Place(file), "the file cannot be read as YAML", "check its brackets and indentation"
    at = Place(file, mark.line + 1, mark.column + 1)
    explained = _tab(text, at) or _character_at(text, at) or _brace(text, at) or _brace_inside(text, at)
    return explained or _remedy(trouble, at)


def _tab(text: str, at: Place) -> tuple[Place, str, str] | None:
    lines = text.splitlines()
    for number in (at.line, at.line - 1):
        line = lines[number - 1] if 0 < number <= len(lines) else ""
        if _TAB.match(line):
            return Place(at.file, number, line.index("\t") + 1), "a tab is used for indentation", "indent with spaces"
    return None


def _character_at(text: str, at: Place) -> tuple[Place, str, str] | None:
    lines = text.splitlines()
    line = lines[at.line - 1] if at.line <= len(lines) else ""
    found = line[at.column - 1 : at.column]
    return (at, f"a value cannot begin with {found!r}", "put the value in quotes") if found and found in "@`%" else None


def _brace(text: str, at: Place) -> tuple[Place, str, str] | None:
    """`{slot}-api` begins like a mapping and goes on like text."""
    lines = text.splitlines()
    line = lines[at.line - 1] if at.line <= len(lines) else ""
    if not line[: at.column - 1].endswith("}") or not line[at.column - 1 :].strip():
        return None
    column = line.rfind("{", 0, at.column - 1) + 1
    return Place(at.file, at.line, column or at.column), "text begins with a brace", "put the whole value in quotes"


def _brace_inside(text: str, at: Place) -> tuple[Place, str, str] | None:
    """`do: slots.apply {slot: preview}`: to YAML the brace is text, and its colon one too many."""
    lines = text.splitlines()
    before = lines[at.line - 1][: at.column - 1] if at.line <= len(lines) else ""
    found = _INSIDE.search(before)
    if found is None:
        return None
    hint = f"give what begins with '{found[1]}' a key of its own on the next line, or quote the whole value"
    return Place(at.file, at.line, found.start(1) + 1), f"a '{found[1]}' in the middle of a value", hint


def _remedy(trouble: yaml.YAMLError | RecursionError, at: Place) -> tuple[Place, str, str]:
    said = " ".join(str(part) for part in (getattr(trouble, "problem", ""), getattr(trouble, "context", "")) if part)
    for sign, remedy in _REMEDIES:
        if sign in said:
            return _begin(trouble, at) if "is never closed" in remedy[0] else at, *remedy
    return at, f"this is not YAML ({said or 'unreadable'})", "check quotes, brackets and indentation around this line"


def _begin(trouble: yaml.YAMLError | RecursionError, at: Place) -> Place:
    """Where the thing that is never closed begins; the parser notices only at its end."""
    mark = getattr(trouble, "context_mark", None)
    return Place(at.file, mark.line + 1, mark.column + 1) if mark else at


def _character(trouble: yaml.reader.ReaderError) -> str:
    code = trouble.character if isinstance(trouble.character, int) else ord(trouble.character)
    return f"U+{code:04X}"


def _place_of_offset(text: str, offset: int, file: Path) -> Place:
    before = text[:offset]
    return Place(file, before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1)
