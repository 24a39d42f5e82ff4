"""Roles and bindings, and the sentences of a refusal."""

from __future__ import annotations

from typing import Any

import pytest

from console.sandbox.apiserver.rbac import AUTHENTICATED, Authorizer, User, refused
from console.sandbox.apiserver.registry import Registry
from console.sandbox.apiserver.requests import parse
from console.sandbox.apiserver.resources import CLUSTER_ROLES, ROLE_BINDINGS, ROLES
from tests.sandbox.apiserver.parts import NAMESPACE, WRITE, fresh_registry

USER = User("somebody", ("people", AUTHENTICATED))


def granted(rules: list[dict[str, Any]], *, subject: dict[str, str], kind: str = "Role") -> Registry:
    registry = fresh_registry()
    resource, namespace = (ROLES, NAMESPACE) if kind == "Role" else (CLUSTER_ROLES, "")
    registry.create(resource, namespace, {"metadata": {"name": "role"}, "rules": rules}, WRITE)
    binding = {"metadata": {"name": "b"}, "roleRef": {"kind": kind, "name": "role"}, "subjects": [subject]}
    registry.create(ROLE_BINDINGS, NAMESPACE, binding, WRITE)
    return registry


@pytest.mark.parametrize(
    ("method", "path", "query", "allowed"),
    [
        ("GET", "/api/v1/namespaces/default/pods/a", {}, True),
        ("GET", "/api/v1/namespaces/default/pods", {}, False),
        ("GET", "/api/v1/namespaces/default/pods", {"watch": "1"}, True),
        ("GET", "/api/v1/namespaces/default/pods/a/log", {}, True),
        ("GET", "/api/v1/namespaces/default/pods/a/status", {}, False),
        ("GET", "/api/v1/namespaces/other/pods/a", {}, False),
        ("PATCH", "/apis/apps/v1/namespaces/default/deployments/web", {}, True),
        ("PATCH", "/apis/apps/v1/namespaces/default/deployments/other", {}, False),
        ("PATCH", "/apis/apps/v1/namespaces/default/deployments/web/scale", {}, False),
        ("DELETE", "/apis/apps/v1/namespaces/default/deployments", {}, False),
        ("GET", "/version", {}, True),
        ("GET", "/metrics", {}, False),
    ],
)
def test_a_role_grants_what_it_says(method: str, path: str, query: dict[str, str], allowed: bool) -> None:
    rules = [
        {"apiGroups": [""], "resources": ["pods", "pods/log"], "verbs": ["get", "watch"]},
        {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["*"], "resourceNames": ["web"]},
    ]
    registry = granted(rules, subject={"kind": "Group", "name": "people"})
    assert Authorizer(registry.store).allows(USER, parse(method, path, query)) is allowed


def test_a_cluster_role_bound_in_a_namespace_holds_there_only() -> None:
    rule = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
    authorizer = Authorizer(granted([rule], subject={"kind": "User", "name": "somebody"}, kind="ClusterRole").store)
    assert authorizer.allows(USER, parse("DELETE", "/api/v1/namespaces/default/secrets/a", {}))
    assert not authorizer.allows(USER, parse("GET", "/api/v1/nodes", {}))
    reason = authorizer.reason(USER, parse("DELETE", "/api/v1/namespaces/default/secrets/a", {}))
    assert reason == 'RBAC: allowed by RoleBinding "b/default" of ClusterRole "role" to User "somebody"'


def test_masters_may_do_anything() -> None:
    authorizer = Authorizer(fresh_registry().store)
    assert authorizer.allows(User("admin", ("system:masters",)), parse("DELETE", "/api/v1/nodes/a", {}))


@pytest.mark.parametrize(
    ("method", "path", "sentence"),
    [
        (
            "POST",
            "/api/v1/namespaces/n/pods",
            'pods is forbidden: User "somebody" cannot create resource "pods" in API group "" in the namespace "n"',
        ),
        (
            "PATCH",
            "/apis/apps/v1/namespaces/n/deployments/web/scale",
            'deployments.apps "web" is forbidden: User "somebody" cannot patch resource "deployments/scale" '
            'in API group "apps" in the namespace "n"',
        ),
        ("GET", "/api/v1/nodes", 'nodes is forbidden: User "somebody" cannot list resource "nodes" in API group "" at the cluster scope'),
        ("GET", "/metrics", 'forbidden: User "somebody" cannot get path "/metrics"'),
    ],
)
def test_a_refusal_says_who_may_not_do_what_where(method: str, path: str, sentence: str) -> None:
    assert refused(USER, parse(method, path, {})).message == sentence
