"""Kubeconfig files as text: read, checked for their shape, merged by name, the first file to say something wins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from console.cluster.errors import KubeconfigError
from console.document.node import plain
from console.document.problems import Problems
from console.document.read import compose

LARGEST = 10_000_000
"""Characters: hundreds of clusters with their certificates have less."""

Section = Literal["clusters", "contexts", "users"]


@dataclass(frozen=True)
class Entry:
    """One named cluster, context or user, with the file it stands in: relative paths start there."""

    name: str
    data: Mapping[str, Any] = field(repr=False)
    file: Path


@dataclass(frozen=True)
class Merged:
    """All files together."""

    source: str
    """The files that were read, for messages."""
    current_context: str = ""
    clusters: Mapping[str, Entry] = field(default_factory=dict)
    contexts: Mapping[str, Entry] = field(default_factory=dict)
    users: Mapping[str, Entry] = field(default_factory=dict)


def merged(files: Sequence[Path], *, required: bool = False) -> Merged:
    """Reads and merges files; missing ones are passed over unless `required`."""
    present = [file for file in files if required or file.exists()]
    documents = [(file, _read(file)) for file in present]
    current = next((str(document["current-context"]) for _, document in documents if document.get("current-context")), "")
    return Merged(
        source=", ".join(str(file) for file in present),
        current_context=current,
        clusters=_entries(documents, "clusters", "cluster"),
        contexts=_entries(documents, "contexts", "context"),
        users=_entries(documents, "users", "user"),
    )


def _read(file: Path) -> Mapping[str, Any]:
    """Read like every other file that people write: what is nested or aliased without end costs no time, and mistakes have a place."""
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise KubeconfigError(f"there is no kubeconfig {file}", hint="check the path") from None
    except OSError as error:
        raise KubeconfigError(f"cannot read kubeconfig {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise KubeconfigError(f"kubeconfig {file} is not text") from error
    problems = Problems()
    documents = tuple(compose(text.removeprefix("\ufeff"), file, problems, single=True)) if len(text) <= LARGEST else ()
    if problems.errors:
        first = problems.errors[0]
        raise KubeconfigError(f"{file}:{first.line}: not valid YAML: {first.message}", hint=first.hint)
    if not documents:
        raise KubeconfigError(f"kubeconfig {file} is empty" if len(text) <= LARGEST else f"kubeconfig {file} is too long for one")
    document = plain(documents[0])
    if not isinstance(document, dict):
        raise KubeconfigError(f"{file}:1: a kubeconfig is a mapping with clusters, contexts and users, not a {type(document).__name__}")
    return document


def _entries(documents: Sequence[tuple[Path, Mapping[str, Any]]], section: Section, inner: str) -> Mapping[str, Entry]:
    found: dict[str, Entry] = {}
    for file, document in documents:
        listed = document.get(section) or []
        if not isinstance(listed, list):
            raise KubeconfigError(f"{file}: {section} must be a list")
        for number, item in enumerate(listed, start=1):
            entry = _entry(file, section, inner, number, item)
            found.setdefault(entry.name, entry)
    return found


def _entry(file: Path, section: Section, inner: str, number: int, item: object) -> Entry:
    if not isinstance(item, dict) or not item.get("name"):
        raise KubeconfigError(f"{file}: entry {number} of {section} has no name")
    data = item.get(inner) or {}
    if not isinstance(data, dict):
        raise KubeconfigError(f"{file}: {inner} {item['name']} must be a mapping")
    return Entry(str(item["name"]), data, file)
