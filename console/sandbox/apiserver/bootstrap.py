"""What a fresh cluster holds before anybody asked for anything."""

from __future__ import annotations

from typing import Final

from console.sandbox.apiserver.rbac import AUTHENTICATED, MASTERS, UNAUTHENTICATED
from console.sandbox.apiserver.registry import Registry
from console.sandbox.apiserver.resources import CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, NAMESPACES, Object
from console.sandbox.apiserver.writes import Write

NAMESPACE_NAMES: Final = ("default", "kube-system", "kube-public", "kube-node-lease")
_DISCOVERY: Final = [
    "/api",
    "/api/*",
    "/apis",
    "/apis/*",
    "/healthz",
    "/livez",
    "/openapi",
    "/openapi/*",
    "/readyz",
    "/version",
    "/version/",
]
_HEALTH: Final = ["/healthz", "/livez", "/readyz", "/version", "/version/"]
_REVIEWS: Final = [
    {"apiGroups": ["authorization.k8s.io"], "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"], "verbs": ["create"]},
    {"apiGroups": ["authentication.k8s.io"], "resources": ["selfsubjectreviews"], "verbs": ["create"]},
]
ROLES: Final[dict[str, tuple[list[Object], tuple[str, ...]]]] = {
    "cluster-admin": (
        [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}, {"nonResourceURLs": ["*"], "verbs": ["*"]}],
        (MASTERS,),
    ),
    "system:discovery": ([{"nonResourceURLs": _DISCOVERY, "verbs": ["get"]}], (AUTHENTICATED,)),
    "system:basic-user": (_REVIEWS, (AUTHENTICATED,)),
    "system:public-info-viewer": ([{"nonResourceURLs": _HEALTH, "verbs": ["get"]}], (AUTHENTICATED, UNAUTHENTICATED)),
}


def fill(registry: Registry) -> None:
    """Create the namespaces and the roles of every cluster."""
    write = Write(manager="kube-apiserver")
    for name in NAMESPACE_NAMES:
        registry.create(NAMESPACES, "", {"metadata": {"name": name}}, write)
    for name, (rules, groups) in ROLES.items():
        registry.create(CLUSTER_ROLES, "", {"metadata": {"name": name}, "rules": rules}, write)
        subjects = [{"kind": "Group", "name": group, "apiGroup": "rbac.authorization.k8s.io"} for group in groups]
        reference = {"kind": "ClusterRole", "name": name, "apiGroup": "rbac.authorization.k8s.io"}
        registry.create(CLUSTER_ROLE_BINDINGS, "", {"metadata": {"name": name}, "roleRef": reference, "subjects": subjects}, write)
