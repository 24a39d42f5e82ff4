"""The resources the embedded server speaks: names, scope, subresources, and how a path segment finds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NewType

Object = dict[str, Any]
"""One API object as decoded JSON. Stored objects are shared: read them, never change them."""

Namespace = NewType("Namespace", str)
Key = tuple[str, str]
"""(namespace, name); the namespace of cluster-wide resources is ''."""

STORED_VERBS: Final = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One REST resource."""

    group: str
    version: str
    kind: str
    plural: str
    singular: str
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    status_apart: bool = False
    """Whether `status` is written by the status subresource only."""
    verbs: tuple[str, ...] = STORED_VERBS
    list_head: bytes = b""

    @property
    def api_version(self) -> str:
        """apps/v1, or v1 for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """The name errors use: deployments.apps, pods."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def head(self) -> bytes:
        """The start of an encoded object; stored bodies leave kind and apiVersion out."""
        return f'{{"kind":"{self.kind}","apiVersion":"{self.api_version}",'.encode()

    def __hash__(self) -> int:
        return hash((self.group, self.plural))


def _core(kind: str, plural: str, singular: str, **more: Any) -> Resource:
    return Resource(group="", version="v1", kind=kind, plural=plural, singular=singular, **more)


def _rbac(kind: str, plural: str, *, namespaced: bool) -> Resource:
    return Resource(group="rbac.authorization.k8s.io", version="v1", kind=kind, plural=plural, singular=kind.lower(), namespaced=namespaced)


def _review(group: str, kind: str, *, namespaced: bool = False) -> Resource:
    return Resource(
        group=group,
        version="v1",
        kind=kind,
        plural=kind.lower() + "s",
        singular=kind.lower(),
        namespaced=namespaced,
        verbs=("create",),
    )


NAMESPACES: Final = _core(
    "Namespace",
    "namespaces",
    "namespace",
    namespaced=False,
    short_names=("ns",),
    subresources=("status", "finalize"),
    status_apart=True,
    verbs=tuple(verb for verb in STORED_VERBS if verb != "deletecollection"),
)
NODES: Final = _core("Node", "nodes", "node", namespaced=False, short_names=("no",), subresources=("status",), status_apart=True)
PODS: Final = _core(
    "Pod",
    "pods",
    "pod",
    short_names=("po",),
    categories=("all",),
    subresources=("status", "binding", "log", "proxy"),
    status_apart=True,
)
SERVICES: Final = _core(
    "Service", "services", "service", short_names=("svc",), categories=("all",), subresources=("status",), status_apart=True
)
CONFIG_MAPS: Final = _core("ConfigMap", "configmaps", "configmap", short_names=("cm",))
SECRETS: Final = _core("Secret", "secrets", "secret")
EVENTS: Final = _core("Event", "events", "event", short_names=("ev",))
SERVICE_ACCOUNTS: Final = _core("ServiceAccount", "serviceaccounts", "serviceaccount", short_names=("sa",))
QUOTAS: Final = _core(
    "ResourceQuota", "resourcequotas", "resourcequota", short_names=("quota",), subresources=("status",), status_apart=True
)
DEPLOYMENTS: Final = Resource(
    group="apps",
    version="v1",
    kind="Deployment",
    plural="deployments",
    singular="deployment",
    short_names=("deploy",),
    categories=("all",),
    subresources=("status", "scale"),
    status_apart=True,
)
REPLICA_SETS: Final = Resource(
    group="apps",
    version="v1",
    kind="ReplicaSet",
    plural="replicasets",
    singular="replicaset",
    short_names=("rs",),
    categories=("all",),
    subresources=("status", "scale"),
    status_apart=True,
)
JOBS: Final = Resource(
    group="batch",
    version="v1",
    kind="Job",
    plural="jobs",
    singular="job",
    categories=("all",),
    subresources=("status",),
    status_apart=True,
)
LEASES: Final = Resource(group="coordination.k8s.io", version="v1", kind="Lease", plural="leases", singular="lease")
ENDPOINT_SLICES: Final = Resource(
    group="discovery.k8s.io", version="v1", kind="EndpointSlice", plural="endpointslices", singular="endpointslice"
)
AUTOSCALERS: Final = Resource(
    group="autoscaling",
    version="v2",
    kind="HorizontalPodAutoscaler",
    plural="horizontalpodautoscalers",
    singular="horizontalpodautoscaler",
    short_names=("hpa",),
    categories=("all",),
    subresources=("status",),
    status_apart=True,
)
ROLES: Final = _rbac("Role", "roles", namespaced=True)
ROLE_BINDINGS: Final = _rbac("RoleBinding", "rolebindings", namespaced=True)
CLUSTER_ROLES: Final = _rbac("ClusterRole", "clusterroles", namespaced=False)
CLUSTER_ROLE_BINDINGS: Final = _rbac("ClusterRoleBinding", "clusterrolebindings", namespaced=False)
ACCESS_REVIEWS: Final = _review("authorization.k8s.io", "SelfSubjectAccessReview")
RULES_REVIEWS: Final = _review("authorization.k8s.io", "SelfSubjectRulesReview")
SELF_REVIEWS: Final = _review("authentication.k8s.io", "SelfSubjectReview")

STORED: Final[tuple[Resource, ...]] = (
    NAMESPACES,
    NODES,
    PODS,
    SERVICES,
    CONFIG_MAPS,
    SECRETS,
    EVENTS,
    SERVICE_ACCOUNTS,
    QUOTAS,
    DEPLOYMENTS,
    REPLICA_SETS,
    JOBS,
    LEASES,
    ENDPOINT_SLICES,
    AUTOSCALERS,
    ROLES,
    ROLE_BINDINGS,
    CLUSTER_ROLES,
    CLUSTER_ROLE_BINDINGS,
)
REVIEWS: Final[tuple[Resource, ...]] = (ACCESS_REVIEWS, RULES_REVIEWS, SELF_REVIEWS)
ALL: Final = STORED + REVIEWS

BY_PATH: Final[Mapping[tuple[str, str, str], Resource]] = {(r.group, r.version, r.plural): r for r in ALL}
BY_KIND: Final[Mapping[tuple[str, str], Resource]] = {(r.api_version, r.kind): r for r in ALL}
KINDS: Final = (
    *((resource.group, resource.version, resource.kind) for resource in ALL),
    ("autoscaling", "v1", "Scale"),
    ("", "v1", "Binding"),
    ("", "v1", "DeleteOptions"),
)
