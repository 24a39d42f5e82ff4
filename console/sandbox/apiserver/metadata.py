"""Metadata that the server writes: names, times, and the order in which the API prints an object."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Final

from console.sandbox.apiserver.resources import Object

NAME_ALPHABET: Final = "bcdfghjklmnpqrstvwxz2456789"
LONGEST_PREFIX: Final = 58
ORDER: Final = (
    *("name", "generateName", "namespace", "selfLink", "uid", "resourceVersion", "generation", "creationTimestamp"),
    *("deletionTimestamp", "deletionGracePeriodSeconds", "labels", "annotations", "ownerReferences", "finalizers", "managedFields"),
)


def generated_name(prefix: str) -> str:
    """A name nobody has: the prefix and five random characters."""
    return prefix[:LONGEST_PREFIX] + "".join(secrets.choice(NAME_ALPHABET) for _ in range(5))


def rfc3339(moment: datetime) -> str:
    """A time in UTC with whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def ordered(body: Object) -> Object:
    """Metadata, spec, then the rest, with the fields of metadata as the API prints them."""
    metadata = body["metadata"]
    first = {"metadata": {field: metadata[field] for field in ORDER if field in metadata}}
    if "spec" in body:
        first["spec"] = body["spec"]
    return first | {part: value for part, value in body.items() if part not in first}
