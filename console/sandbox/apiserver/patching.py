"""The three patches that change a live object, by their media type."""

from __future__ import annotations

from console.sandbox.apiserver.bodies import APPLY, JSON_PATCH, MERGE_PATCH, PATCHES, STRATEGIC_PATCH, read_json
from console.sandbox.apiserver.errors import bad_request, unsupported_patch
from console.sandbox.apiserver.jsonpatch import apply_json_patch, apply_merge_patch
from console.sandbox.apiserver.resources import Object, Resource
from console.sandbox.apiserver.schema import Type, of
from console.sandbox.apiserver.strategic import apply_strategic
from console.sandbox.apiserver.writes import Change


def is_apply(media: str) -> bool:
    """Whether a patch is a server-side apply."""
    return media == APPLY


def change_of(raw: bytes, media: str, resource: Resource) -> Change:
    """What a patch does to the live object."""
    return change_of_type(raw, media, of(resource.group, resource.version, resource.kind))


def change_of_type(raw: bytes, media: str, kind: Type) -> Change:
    """Like `change_of`, for a representation that is not stored itself."""
    if media not in PATCHES or media == APPLY:
        raise unsupported_patch()
    patch = read_json(raw, media, (media,))
    match media:
        case _ if media == JSON_PATCH:
            return lambda live: apply_json_patch(live, patch)
        case _ if not isinstance(patch, dict):
            raise bad_request("the patch is not an object")
        case _ if media == MERGE_PATCH:
            return lambda live: _as_object(apply_merge_patch(live, patch))
        case _:
            assert media == STRATEGIC_PATCH
            return lambda live: _as_object(apply_strategic(live, patch, kind))


def _as_object(value: object) -> Object:
    if not isinstance(value, dict):
        raise bad_request("the patched document is not an object")
    return value
