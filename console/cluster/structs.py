"""The parts of Kubernetes objects that the console reads, as the JSON has them.

Only these fields are ever turned into Python objects; all others are skipped by the parser. `decode` makes domain values
of them. Every field may be absent or null: what the API server leaves out has the API's own default.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

Labels = dict[str, str]


class Struct(msgspec.Struct, rename="camel", gc=False):
    """Read-only trees: they never refer back, so the garbage collector need not look at them."""


class OwnerReference(Struct):
    name: str = ""
    controller: bool | None = False


class ManagedFields(Struct):
    manager: str = ""
    operation: str = ""
    time: datetime | None = None
    subresource: str | None = ""
    fields: msgspec.Raw = msgspec.field(name="fieldsV1", default_factory=lambda: msgspec.Raw(b"{}"))


class ObjectMeta(Struct):
    name: str
    uid: str = ""
    resource_version: str = ""
    labels: Labels | None = None
    annotations: Labels | None = None
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    owner_references: list[OwnerReference] | None = None


class ManagedMeta(ObjectMeta):
    managed_fields: list[ManagedFields] | None = None


class StatusCondition(Struct):
    type: str = ""
    status: str = "Unknown"
    reason: str | None = ""
    message: str | None = ""
    last_transition_time: datetime | None = None


class ContainerPort(Struct):
    container_port: int = 0


class Resources(Struct):
    requests: dict[str, str | int | float] | None = None
    limits: dict[str, str | int | float] | None = None


class Container(Struct):
    name: str = ""
    image: str = ""
    ports: list[ContainerPort] | None = None
    resources: Resources | None = None


class PodSpec(Struct):
    node_name: str = ""
    containers: list[Container] | None = None
    init_containers: list[Container] | None = None


class TemplateMeta(Struct):
    labels: Labels | None = None


class Template(Struct):
    metadata: TemplateMeta | None = None
    spec: PodSpec | None = None


class LabelSelector(Struct):
    match_labels: Labels | None = None


class RollingUpdate(Struct):
    max_surge: int | str | None = None
    max_unavailable: int | str | None = None


class Strategy(Struct):
    type: str = "RollingUpdate"
    rolling_update: RollingUpdate | None = None


class DeploymentSpec(Struct):
    replicas: int | None = 1
    strategy: Strategy | None = None
    selector: LabelSelector | None = None
    template: Template | None = None
    min_ready_seconds: int = 0
    progress_deadline_seconds: int | None = 600
    paused: bool = False


class DeploymentStatus(Struct):
    observed_generation: int = 0
    replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    conditions: list[StatusCondition] | None = None


class DeploymentMeta(ManagedMeta):
    generation: int = 0


class DeploymentObject(Struct):
    metadata: DeploymentMeta
    spec: DeploymentSpec = msgspec.field(default_factory=DeploymentSpec)
    status: DeploymentStatus = msgspec.field(default_factory=DeploymentStatus)


class ReplicaSetObject(Struct):
    metadata: ObjectMeta
    spec: DeploymentSpec = msgspec.field(default_factory=DeploymentSpec)
    status: DeploymentStatus = msgspec.field(default_factory=DeploymentStatus)


class Waiting(Struct):
    reason: str | None = ""
    message: str | None = ""


class Running(Struct):
    started_at: datetime | None = None


class Terminated(Struct):
    exit_code: int = 0
    reason: str | None = ""
    message: str | None = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None


class State(Struct):
    waiting: Waiting | None = None
    running: Running | None = None
    terminated: Terminated | None = None


class ContainerStatus(Struct):
    name: str = ""
    image: str = ""
    image_id: str = msgspec.field(name="imageID", default="")
    ready: bool = False
    restart_count: int = 0
    state: State | None = None
    last_state: State | None = None


class PodStatus(Struct):
    phase: str = "Pending"
    reason: str | None = ""
    message: str | None = ""
    pod_ip: str = msgspec.field(name="podIP", default="")
    conditions: list[StatusCondition] | None = None
    container_statuses: list[ContainerStatus] | None = None
    init_container_statuses: list[ContainerStatus] | None = None


class PodObject(Struct):
    metadata: ObjectMeta
    spec: PodSpec = msgspec.field(default_factory=PodSpec)
    status: PodStatus = msgspec.field(default_factory=PodStatus)


class ServicePort(Struct):
    port: int = 0


class ServiceSpec(Struct):
    selector: Labels | None = None
    cluster_ip: str = msgspec.field(name="clusterIP", default="")
    ports: list[ServicePort] | None = None


class ServiceObject(Struct):
    metadata: ManagedMeta
    spec: ServiceSpec = msgspec.field(default_factory=ServiceSpec)


class Reference(Struct):
    kind: str | None = ""
    name: str | None = ""


class EndpointConditions(Struct):
    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class EndpointEntry(Struct):
    addresses: list[str] | None = None
    conditions: EndpointConditions | None = None
    target_ref: Reference | None = None


class EndpointSliceObject(Struct):
    metadata: ObjectMeta
    endpoints: list[EndpointEntry] | None = None


class EventSeries(Struct):
    count: int = 0
    last_observed_time: datetime | None = None


class EventObject(Struct):
    metadata: ObjectMeta
    type: str | None = "Normal"
    reason: str | None = ""
    message: str | None = ""
    count: int | None = 1
    series: EventSeries | None = None
    event_time: datetime | None = None
    last_timestamp: datetime | None = None
    involved_object: Reference | None = None


class AutoscalerSpec(Struct):
    scale_target_ref: Reference | None = None
    min_replicas: int | None = 1
    max_replicas: int = 1


class AutoscalerStatus(Struct):
    current_replicas: int | None = 0
    desired_replicas: int | None = 0


class AutoscalerObject(Struct):
    metadata: ObjectMeta
    spec: AutoscalerSpec = msgspec.field(default_factory=AutoscalerSpec)
    status: AutoscalerStatus = msgspec.field(default_factory=AutoscalerStatus)


class QuotaStatus(Struct):
    hard: Labels | None = None
    used: Labels | None = None


class QuotaSpec(Struct):
    hard: Labels | None = None


class QuotaObject(Struct):
    metadata: ObjectMeta
    spec: QuotaSpec = msgspec.field(default_factory=QuotaSpec)
    status: QuotaStatus = msgspec.field(default_factory=QuotaStatus)


class ConfigMapObject(Struct):
    metadata: ObjectMeta
    data: Labels | None = None
