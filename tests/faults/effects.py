"""What writes really changed, told by the API server itself: the object before and after, without what it only counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from console.domain import facts

COUNTED = frozenset({"resourceVersion", "generation", "managedFields", "uid", "creationTimestamp", "selfLink", "deletionTimestamp"})
"""Fields of metadata that every write changes, or none."""
STAMPS = frozenset(f"metadata.annotations.{name}" for name in (facts.RUN, facts.EPOCH, facts.BY))
"""Who wrote: the same change by a resumed runner carries another epoch."""
TIMES = frozenset({f"metadata.annotations.{facts.SWITCHED_AT}", f"metadata.annotations.{facts.KEEP_WARM_UNTIL}"})
CONTROLLERS = frozenset({"metadata.annotations.deployment.kubernetes.io/revision"})
"""What controllers write into an object, at a moment of theirs: it may fall between the looks before and after a write."""

Json = Mapping[str, Any]
Change = tuple[str, str, str]
"""Field, before, after."""


@dataclass(frozen=True)
class Effect:
    """One write that changed something."""

    number: int
    """Of the request at the proxy, in order."""
    kind: str
    """Plural, as in the path."""
    name: str
    run: str
    """Of the stamp that it left; empty where it left none."""
    changes: tuple[Change, ...]
    created: bool = False
    deleted: bool = False

    @property
    def substance(self) -> tuple[Change, ...]:
        """Ours, without who wrote it, and when."""
        return tuple(c for c in self.changes if c[0] not in STAMPS | TIMES | CONTROLLERS)

    def __str__(self) -> str:
        did = "created" if self.created else "deleted" if self.deleted else ", ".join(f"{p} {a} → {b}" for p, a, b in self.substance)
        return f"{self.number}: {self.kind} {self.name} {did}"


def effect_of(number: int, kind: str, name: str, before: Json | None, after: Json | None) -> Effect | None:
    """The difference of two states of an object; None where there is none."""
    old, new = flat(before or {}), flat(after or {})
    changes = tuple((path, old.get(path, ""), new.get(path, "")) for path in sorted({*old, *new}) if old.get(path) != new.get(path))
    if not changes:
        return None
    notes = ((after or before or {}).get("metadata", {}).get("annotations")) or {}
    return Effect(number, kind, name, notes.get(facts.RUN, ""), changes, created=before is None, deleted=after is None)


def flat(document: Json) -> dict[str, str]:
    """Every leaf that somebody decided, by its path."""
    return dict(_leaves({k: v for k, v in document.items() if k != "status"}, ""))


def _leaves(value: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            if not (path == "metadata" and key in COUNTED):
                yield from _leaves(each, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _leaves(each, f"{path}.{number}")
    else:
        yield path, str(value)
