"""How an application is named and set up on its cluster: the shipped one, the shipped one in one slot, and one that was there before us.

A layout yields the settings that describe it and, where it is adopted, the objects that its owner created.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from console.sandbox.rehearsal_cluster import SECRET

Json = dict[str, Any]
FOREIGN_NOTE = "example.com/owner"
"""Annotation of an adopted object that nobody but its owner may touch."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One component."""

    name: str
    role: Literal["backend", "frontend"]
    """Which process of the example application it runs."""
    service: str
    deployments: Mapping[str, str]
    """Slot to Deployment."""
    container: str
    repository: str


@dataclass(frozen=True, kw_only=True)
class Layout:
    """An application; `parts` are in the order of a switch."""

    application: str
    slot_key: str
    slots: tuple[str, ...]
    parts: tuple[Part, ...]
    strategy: Literal["blue_green", "rolling"] = "blue_green"
    adopted: bool = False
    """Its Deployments and Services exist before the first deployment; there are no manifests of ours."""

    @property
    def services(self) -> tuple[str, ...]:
        """Services with an entry point: one per component, and one per slot where the manifests make them."""
        own = tuple(part.service for part in self.parts)
        if self.adopted or self.strategy == "rolling":
            return own
        return own + tuple(f"{service}-{slot}" for service in own for slot in self.slots)

    def with_images_at(self, registry: str) -> Layout:
        """The same with its images in this registry."""
        return replace(self, parts=tuple(replace(part, repository=f"{registry}/{part.repository}") for part in self.parts))

    def part(self, role: str) -> Part:
        return next(part for part in self.parts if part.role == role)

    def other(self, slot: str) -> str:
        """The slot beside this one."""
        return next(each for each in self.slots if each != slot)

    def settings(self, *, url: Callable[[str], str]) -> Json:
        """What the settings say of it, over the shipped ones."""
        front = self.part("frontend")
        if self.strategy == "rolling":
            return {"strategy": "rolling", "slots": list(self.slots), "urls": {"live": {p.name: url(p.service) for p in self.parts}}}
        if not self.adopted:
            return {}
        components = {
            p.name: {"service": p.service, "deployment": dict(p.deployments), "container": p.container, "image": p.repository}
            for p in self.parts
        }
        return {
            "application": self.application,
            "slot_key": self.slot_key,
            "slots": list(self.slots),
            "components": components,
            "urls": {"live": {front.name: url(front.service)}},
            "health": {
                "checks": {
                    "health": "/api/health",
                    "detailed": "/api/health/detailed",
                    "database": {"path": "/api/health/detailed", "field": "database.status", "equals": "healthy"},
                    "auth": {"path": "/api/auth/csrf", "components": [front.name]},
                },
                "release": {"path": "/api/health", "field": "release"},
            },
        }

    def objects(self, release: str, *, active: str, replicas: int) -> list[Json]:
        """The owner's Deployments and Services of an adopted application: `active` serves `release`, the other slot has no pods."""
        found = []
        for part in self.parts:
            found += [
                self._deployment(part, slot, release, replicas=replicas if slot == active else 0, backend=self.part("backend").service)
                for slot in self.slots
            ]
            found.append(_service(part, {"tier": part.name, self.slot_key: active}))
        return found

    def _deployment(self, part: Part, slot: str, release: str, *, replicas: int, backend: str) -> Json:
        labels = {"tier": part.name, self.slot_key: slot}
        template = {"metadata": {"labels": labels}, "spec": _pod(part, release, slot_key=self.slot_key, backend=backend)}
        spec = {"replicas": replicas, "minReadySeconds": 1, "selector": {"matchLabels": labels}, "template": template}
        metadata = {"name": part.deployments[slot], "annotations": {FOREIGN_NOTE: "the shop team"}, "labels": {"team": "shop"}}
        return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


def _pod(part: Part, release: str, *, slot_key: str, backend: str) -> Json:
    main = {
        "name": part.container,
        "image": f"{part.repository}:{release}",
        "ports": [{"name": "web", "containerPort": 8080}],
        "env": [
            {"name": "PORT", "value": "8080"},
            {"name": "SLOT", "valueFrom": {"fieldRef": {"fieldPath": f"metadata.labels['{slot_key}']"}}},
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {"name": "DATABASE_URL", "valueFrom": {"secretKeyRef": {"name": SECRET, "key": "database-url"}}},
            {"name": "BACKEND_URL", "value": f"http://{backend}"},
            {"name": "SESSION_SECRET", "valueFrom": {"secretKeyRef": {"name": SECRET, "key": "jwt-secret"}}},
        ],
        "readinessProbe": {"httpGet": {"path": "/api/health", "port": "web"}, "periodSeconds": 1, "failureThreshold": 2},
    }
    return {"terminationGracePeriodSeconds": 20, "containers": [main]}


def _service(part: Part, selector: Mapping[str, str]) -> Json:
    metadata = {"name": part.service, "annotations": {FOREIGN_NOTE: "the shop team"}}
    spec = {"selector": dict(selector), "ports": [{"name": "web", "port": 80, "targetPort": "web"}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def _traider(role: Literal["backend", "frontend"]) -> Part:
    service = f"traider-{role}"
    deployments = {slot: f"{service}-{slot}" for slot in ("blue", "green")}
    return Part(name=role, role=role, service=service, deployments=deployments, container=role, repository=service)


TRAIDER = Layout(application="traider", slot_key="version", slots=("blue", "green"), parts=(_traider("backend"), _traider("frontend")))
"""The shipped application with manifests of its own, into an empty namespace."""

ROLLING = replace(
    TRAIDER,
    strategy="rolling",
    slots=("main",),
    parts=tuple(replace(part, deployments={"main": part.service}) for part in TRAIDER.parts),
)
"""The same in one slot that is replaced in place."""

SHOP = Layout(
    application="shop",
    slot_key="example.com/lane",
    slots=("east", "west"),
    parts=(
        Part(
            name="pricing", role="backend", service="shop-pricing", deployments={"east": "pricing-a", "west": "pricing-b"}, container="srv",
            repository="shop/pricing",
        ),
        Part(
            name="web", role="frontend", service="storefront", deployments={"east": "web-a", "west": "web-b"}, container="nginx-less",
            repository="shop/web",
        ),
    ),
    adopted=True,
)  # fmt: skip
"""One that ran before us: nothing is named as the shipped application names it."""
