"""Reading a component's manifest: file to plain dicts, in a thread, with mistakes named by file and line."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from console.domain.environment import Component, Environment
from console.domain.errors import UsageError
from console.domain.ids import ComponentName

Documents = tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Manifests:
    """What the components are rendered from."""

    documents: Mapping[ComponentName, Documents] = field(default_factory=dict)
    """Components that are adopted have none."""
    problems: tuple[str, ...] = ()
    """Files that cannot be read, as sentences."""

    def of(self, component: Component) -> Documents | None:
        return self.documents.get(component.name)


async def read_manifests(environment: Environment) -> Manifests:
    """All manifests of an environment; a file that cannot be read is a problem, not an exception."""
    return await asyncio.to_thread(_read_all, environment)


def _read_all(environment: Environment) -> Manifests:
    documents: dict[ComponentName, Documents] = {}
    problems: list[str] = []
    for component in environment.components:
        if component.manifest is None:
            continue
        try:
            documents[component.name] = load_documents(component.manifest)
        except UsageError as problem:
            problems.append(str(problem))
    return Manifests(documents, tuple(problems))


def load_documents(file: Path) -> Documents:
    """The YAML documents of a file that are mappings. Raises UsageError with file and line."""
    try:
        with file.open(encoding="utf-8") as stream:
            found = tuple(d for d in yaml.safe_load_all(stream) if d is not None)
    except OSError as problem:
        raise UsageError(f"{file} cannot be read: {problem.strerror or problem}") from problem
    except (yaml.YAMLError, UnicodeDecodeError) as problem:
        raise UsageError(f"{file}{_line(problem)}: {_said(problem)}") from problem
    if any(not isinstance(d, Mapping) for d in found):
        raise UsageError(f"{file}: a document is no Kubernetes object")
    return found


def _line(problem: Exception) -> str:
    mark = getattr(problem, "problem_mark", None)
    return f":{mark.line + 1}:{mark.column + 1}" if mark else ""


def _said(problem: Exception) -> str:
    return str(getattr(problem, "problem", None) or problem)
