"""Objects as the rows that kubectl prints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from console.sandbox.apiserver.cells import Cells, age, event_cells, job_cells, pod_cells, ports_of, selector_cell, slice_cells
from console.sandbox.apiserver.resources import Object, Resource

Columns = tuple[str, ...]
"""Names; a trailing * marks one that is shown only when a wide output is asked for."""

TABLE: Final = {"kind": "Table", "apiVersion": "meta.k8s.io/v1"}


def is_wanted(accept: str) -> bool:
    """Whether a client would rather have a table."""
    return "as=Table" in accept


def _workload(body: Object) -> list[Any]:
    containers = body["spec"].get("template", {}).get("spec", {}).get("containers", ())
    names = ",".join(each["name"] for each in containers)
    return [names, ",".join(each.get("image", "") for each in containers), selector_cell(body["spec"].get("selector") or {})]


def _deployment(body: Object, now: datetime) -> list[Any]:
    status, wanted = body["status"], body["spec"].get("replicas", 0)
    counts = [status.get("updatedReplicas", 0), status.get("availableReplicas", 0)]
    return [f"{status.get('readyReplicas', 0)}/{wanted}", *counts, age(body, now), *_workload(body)]


def _replica_set(body: Object, now: datetime) -> list[Any]:
    status = body["status"]
    counts = [body["spec"].get("replicas", 0), status.get("replicas", 0), status.get("readyReplicas", 0)]
    return [*counts, age(body, now), *_workload(body)]


def _service(body: Object, now: datetime) -> list[Any]:
    spec = body["spec"]
    external = spec.get("externalName") or ",".join(spec.get("externalIPs", ())) or "<none>"
    selector = ",".join(f"{key}={value}" for key, value in sorted(spec.get("selector", {}).items())) or "<none>"
    return [spec.get("type"), spec.get("clusterIP", "<none>"), external, ports_of(spec.get("ports", ())), age(body, now), selector]


def _node(body: Object, now: datetime) -> list[Any]:
    ready = next((each["status"] for each in body["status"].get("conditions", ()) if each["type"] == "Ready"), "Unknown")
    words = [{"True": "Ready"}.get(ready, "NotReady")] + (["SchedulingDisabled"] if body["spec"].get("unschedulable") else [])
    info, addresses = body["status"].get("nodeInfo", {}), body["status"].get("addresses", ())
    internal = next((each["address"] for each in addresses if each["type"] == "InternalIP"), "<none>")
    wide = [internal, "<none>", *(info.get(name) or "<unknown>" for name in ("osImage", "kernelVersion", "containerRuntimeVersion"))]
    return [",".join(words), "<none>", age(body, now), info.get("kubeletVersion", ""), *wide]


def _quota(body: Object, now: datetime) -> list[Any]:
    hard, used = body["status"].get("hard", {}), body["status"].get("used", {})
    parts = {name: f"{name}: {used.get(name, '0')}/{hard[name]}" for name in sorted(hard)}
    limits = [text for name, text in parts.items() if name.startswith("limits")]
    return [", ".join(text for name, text in parts.items() if not name.startswith("limits")), ", ".join(limits), age(body, now)]


def _autoscaler(body: Object, now: datetime) -> list[Any]:
    spec, target = body["spec"], body["spec"]["scaleTargetRef"]
    bounds = [str(spec["minReplicas"]), spec["maxReplicas"], body["status"].get("currentReplicas", 0)]
    return [f"{target['kind']}/{target['name']}", "<unknown>", *bounds, age(body, now)]


def _named(columns: Columns, cells: Cells) -> tuple[Columns, Cells]:
    """A table whose first column is the object's name."""
    return ("Name", *columns), lambda body, now: [body["metadata"]["name"], *cells(body, now)]


TABLES: Final[Mapping[str, tuple[Columns, Cells]]] = {
    "Event": (
        ("Last Seen", "Type", "Reason", "Object", "Subobject*", "Source*", "Message", "First Seen*", "Count*", "Name*"),
        event_cells,
    ),
    "Pod": _named(("Ready", "Status", "Restarts", "Age", "IP*", "Node*", "Nominated Node*", "Readiness Gates*"), pod_cells),
    "Deployment": _named(("Ready", "Up-to-date", "Available", "Age", "Containers*", "Images*", "Selector*"), _deployment),
    "ReplicaSet": _named(("Desired", "Current", "Ready", "Age", "Containers*", "Images*", "Selector*"), _replica_set),
    "Service": _named(("Type", "Cluster-IP", "External-IP", "Port(s)", "Age", "Selector*"), _service),
    "Job": _named(("Status", "Completions", "Duration", "Age"), job_cells),
    "Node": _named(
        ("Status", "Roles", "Age", "Version", "Internal-IP*", "External-IP*", "OS-Image*", "Kernel-Version*", "Container-Runtime*"),
        _node,
    ),
    "Namespace": _named(("Status", "Age"), lambda body, now: [body["status"].get("phase", ""), age(body, now)]),
    "ConfigMap": _named(("Data", "Age"), lambda body, now: [len(body.get("data", {})) + len(body.get("binaryData", {})), age(body, now)]),
    "Secret": _named(("Type", "Data", "Age"), lambda body, now: [body.get("type", ""), len(body.get("data", {})), age(body, now)]),
    "Lease": _named(("Holder", "Age"), lambda body, now: [body["spec"].get("holderIdentity", ""), age(body, now)]),
    "EndpointSlice": _named(("AddressType", "Ports", "Endpoints", "Age"), slice_cells),
    "ResourceQuota": _named(("Request", "Limit", "Age"), _quota),
    "HorizontalPodAutoscaler": _named(("Reference", "Targets", "MinPods", "MaxPods", "Replicas", "Age"), _autoscaler),
}
BARE: Final = _named(("Age",), lambda body, now: [age(body, now)])


def table(resource: Resource, bodies: Iterable[Object], *, metadata: Object, now: datetime) -> Object:
    """A Table of objects."""
    columns, cells = TABLES.get(resource.kind, BARE)
    rows = [{"cells": cells(body, now), "object": _partial(body)} for body in bodies]
    return {**TABLE, "metadata": metadata, "columnDefinitions": [_definition(name) for name in columns], "rows": rows}


def _definition(name: str) -> Object:
    shown = name.rstrip("*")
    return {
        "name": shown,
        "type": "integer" if shown in ("Desired", "Current") else "string",
        "format": "name" if shown == "Name" else "",
        "description": "",
        "priority": 1 if name.endswith("*") else 0,
    }


def _partial(body: Object) -> Object:
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": body["metadata"]}


def event_lines(resource: Resource, lines: bytes, *, now: datetime) -> bytes:
    """Watch events with their objects as tables of one row."""
    return b"".join(_as_row(resource, msgspec.json.decode(line), now) for line in lines.splitlines())


def _as_row(resource: Resource, event: Object, now: datetime) -> bytes:
    found: Object = event["object"]
    if event["type"] != "ERROR":
        rows = [] if event["type"] == "BOOKMARK" else [found]
        event["object"] = table(resource, rows, metadata={"resourceVersion": found["metadata"]["resourceVersion"]}, now=now)
    return msgspec.json.encode(event) + b"\n"
