"""Makes domain values of the API server's JSON: one function per kind, found by `decoder`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar, cast

import msgspec

from console.cluster import structs
from console.cluster.decode_pod import pod_of
from console.cluster.decode_shared import conditions_of, meta_of, number
from console.cluster.errors import Unreadable
from console.cluster.managed_fields import managers_of
from console.cluster.wire import MALFORMED, name_in
from console.domain.quantity import total
from console.domain.world import (
    Autoscaler,
    ConfigMap,
    Deployment,
    Endpoint,
    EndpointSlice,
    Event,
    Kind,
    KubeObject,
    Quota,
    ReplicaSet,
    Rollout,
    Service,
)

Decode = Callable[[bytes], KubeObject]
Raw = TypeVar("Raw", bound=structs.Struct)

REVISION = "deployment.kubernetes.io/revision"
TEMPLATE_HASH = "pod-template-hash"
SERVICE_NAME = "kubernetes.io/service-name"


def decoder(kind: Kind) -> Decode:
    """Bytes of one object of `kind` to its value; raises Unreadable naming the object and the field that is wrong."""
    return DECODERS[kind]


def deployment_of(raw: structs.DeploymentObject) -> Deployment:
    spec, status = raw.spec, raw.status
    template = spec.template or structs.Template()
    containers = (template.spec.containers if template.spec else None) or []
    return Deployment(
        meta=meta_of(raw.metadata, managers=managers_of(raw.metadata.managed_fields)),
        generation=raw.metadata.generation,
        observed_generation=status.observed_generation,
        desired=1 if spec.replicas is None else spec.replicas,
        replicas=status.replicas,
        updated=status.updated_replicas,
        ready=status.ready_replicas,
        available=status.available_replicas,
        images={container.name: container.image for container in containers},
        containers=tuple(container.name for container in containers),
        template_labels=(template.metadata.labels if template.metadata else None) or {},
        selector=(spec.selector.match_labels if spec.selector else None) or {},
        requests=_sum([container.resources.requests or {} for container in containers if container.resources]),
        limits=_sum([container.resources.limits or {} for container in containers if container.resources]),
        min_ready_seconds=spec.min_ready_seconds,
        progress_deadline_seconds=600 if spec.progress_deadline_seconds is None else spec.progress_deadline_seconds,
        paused=spec.paused,
        rollout=_rollout(spec.strategy),
        revision=number((raw.metadata.annotations or {}).get(REVISION)),
        conditions=conditions_of(status.conditions),
    )


def _rollout(strategy: structs.Strategy | None) -> Rollout:
    """How pods are replaced; what is left out is the API's own default."""
    if strategy is None:
        return Rollout()
    if strategy.type == "Recreate":
        return Rollout(surge="0", unavailable="100%")
    told = strategy.rolling_update or structs.RollingUpdate()
    surge, unavailable = ("25%" if each is None else str(each) for each in (told.max_surge, told.max_unavailable))
    return Rollout(surge, unavailable)


def replica_set_of(raw: structs.ReplicaSetObject) -> ReplicaSet:
    template = raw.spec.template
    containers = (template.spec.containers if template and template.spec else None) or []
    return ReplicaSet(
        meta=meta_of(raw.metadata),
        desired=1 if raw.spec.replicas is None else raw.spec.replicas,
        replicas=raw.status.replicas,
        ready=raw.status.ready_replicas,
        available=raw.status.available_replicas,
        revision=number((raw.metadata.annotations or {}).get(REVISION)),
        images={container.name: container.image for container in containers},
        template_hash=(raw.metadata.labels or {}).get(TEMPLATE_HASH, ""),
        conditions=conditions_of(raw.status.conditions),
    )


def service_of(raw: structs.ServiceObject) -> Service:
    return Service(
        meta=meta_of(raw.metadata, managers=managers_of(raw.metadata.managed_fields)),
        selector=raw.spec.selector or {},
        cluster_ip=raw.spec.cluster_ip,
        ports=tuple(port.port for port in raw.spec.ports or ()),
    )


