"""Pod templates: their hash, their pods, and whether two are the same."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from console.sandbox.apiserver.metadata import NAME_ALPHABET
from console.sandbox.apiserver.resources import Object, Resource
from console.sandbox.apiserver.store import Stored
from console.sandbox.controllers.objects import owner_reference

HASH_LABEL: Final = "pod-template-hash"


def template_hash(template: Object, collisions: int) -> str:
    """A short stable name for a template; another one for every collision counted."""
    value = 2166136261
    for byte in msgspec.json.encode(template, order="sorted") + b"%d" % collisions:
        value = ((value ^ byte) * 16777619) & 0xFFFFFFFF
    return "".join(NAME_ALPHABET[ord(digit) % len(NAME_ALPHABET)] for digit in str(value))


def same_template(left: Object, right: Object) -> bool:
    """Equality but for the hash label."""
    return _without_hash(left) == _without_hash(right)


def _without_hash(template: Object) -> Object:
    metadata: dict[str, Any] = {key: value for key, value in template.get("metadata", {}).items() if key != "labels"}
    labels = {key: value for key, value in template.get("metadata", {}).get("labels", {}).items() if key != HASH_LABEL}
    return {"metadata": metadata, "labels": labels, "spec": template.get("spec", {})}


def pod_from(template: Object, *, resource: Resource, owner: Stored, **metadata: Any) -> Object:
    """A pod of a template, owned by its controller; `metadata` gives its name or name prefix."""
    described = template.get("metadata", {})
    kept = {key: described[key] for key in ("labels", "annotations", "finalizers") if key in described}
    return {"metadata": {**metadata, **kept, "ownerReferences": [owner_reference(resource, owner)]}, "spec": template.get("spec", {})}
