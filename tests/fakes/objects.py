"""Builders of objects, and their form in the API for the parts that patches touch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from console.domain.world import (
    Autoscaler,
    Condition,
    ConfigMap,
    ContainerState,
    Deployment,
    Endpoint,
    EndpointSlice,
    KubeObject,
    Meta,
    Pod,
    ReplicaSet,
    Service,
)


def service(name: str, selector: Mapping[str, str], **annotations: str) -> Service:
    """`annotations` by their whole names, given as `**{"bluegreen/epoch": "3"}`."""
    return Service(Meta(name, uid=f"uid-{name}", annotations=annotations), selector=selector, ports=(80,))


def deployment(
    name: str, *, labels: Mapping[str, str], image: str, container: str, replicas: int = 2, annotations: Mapping[str, str] | None = None
) -> Deployment:
    """One that has just been created: its controller has not seen it yet."""
    return Deployment(
        Meta(name, uid=f"uid-{name}", labels=labels, annotations=annotations or {}),
        generation=1,
        desired=replicas,
        images={container: image},
        containers=(container,),
        template_labels=labels,
        selector=labels,
    )


def config_map(name: str, data: Mapping[str, str], labels: Mapping[str, str]) -> ConfigMap:
    return ConfigMap(Meta(name, uid=f"uid-{name}", labels=labels), data)


def rolled_out(found: Deployment) -> Deployment:
    """As its controller leaves it when every pod became available."""
    return replace(
        found,
        observed_generation=found.generation,
        replicas=found.desired,
        updated=found.desired,
        ready=found.desired,
        available=found.desired,
        revision=max(1, found.generation),
    )


def replica_set(of: Deployment) -> ReplicaSet:
    name = f"{of.name}-{of.generation}"
    return ReplicaSet(
        Meta(name, uid=f"uid-{name}", labels=of.template_labels, owner=of.name),
        desired=of.desired,
        replicas=of.desired,
        ready=of.ready,
        available=of.available,
        revision=of.revision,
        images=of.images,
        template_hash=str(of.generation),
    )


def pod(of: Deployment, number: int, *, ready: bool = True) -> Pod:
    name = f"{of.name}-{of.generation}-{number}"
    containers = tuple(
        ContainerState(c, image=of.images.get(c, ""), image_id=of.images.get(c, ""), ready=ready, state="running") for c in of.containers
    )
    return Pod(
        Meta(name, uid=f"uid-{name}", labels=of.template_labels, owner=f"{of.name}-{of.generation}"),
        phase="Running",
        ip=f"10.{sum(of.name.encode()) % 250}.{of.generation % 250}.{number + 1}",
        containers=containers,
        conditions=(Condition("Ready", "True" if ready else "False"),),
        template_hash=str(of.generation),
        port=8080,
    )


def endpoint_slice(of: Service, pods: list[Pod]) -> EndpointSlice:
    endpoints = tuple(Endpoint(p.ip, pod=p.name, ready=p.ready, serving=p.ready) for p in pods)
    return EndpointSlice(Meta(f"{of.name}-slice", uid=f"uid-{of.name}-slice", owner=of.name), service=of.name, endpoints=endpoints)


def as_api(found: KubeObject) -> dict[str, Any]:
    """The parts of an object that writes touch, as the API has them."""
    metadata: dict[str, Any] = {"name": found.meta.name, "resourceVersion": found.meta.resource_version, "labels": dict(found.meta.labels)}
    if found.meta.annotations:
        metadata["annotations"] = dict(found.meta.annotations)
    match found:
        case Service():
            return {"metadata": metadata, "spec": {"selector": dict(found.selector)}}
        case Deployment():
            containers = [{"name": name, "image": found.images.get(name, "")} for name in found.containers]
            template = {"metadata": {"labels": dict(found.template_labels)}, "spec": {"containers": containers}}
            spec = {
                "replicas": found.desired,
                "selector": {"matchLabels": dict(found.selector)},
                "template": template,
                "paused": found.paused,
            }
            return {"metadata": metadata, "spec": spec}
        case ConfigMap():
            return {"metadata": metadata, "data": dict(found.data)}
        case Autoscaler():
            return {"metadata": metadata, "spec": {"minReplicas": found.minimum, "maxReplicas": found.maximum}}
        case _:
            raise TypeError(f"nobody writes a {type(found).__name__} here")


def from_api(kind: str, name: str, raw: Mapping[str, Any], present: KubeObject | None) -> KubeObject:
    """The value after a write; what the API form does not show stays as it was."""
    metadata = raw.get("metadata") or {}
    old = present.meta if present else Meta(name, uid=f"uid-{name}")
    meta = replace(old, labels=metadata.get("labels") or {}, annotations=metadata.get("annotations") or {})
    spec = raw.get("spec") or {}
    match kind:
        case "Service":
            base = present if isinstance(present, Service) else Service(meta)
            return replace(base, meta=meta, selector=spec.get("selector") or {})
        case "Deployment":
            return _deployment(present if isinstance(present, Deployment) else Deployment(meta), meta, spec)
        case "ConfigMap":
            return ConfigMap(meta, {k: v for k, v in (raw.get("data") or {}).items() if v is not None})
        case "HorizontalPodAutoscaler":
            scaler = present if isinstance(present, Autoscaler) else Autoscaler(meta)
            return replace(scaler, meta=meta, minimum=spec.get("minReplicas", 1), maximum=spec.get("maxReplicas", 1))
        case _:
            raise TypeError(f"nobody writes a {kind} here")


def _deployment(present: Deployment, meta: Meta, spec: Mapping[str, Any]) -> Deployment:
    template = spec.get("template") or {}
    containers = (template.get("spec") or {}).get("containers") or []
    changed = replace(
        present,
        meta=meta,
        desired=1 if spec.get("replicas") is None else spec["replicas"],
        images={c["name"]: c.get("image", "") for c in containers},
        containers=tuple(c["name"] for c in containers),
        template_labels=(template.get("metadata") or {}).get("labels") or {},
        selector=(spec.get("selector") or {}).get("matchLabels") or {},
        paused=bool(spec.get("paused")),
    )
    same = replace(changed, meta=present.meta) == present
    return changed if same else replace(changed, generation=present.generation + 1)
