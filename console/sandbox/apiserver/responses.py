"""HTTP responses with the bodies of the Kubernetes API."""

from __future__ import annotations

import msgspec
from aiohttp import web

from console.sandbox.apiserver.errors import ApiError
from console.sandbox.apiserver.resources import Object
from console.sandbox.apiserver.store import Stored
from console.sandbox.apiserver.writes import Written

RETURNS_DELETED = frozenset({"Pod", "Service", "ServiceAccount", "ResourceQuota"})
"""Kinds whose delete answers with the object instead of a Status."""


def json_response(body: bytes, *, code: int = 200, warnings: tuple[str, ...] = ()) -> web.Response:
    """A JSON body, with the Warning headers of a write."""
    response = web.Response(body=body, status=code, headers={"Content-Type": "application/json", "Cache-Control": "no-cache, private"})
    for warning in warnings:
        response.headers.add("Warning", f'299 - "{warning}"')
    return response


def document_response(document: Object, *, code: int = 200) -> web.Response:
    """An object that is not stored."""
    return json_response(msgspec.json.encode(document) + b"\n", code=code)


def object_response(stored: Stored, *, code: int = 200) -> web.Response:
    """One stored object."""
    return json_response(stored.encoded() + b"\n", code=code)


def written_response(written: Written) -> web.Response:
    """The object after a write."""
    warnings = tuple(f'unknown field \\"{field}\\"' for field in written.unknown)
    return json_response(written.object.encoded() + b"\n", code=201 if written.created else 200, warnings=warnings)


def status_response(error: ApiError) -> web.Response:
    """A failure."""
    response = document_response(error.status(), code=error.code)
    if error.code == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def deleted_response(stored: Stored, *, gone: bool) -> web.Response:
    """The answer to a delete: the object where it lingers or its kind wants it, else a Status."""
    resource = stored.resource
    if resource.kind in RETURNS_DELETED or not gone:
        return object_response(stored)
    details = {"name": stored.key[1], "group": resource.group, "kind": resource.plural, "uid": stored.uid}
    status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
    return document_response({**status, "details": {key: value for key, value in details.items() if value}})
