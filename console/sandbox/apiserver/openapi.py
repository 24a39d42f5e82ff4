"""OpenAPI v3 documents of what is spoken, made from the type table: kubectl reads from them how to validate and to merge."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import msgspec

from console.sandbox.apiserver.resources import STORED, Object, Resource
from console.sandbox.apiserver.schema import Type, of

PATCH_OPTIONS: Final = ("dryRun", "fieldManager", "fieldValidation", "force", "pretty")
_SCALARS: Final[dict[str, Object]] = {
    "str": {"type": "string"},
    "int32": {"type": "integer", "format": "int32"},
    "int64": {"type": "integer", "format": "int64"},
    "num": {"type": "number", "format": "double"},
    "bool": {"type": "boolean"},
    "bytes": {"type": "string", "format": "byte"},
    "time": {"type": "string", "format": "date-time"},
    "microtime": {"type": "string", "format": "date-time"},
    "quantity": {"oneOf": [{"type": "string"}, {"type": "number"}]},
    "intstr": {"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]},
}


def index() -> Object:
    """The list of documents."""
    paths = {_prefix(resource): resource for resource in STORED}
    return {"paths": {prefix: {"serverRelativeURL": f"/openapi/v3/{prefix}"} for prefix in paths}}


@cache
def document(prefix: str) -> bytes | None:
    """The document of one group and version, such as `apis/apps/v1`; None where there is none."""
    resources = [resource for resource in STORED if _prefix(resource) == prefix]
    if not resources:
        return None
    schemas: dict[str, Object] = {}
    for resource in resources:
        kind = of(resource.group, resource.version, resource.kind)
        _collect(kind, schemas)
        schemas[_full_name(kind.name)]["x-kubernetes-group-version-kind"] = [_tag(resource)]
    paths = {_path(resource): {"patch": _patch(resource)} for resource in resources}
    info = {"title": "Kubernetes", "version": "unversioned"}
    return msgspec.json.encode({"openapi": "3.0.0", "info": info, "paths": paths, "components": {"schemas": schemas}})


def _prefix(resource: Resource) -> str:
    return f"apis/{resource.api_version}" if resource.group else f"api/{resource.version}"


def _path(resource: Resource) -> str:
    place = "/namespaces/{namespace}" if resource.namespaced else ""
    return f"/{_prefix(resource)}{place}/{resource.plural}/{{name}}"


def _tag(resource: Resource) -> Object:
    return {"group": resource.group, "version": resource.version, "kind": resource.kind}


def _patch(resource: Resource) -> Object:
    parameters = [{"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}} for name in PATCH_OPTIONS]
    tags = {"x-kubernetes-action": "patch", "x-kubernetes-group-version-kind": _tag(resource)}
    return {"parameters": parameters, "responses": {"200": {"description": "OK"}}, **tags}


def _full_name(name: str) -> str:
    return ("io.k8s.apimachinery.pkg.apis." if name.startswith("meta.") else "io.k8s.api.") + name


def _collect(kind: Type, schemas: dict[str, Object]) -> None:
    """Add a struct's schema and those of everything it refers to."""
    name = _full_name(kind.name)
    if name in schemas:
        return
    schema: Object = {"type": "object"}
    schemas[name] = schema
    schema["properties"] = {field: _described(each, schemas) for field, each in kind.fields.items()}
    required = [field for field, each in kind.fields.items() if each.required]
    if required:
        schema["required"] = required
    if kind.atomic:
        schema["x-kubernetes-map-type"] = "atomic"


def _described(kind: Type, schemas: dict[str, Object]) -> Object:
    described = dict(_bare(kind, schemas))
    if kind.shape == "list":
        described["x-kubernetes-list-type"] = "atomic" if kind.atomic else "map" if kind.keys else "set"
        if kind.keys:
            described["x-kubernetes-list-map-keys"] = list(kind.keys)
    if kind.strategy:
        described["x-kubernetes-patch-strategy"] = ",".join(sorted(kind.strategy))
        if kind.merge_key:
            described["x-kubernetes-patch-merge-key"] = kind.merge_key
    return described


def _bare(kind: Type, schemas: dict[str, Object]) -> Object:
    match kind.shape:
        case "struct":
            _collect(kind, schemas)
            reference: Any = {"$ref": f"#/components/schemas/{_full_name(kind.name)}"}
            return {"allOf": [reference]}
        case "list":
            assert kind.element is not None
            return {"type": "array", "items": _described(kind.element, schemas)}
        case "map":
            assert kind.element is not None
            return {"type": "object", "additionalProperties": _described(kind.element, schemas)}
        case "scalar":
            return _SCALARS[kind.name]
        case "any":
            return {"type": "object"}
