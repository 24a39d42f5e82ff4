"""Somebody who ran the application before us: Deployments and Services as `kubectl apply` made them."""

from __future__ import annotations

from typing import Any

from tests.contract.objects import Paths
from tests.contract.wire import Api

BY_KUBECTL = {"fieldManager": "kubectl-client-side-apply"}
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def a_deployment(component: str, slot: str, *, replicas: int, env: tuple[str, ...] = ()) -> dict[str, Any]:
    """As `kubectl apply` made it: with a sidecar before the container that carries the release."""
    labels = {"app": component, "version": slot}
    containers = [
        {"name": "proxy", "image": "example/proxy:v7"},
        {"name": component, "image": f"example/{component}:v1", "env": [{"name": name, "value": "x"} for name in env]},
    ]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": f"traider-{component}-{slot}", "annotations": {LAST_APPLIED: "{}"}},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}},
        },
    }


def a_service(component: str, slot: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": f"traider-{component}", "annotations": {LAST_APPLIED: "{}"}},
        "spec": {"selector": {"app": component, "version": slot}, "ports": [{"port": 80, "targetPort": 8080}]},
    }


async def an_application(api: Api, paths: Paths, *, env: tuple[str, ...] = ()) -> None:
    """What an operator finds: blue serves with two pods each, green is at zero."""
    for component in ("backend", "frontend"):
        (await api.post(paths.services, a_service(component, "blue"), **BY_KUBECTL)).ok(201)
        for slot, replicas in (("blue", 2), ("green", 0)):
            body = a_deployment(component, slot, replicas=replicas, env=env)
            (await api.post(paths.deployments, body, **BY_KUBECTL)).ok(201)
