"""Fields that a real cluster acts on and the sandbox does not: refused, so that nobody takes silence for an effect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from console.sandbox.apiserver.errors import not_spoken
from console.sandbox.apiserver.resources import Object, Resource

FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "Job": (
        "spec.podFailurePolicy",
        "spec.successPolicy",
        "spec.backoffLimitPerIndex",
        "spec.maxFailedIndexes",
        "spec.managedBy",
    ),
    "ResourceQuota": ("spec.scopes", "spec.scopeSelector"),
    "ClusterRole": ("aggregationRule",),
}


def refuse(resource: Resource, body: Object) -> None:
    """501 for an object that asks for something nobody here does."""
    for field in FIELDS.get(resource.kind, ()):
        if _has(body, field.split(".")):
            raise not_spoken(f"{field} of a {resource.kind}")
    if resource.kind == "Job" and body["spec"].get("completionMode") != "NonIndexed":
        raise not_spoken("Indexed Jobs")
    if resource.kind == "Job" and body["spec"].get("podReplacementPolicy") == "Failed":
        raise not_spoken("podReplacementPolicy Failed of a Job")


def _has(body: Object, path: list[str]) -> bool:
    found: object = body
    for part in path:
        if not isinstance(found, dict) or part not in found:
            return False
        found = found[part]
    return True
