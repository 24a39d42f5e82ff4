"""Refusing what may not be created, or may not be written over what is there."""

from __future__ import annotations

from collections.abc import Sequence

from console.sandbox.apiserver.errors import Cause, invalid
from console.sandbox.apiserver.resources import Object, Resource
from console.sandbox.apiserver.rules import immutable, kinds, metadata, unspoken


def check_new(resource: Resource, body: Object) -> None:
    """Refuse an object that may not be created, with 422, or with 501 what nobody here would act on."""
    unspoken.refuse(resource, body)
    _refuse(resource, body, [*metadata.causes(resource, body), *kinds.causes(resource.kind, body)])


def check_update(resource: Resource, old: Object, new: Object, subresource: str) -> None:
    """Refuse a state that may not be written over the old one."""
    unspoken.refuse(resource, new)
    causes = [*metadata.causes(resource, new)]
    if subresource != "status":
        causes += kinds.causes(resource.kind, new)
        causes += immutable.causes(resource.kind, old, new, subresource)
    _refuse(resource, new, causes)


def _refuse(resource: Resource, body: Object, causes: Sequence[Cause]) -> None:
    if causes:
        raise invalid(resource, body["metadata"].get("name", ""), causes)