def slice_of(raw: structs.EndpointSliceObject) -> EndpointSlice:
    return EndpointSlice(
        meta=meta_of(raw.metadata),
        service=(raw.metadata.labels or {}).get(SERVICE_NAME, ""),
        endpoints=tuple(endpoint for entry in raw.endpoints or () for endpoint in _endpoints(entry)),
    )


def event_of(raw: structs.EventObject) -> Event:
    about = raw.involved_object or structs.Reference()
    series = raw.series or structs.EventSeries()
    return Event(
        meta=meta_of(raw.metadata),
        type="Warning" if raw.type == "Warning" else "Normal",
        reason=raw.reason or "",
        message=raw.message or "",
        object_kind=about.kind or "",
        object_name=about.name or "",
        count=max(series.count, raw.count or 1),
        last_seen=series.last_observed_time or raw.last_timestamp or raw.event_time or raw.metadata.creation_timestamp,
    )


def autoscaler_of(raw: structs.AutoscalerObject) -> Autoscaler:
    target = raw.spec.scale_target_ref or structs.Reference()
    return Autoscaler(
        meta=meta_of(raw.metadata),
        target_kind=target.kind or "",
        target_name=target.name or "",
        minimum=1 if raw.spec.min_replicas is None else raw.spec.min_replicas,
        maximum=raw.spec.max_replicas,
        current=raw.status.current_replicas or 0,
        desired=raw.status.desired_replicas or 0,
    )


def quota_of(raw: structs.QuotaObject) -> Quota:
    return Quota(meta=meta_of(raw.metadata), hard=raw.status.hard or raw.spec.hard or {}, used=raw.status.used or {})


def config_map_of(raw: structs.ConfigMapObject) -> ConfigMap:
    return ConfigMap(meta=meta_of(raw.metadata), data=raw.data or {})


def _endpoints(entry: structs.EndpointEntry) -> list[Endpoint]:
    """One endpoint per address. A missing `ready` means ready, a missing `serving` means as `ready` (the API's own words)."""
    conditions = entry.conditions or structs.EndpointConditions()
    ready = conditions.ready is not False
    pod = entry.target_ref.name or "" if entry.target_ref and entry.target_ref.kind == "Pod" else ""
    serving = ready if conditions.serving is None else conditions.serving
    return [Endpoint(address, pod, ready, serving, conditions.terminating is True) for address in entry.addresses or ()]


def _sum(resources: Sequence[Mapping[str, str | int | float]]) -> dict[str, str]:
    """Adds the containers' resources by name; a quantity that cannot be read is left as text."""
    names = dict.fromkeys(name for each in resources for name in each)
    return {name: _total([str(each[name]) for each in resources if name in each]) for name in names}


def _total(quantities: list[str]) -> str:
    try:
        return total(quantities)
    except ValueError:
        return "+".join(quantities)


def _decode(struct: type[Raw], build: Callable[[Raw], KubeObject]) -> Decode:
    parser = msgspec.json.Decoder(struct)

    def decode(raw: bytes) -> KubeObject:
        try:
            return build(parser.decode(raw))
        except MALFORMED as error:
            what = build.__name__.removesuffix("_of").replace("_", " ")
            raise Unreadable(f"cannot read {what} {name_in(raw) or 'without a name'}: {error}") from error

    return decode


DECODERS: Mapping[Kind, Decode] = {
    "Deployment": _decode(structs.DeploymentObject, deployment_of),
    "ReplicaSet": _decode(structs.ReplicaSetObject, replica_set_of),
    "Pod": _decode(structs.PodObject, pod_of),
    "Service": _decode(structs.ServiceObject, service_of),
    "EndpointSlice": _decode(structs.EndpointSliceObject, slice_of),
    "Event": _decode(structs.EventObject, event_of),
    "HorizontalPodAutoscaler": _decode(structs.AutoscalerObject, autoscaler_of),
    "ResourceQuota": _decode(structs.QuotaObject, quota_of),
    "ConfigMap": _decode(structs.ConfigMapObject, config_map_of),
}


def deployment(raw: bytes) -> Deployment:
    return cast(Deployment, DECODERS["Deployment"](raw))


def service(raw: bytes) -> Service:
    return cast(Service, DECODERS["Service"](raw))
