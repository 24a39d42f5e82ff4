"""Reads a YAML file into nodes that know their places, and says in words what YAML 1.1 trips people with.

Built on the parser's events, not on its composer: duplicate keys, loops and depth are noticed while reading, and nothing that a
file can contain ends in a traceback.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml

from console.document.compose import Composer, Halt, refuse_more_documents
from console.document.node import Mapping, Node
from console.document.problems import Place, Problems
from console.document.syntax import explain

LARGEST_FILE = 1_000_000
"""Bytes; a settings file or a manifest is a thousandth of that."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Ten times faster where PyYAML was built with libyaml; only its events are used."""


def read_mapping(file: Path, problems: Problems) -> Mapping | None:
    """The mapping that a file consists of; None when it cannot be used, with the reasons in `problems`."""
    documents = read_documents(file, problems, single=True)
    if not documents:
        return None
    top = documents[0]
    if not isinstance(top, Mapping):
        problems.error(top.at, f"the file holds {top.described}, not keys and values", "write 'key: value' lines")
        return None
    return top


def read_documents(file: Path, problems: Problems, *, single: bool = False) -> tuple[Node, ...]:
    """All documents of a file; empty when it cannot be used, with the reasons in `problems`."""
    text = read_text(file, problems)
    if text is None:
        return ()
    before = len(problems.errors)
    documents = tuple(compose(text, file, problems, single=single))
    if len(problems.errors) > before:
        return ()
    if not documents:
        problems.error(Place(file), "the file is empty", "write at least one 'key: value' line, or delete the file")
    return documents


def read_text(file: Path, problems: Problems) -> str | None:
    """The file's text; None with the reason in `problems` when it cannot be read or is no UTF-8."""
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        problems.error(Place(file), "the file does not exist", "check its name")
        return None
    except OSError as trouble:
        problems.error(Place(file), f"the file cannot be read ({trouble.strerror})", "check its rights, and that it is a file")
        return None
    if len(data) > LARGEST_FILE:
        message = f"the file has {len(data)} bytes, more than {LARGEST_FILE}"
        problems.error(Place(file), message, "split it, or check that it is the right file")
        return None
    return _decoded(data, file, problems)


def _decoded(data: bytes, file: Path, problems: Problems) -> str | None:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as trouble:
        good = data[: trouble.start].decode("utf-8-sig")
        line, column = good.count("\n") + 1, len(good) - (good.rfind("\n") + 1) + 1
        problems.error(Place(file, line, column), f"byte 0x{data[trouble.start]:02x} is not UTF-8", "save the file as UTF-8")
        return None


def compose(text: str, file: Path, problems: Problems, *, single: bool) -> Iterator[Node]:
    """The documents of a text, as far as it can be read; why no further is in `problems`."""
    try:
        composer = Composer(yaml.parse(text, Loader=_LOADER), file, problems)
        for count, document in enumerate(composer.documents()):
            if count and single:
                refuse_more_documents(document, problems)
                return
            yield document
    except Halt:
        return
    except (yaml.YAMLError, RecursionError) as trouble:
        at, message, hint = explain(trouble, text, file)
        problems.error(at, message, hint)
