"""What the server decides about an object when it is written: status apart from spec, generation, allocated values."""

from __future__ import annotations

from typing import Any, Final

from console.sandbox.apiserver.fieldset import NOTHING, Fields
from console.sandbox.apiserver.quantities import qos_class
from console.sandbox.apiserver.resources import Object, Resource

WITH_GENERATION: Final = frozenset({"Deployment", "ReplicaSet", "Job", "Pod", "EndpointSlice", "HorizontalPodAutoscaler"})
_STATUS: Final[Fields] = frozenset({("f:status",)})
_SPEC: Final[Fields] = frozenset({("f:spec",)})
_BY_STATUS: Final[dict[str, Fields]] = {
    "Pod": _SPEC | {("f:metadata", "f:deletionTimestamp"), ("f:metadata", "f:ownerReferences")},
    "Deployment": _SPEC | {("f:metadata", "f:labels")},
}
STATUS_AT_CREATE: Final = frozenset({"Node"})
"""Kinds whose creator may write the status at once."""


def ignored_fields(resource: Resource, subresource: str) -> Fields:
    """The fields that a write to this endpoint cannot set, and so cannot own."""
    if not resource.status_apart:
        return NOTHING
    if subresource == "status":
        return _BY_STATUS.get(resource.kind, _SPEC)
    return _STATUS


def prepare_create(resource: Resource, body: Object) -> None:
    """Reset what a creator cannot set."""
    metadata = body["metadata"]
    if resource.kind in WITH_GENERATION:
        metadata["generation"] = 1
    else:
        metadata.pop("generation", None)
    if resource.status_apart and resource.kind not in STATUS_AT_CREATE:
        body["status"] = _first_status(resource, body)
    match resource.kind:
        case "Namespace":
            body["spec"]["finalizers"] = ["kubernetes"]
        case "Job":
            _own_pods(body)


def _first_status(resource: Resource, body: Object) -> Object:
    match resource.kind:
        case "Pod":
            return {"phase": "Pending", "qosClass": qos_class(body["spec"])}
        case "Namespace":
            return {"phase": "Active"}
        case "Service":
            return {"loadBalancer": {}}
        case "ReplicaSet":
            return {"replicas": 0}
        case "HorizontalPodAutoscaler":
            return {"currentMetrics": None, "desiredReplicas": 0}
        case _:
            return {}


def _own_pods(body: Object) -> None:
    """A Job selects its pods by its own uid."""
    spec = body["spec"]
    if spec.get("manualSelector"):
        return
    uid, name = body["metadata"]["uid"], body["metadata"]["name"]
    labels = spec["template"]["metadata"].setdefault("labels", {})
    for prefix in ("", "batch.kubernetes.io/"):
        labels[f"{prefix}controller-uid"] = uid
        labels[f"{prefix}job-name"] = name
    if body["metadata"].get("labels") is not None:
        body["metadata"]["labels"] = {**body["metadata"]["labels"], **labels}
    spec["selector"] = {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}


def prepare_update(resource: Resource, old: Object, new: Object, subresource: str) -> None:
    """Keep what this endpoint cannot change, and count generations."""
    _keep_metadata(old["metadata"], new["metadata"])
    if resource.status_apart:
        if subresource == "status":
            _keep(old, new, "spec")
        elif subresource != "binding":
            _keep(old, new, "status")
    if resource.kind == "Deployment" and subresource == "status":
        _keep(old["metadata"], new["metadata"], "labels")
    if resource.kind == "Pod" and subresource == "status":
        _keep(old["metadata"], new["metadata"], "ownerReferences")
    if subresource not in ("status", "binding") and resource.kind in WITH_GENERATION and _means_new_generation(resource, old, new):
        new["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1


def _keep_metadata(old: Object, new: Object) -> None:
    for field in ("uid", "creationTimestamp", "generation", "deletionTimestamp", "deletionGracePeriodSeconds", "namespace", "generateName"):
        _keep(old, new, field)


def _keep(old: Object, new: Object, field: str) -> None:
    if field in old:
        new[field] = old[field]
    else:
        new.pop(field, None)


def _means_new_generation(resource: Resource, old: Object, new: Object) -> bool:
    match resource.kind:
        case "Deployment":
            return bool(old["spec"] != new["spec"] or _annotations(old) != _annotations(new))
        case "EndpointSlice":
            parts_differ = any(old.get(part) != new.get(part) for part in ("endpoints", "ports"))
            return parts_differ or bool(_labels(old) != _labels(new))
        case _:
            return bool(old["spec"] != new["spec"])


def _annotations(body: Object) -> Any:
    return body["metadata"].get("annotations") or {}


def _labels(body: Object) -> Any:
    return body["metadata"].get("labels") or {}
