"""Record the compact type table of the embedded API server from a real server's OpenAPI v3 documents.

Usage: python -m tests.sandbox.apiserver.record_schema FOLDER, where FOLDER holds one saved `/openapi/v3/apis/<group>/<version>` document
per file. Writes console/sandbox/apiserver/schema.json; its notation is described in console/sandbox/apiserver/schema.py.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from console.sandbox.apiserver.resources import KINDS

TARGET = Path("console/sandbox/apiserver/schema.json")
SPECIAL = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": "quantity",
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "intstr",
    "io.k8s.apimachinery.pkg.apis.meta.v1.Time": "time",
    "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": "microtime",
    "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1": "any",
    "io.k8s.apimachinery.pkg.runtime.RawExtension": "any",
}
SCALARS = {("string", "byte"): "bytes", ("integer", "int32"): "int32", ("integer", "int64"): "int64"}
KEYS_WITH_DEFAULT = {"protocol"}
ALWAYS_WRITTEN: tuple[object, ...] = ("", 0, False, {})
"""Defaults by which OpenAPI tells a Go value, which is always written, from a pointer, which may be absent."""
TIMES_ALWAYS_WRITTEN = {
    "apps.v1.DeploymentCondition": ("lastTransitionTime", "lastUpdateTime"),
    "apps.v1.ReplicaSetCondition": ("lastTransitionTime",),
    "batch.v1.JobCondition": ("lastProbeTime", "lastTransitionTime"),
    "core.v1.ContainerStateRunning": ("startedAt",),
    "core.v1.ContainerStateTerminated": ("finishedAt", "startedAt"),
    "core.v1.Event": ("eventTime", "firstTimestamp", "lastTimestamp"),
    "core.v1.NodeCondition": ("lastHeartbeatTime", "lastTransitionTime"),
    "core.v1.PodCondition": ("lastProbeTime", "lastTransitionTime"),
}
"""Times that are values in Go, written as null while unset; OpenAPI does not tell them from the others."""
PLAIN = {"string": "str", "number": "num", "boolean": "bool", "integer": "int64"}


def main(folder: Path) -> None:
    """Write the table of every type reachable from the kinds the embedded server stores."""
    schemas: dict[str, Any] = {}
    for document in sorted(folder.glob("*.json")):
        schemas |= json.loads(document.read_text())["components"]["schemas"]
    roots = {
        (tag["group"], tag["version"], tag["kind"]): name
        for name, schema in schemas.items()
        for tag in schema.get("x-kubernetes-group-version-kind", ())
    }
    table: dict[str, dict[str, str]] = {}
    for group, version, kind in KINDS:
        collect(roots[group, version, kind], schemas, table)
    lines = [f"{json.dumps(name)}: {json.dumps(fields)}" for name, fields in sorted(table.items())]
    TARGET.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def collect(name: str, schemas: dict[str, Any], table: dict[str, dict[str, str]]) -> None:
    """Add one struct and everything its fields refer to."""
    if short(name) in table or name in SPECIAL:
        return
    schema = schemas[name]
    required = set(schema.get("required", ()))
    fields = table[short(name)] = {}
    for field, described in sorted(schema.get("properties", {}).items()):
        default = f":{described['default']}" if field in KEYS_WITH_DEFAULT and described.get("default") else ""
        written = described.get("default") in ALWAYS_WRITTEN or field in TIMES_ALWAYS_WRITTEN.get(short(name), ())
        always = "^" if written else ""
        fields[field] = notation(described, schemas, table) + default + always + ("*" if field in required else "")
    if schema.get("x-kubernetes-map-type") == "atomic":
        fields["$atomic"] = "yes"


def notation(described: dict[str, Any], schemas: dict[str, Any], table: dict[str, dict[str, str]]) -> str:
    """One field's type in the table's notation."""
    text = type_of(described, schemas, table)
    if text.startswith("["):
        text += {"map": "=" + ",".join(described.get("x-kubernetes-list-map-keys", ())), "set": "=set"}.get(
            described.get("x-kubernetes-list-type", "atomic"), ""
        )
    if described.get("x-kubernetes-map-type") == "atomic":
        text += "!"
    if strategy := described.get("x-kubernetes-patch-strategy"):
        text += f"~{strategy}({described.get('x-kubernetes-patch-merge-key', '')})"
    return text


def type_of(described: dict[str, Any], schemas: dict[str, Any], table: dict[str, dict[str, str]]) -> str:
    """The bare type: a scalar, [element], {element}, or the short name of a struct."""
    reference = described.get("$ref") or next((part["$ref"] for part in described.get("allOf", ()) if "$ref" in part), None)
    if reference:
        name = reference.rsplit("/", 1)[1]
        collect(name, schemas, table)
        return SPECIAL.get(name) or short(name)
    match described.get("type"):
        case "array":
            return f"[{type_of(described['items'], schemas, table)}]"
        case "object" if "additionalProperties" in described:
            return f"{{{type_of(described['additionalProperties'], schemas, table)}}}"
        case "object" | None:
            return "any"
        case scalar:
            return SCALARS.get((scalar, described.get("format", ""))) or PLAIN[scalar]


def short(name: str) -> str:
    """apps.v1.Deployment for io.k8s.api.apps.v1.Deployment."""
    return name.replace("io.k8s.api.", "").replace("io.k8s.apimachinery.pkg.apis.", "")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
