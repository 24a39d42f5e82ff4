"""A release file: component to image, the migration it needs, what it answers; mistakes named by line and column.

    release: v1.5.0
    images:
      backend: traider/backend@sha256:…
      frontend: traider/frontend:v1.5.0
    migration: {revision: 8f2c1a, class: expand}   # none, expand, contract or breaking; left out it is unknown
    answers: {backend: "1.5.0"}                    # where a component does not answer with the release's name

Components that are left out keep the image that serves now: a hotfix names only what it changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from console.document.fields import Fields
from console.document.node import Node
from console.document.problems import ConfigError, Problems, Wrong, did_you_mean
from console.document.read import read_mapping
from console.document.values import Parse, choice, matching, text
from console.domain.ids import ComponentName, ReleaseName
from console.domain.release import ImageRef, MigrationClass

CLASSES: tuple[MigrationClass, ...] = ("none", "expand", "contract", "breaking")
_NAME = matching(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,100}", "a release's name", "write it like v1.5.0")


@dataclass(frozen=True)
class WrittenRelease:
    """What the file says; nothing is resolved yet."""

    name: ReleaseName
    images: Mapping[ComponentName, str] = field(default_factory=dict)
    manifests_digest: str = ""
    migration_revision: str = ""
    migration_class: MigrationClass = "unknown"
    expected: Mapping[ComponentName, str] = field(default_factory=dict)


def read_release_file(file: Path, components: Iterable[ComponentName]) -> WrittenRelease:
    """Raises ConfigError with every mistake, each at its place."""
    problems = Problems()
    node = read_mapping(file, problems)
    written = WrittenRelease(ReleaseName(""))
    if node is not None:
        with Fields(node, problems) as top:
            written = _release(top, tuple(components), problems)
    if problems.errors:
        raise ConfigError(problems.errors, what="the release file")
    return written


def _release(top: Fields, components: tuple[ComponentName, ...], problems: Problems) -> WrittenRelease:
    migration = top.section("migration")
    with migration:
        revision = migration.take("revision", text, "")
        kind: MigrationClass = migration.take("class", choice(CLASSES), "unknown")
    if "images" not in top:
        problems.error(top.at, "'images' is missing", "write images: and a line for each component, like backend: repository:tag")
    return WrittenRelease(
        name=ReleaseName(top.need("release", _NAME, "", hint="write release: and its name, like release: v1.5.0")),
        images=_by_component(top, "images", components, problems, _image),
        manifests_digest=top.take("manifests", text, ""),
        migration_revision=revision,
        migration_class=kind,
        expected=_by_component(top, "answers", components, problems, text),
    )


def _by_component(
    top: Fields, key: str, components: tuple[ComponentName, ...], problems: Problems, parse: Parse[str]
) -> dict[ComponentName, str]:
    found: dict[ComponentName, str] = {}
    for name, node in top.entries(key):
        if name.text not in components:
            problems.error(
                name.at, f"{name.text!r} is no component of this application", did_you_mean(name.text, components) or "remove it"
            )
            continue
        found[ComponentName(name.text)] = top.parsed(node, parse, "")
    return found


def _image(node: Node) -> str:
    value = text(node)
    try:
        reference = ImageRef.parse(value)
    except ValueError as problem:
        raise Wrong(str(problem), "write repository:tag or repository@sha256:…") from problem
    if not reference.tag and not reference.digest:
        raise Wrong(f"{value!r} names neither tag nor digest", f"write {value}:v1.5.0 or {value}@sha256:…")
    return value
