"""Where each kind of object lives in the API: one table from kind to path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from console.domain.world import Kind

COLLECTIONS: Mapping[str, str] = {
    "Deployment": "apis/apps/v1/deployments",
    "ReplicaSet": "apis/apps/v1/replicasets",
    "Pod": "api/v1/pods",
    "Service": "api/v1/services",
    "EndpointSlice": "apis/discovery.k8s.io/v1/endpointslices",
    "Event": "api/v1/events",
    "HorizontalPodAutoscaler": "apis/autoscaling/v2/horizontalpodautoscalers",
    "ResourceQuota": "api/v1/resourcequotas",
    "ConfigMap": "api/v1/configmaps",
    "Secret": "api/v1/secrets",
    "Lease": "apis/coordination.k8s.io/v1/leases",
    "Job": "apis/batch/v1/jobs",
}
"""Group-version and plural name, as they stand in a path around the namespace."""

KIND_OF_PLURAL = {collection.rsplit("/", 1)[1]: kind for kind, collection in COLLECTIONS.items()}


def path_of(kind: str, namespace: str, name: str = "", subresource: str = "") -> str:
    """The path of a collection, of one object, or of a part of it."""
    version, plural = COLLECTIONS[kind].rsplit("/", 1)
    parts = [version, "namespaces", namespace, plural, name, subresource]
    return "/" + "/".join(part for part in parts if part)


def kind_of(plural: str) -> Kind:
    """The kind behind a plural name; for resources outside the table (`nodes`) the plural itself, as a name for events."""
    return cast(Kind, KIND_OF_PLURAL.get(plural, plural))
