"""The objects the contract is spoken about, and where they are found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]

IMAGE = "registry.example.test/app:1"
NEXT_IMAGE = "registry.example.test/app:2"


@dataclass(frozen=True)
class Paths:
    """Addresses of the resources of one namespace; append `/NAME` for one object."""

    namespace: str

    def core(self, plural: str) -> str:
        return f"/api/v1/namespaces/{self.namespace}/{plural}"

    def group(self, version: str, plural: str) -> str:
        return f"/apis/{version}/namespaces/{self.namespace}/{plural}"

    @property
    def itself(self) -> str:
        return f"/api/v1/namespaces/{self.namespace}"

    @property
    def pods(self) -> str:
        return self.core("pods")

    @property
    def services(self) -> str:
        return self.core("services")

    @property
    def configmaps(self) -> str:
        return self.core("configmaps")

    @property
    def secrets(self) -> str:
        return self.core("secrets")

    @property
    def events(self) -> str:
        return self.core("events")

    @property
    def quotas(self) -> str:
        return self.core("resourcequotas")

    @property
    def deployments(self) -> str:
        return self.group("apps/v1", "deployments")

    @property
    def replicasets(self) -> str:
        return self.group("apps/v1", "replicasets")

    @property
    def endpointslices(self) -> str:
        return self.group("discovery.k8s.io/v1", "endpointslices")

    @property
    def leases(self) -> str:
        return self.group("coordination.k8s.io/v1", "leases")

    @property
    def jobs(self) -> str:
        return self.group("batch/v1", "jobs")

    @property
    def autoscalers(self) -> str:
        return self.group("autoscaling/v2", "horizontalpodautoscalers")


def pod_spec(image: str = IMAGE, **more: Any) -> Object:
    """One container `app` on port 8080, without the time a kubelet would give it to stop."""
    return {
        "terminationGracePeriodSeconds": 0,
        "containers": [{"name": "app", "image": image, "ports": [{"name": "http", "containerPort": 8080}]}],
        **more,
    }


def pod(name: str, labels: Mapping[str, str] | None = None, *, annotations: Mapping[str, str] | None = None, **spec: Any) -> Object:
    metadata = {"name": name, "labels": dict(labels or {"app": name}), "annotations": dict(annotations or {})}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod_spec(**spec)}


def deployment(name: str, *, replicas: int = 2, labels: Mapping[str, str] | None = None, image: str = IMAGE, **spec: Any) -> Object:
    chosen = dict(labels or {"app": name})
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": chosen},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": chosen},
            "template": {"metadata": {"labels": chosen}, "spec": pod_spec(image)},
            **spec,
        },
    }


def service(name: str, selector: Mapping[str, str]) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": dict(selector), "ports": [{"name": "http", "port": 80, "targetPort": "http"}]},
    }


def configmap(name: str, labels: Mapping[str, str] | None = None, **data: str) -> Object:
    metadata = {"name": name, **({"labels": dict(labels)} if labels else {})}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, **({"data": data} if data else {})}


def lease(name: str, holder: str) -> Object:
    spec = {"holderIdentity": holder, "leaseDurationSeconds": 15, "renewTime": "2031-01-02T03:04:05.123456Z"}
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": name}, "spec": spec}


def job(name: str, **spec: Any) -> Object:
    template = {"spec": {**pod_spec(), "restartPolicy": "Never"}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": {"template": template, **spec}}


def names(listing: Object) -> list[str]:
    """The names in a list, in the order they came."""
    return [item["metadata"]["name"] for item in listing["items"]]


def condition(thing: Object, kind: str) -> Object:
    """One condition of a status, by type; empty when it is absent."""
    found = [each for each in thing.get("status", {}).get("conditions", []) if each["type"] == kind]
    return found[0] if found else {}
