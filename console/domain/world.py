"""What Kubernetes says about one namespace, reduced to the fields the console reasons with.

`console.cluster` decodes into these values; plans, views and verdicts are pure functions over a `World`. A field that the
API server left out holds the API's own default, never a guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Generic, Literal, TypeVar

Kind = Literal[
    "Deployment", "ReplicaSet", "Pod", "Service", "EndpointSlice", "Event", "HorizontalPodAutoscaler", "ResourceQuota", "ConfigMap"
]
KINDS: tuple[Kind, ...] = (
    "Deployment", "ReplicaSet", "Pod", "Service", "EndpointSlice", "Event", "HorizontalPodAutoscaler", "ResourceQuota", "ConfigMap"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FieldManager:
    """One writer of an object, as managedFields names it."""

    name: str
    operation: Literal["Apply", "Update"]
    paths: frozenset[str]
    """Dotted leaves it owns: `spec.replicas`, `spec.selector.version`, `spec.template.spec.containers[name=backend].image`."""
    time: datetime | None = None
    subresource: str = ""


@dataclass(frozen=True, slots=True)
class Meta:
    """Identity of an object and what other writers left on it."""

    name: str
    uid: str = ""
    resource_version: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    created: datetime | None = None
    deleting: bool = False
    owner: str = ""
    """Name of the controlling owner (`ownerReferences[controller=true]`), empty when there is none."""
    managers: tuple[FieldManager, ...] = ()
    """Decoded for Deployments and Services only."""


@dataclass(frozen=True, slots=True)
class Condition:
    type: str
    status: Literal["True", "False", "Unknown"]
    reason: str = ""
    message: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rollout:
    """How a Deployment replaces its pods: numbers or shares of its size, as the API writes them."""

    surge: str = "25%"
    unavailable: str = "25%"

    def extra(self, size: int) -> int:
        """Pods that it needs room for beyond `size` to get on at all: none where it may end an old one first."""
        return 0 if _share(self.unavailable, size, up=False) else _share(self.surge, size, up=True)


def _share(text: str, size: int, *, up: bool) -> int:
    if not text.endswith("%"):
        return int(text) if text.isdigit() else 0
    share = int(text[:-1]) * size if text[:-1].isdigit() else 0
    return -(-share // 100) if up else share // 100


@dataclass(frozen=True, slots=True)
class Deployment:
    meta: Meta
    generation: int = 0
    observed_generation: int = 0
    desired: int = 1
    replicas: int = 0
    """Pods of all revisions together (status.replicas)."""
    updated: int = 0
    ready: int = 0
    available: int = 0
    images: Mapping[str, str] = field(default_factory=dict)
    """Container name to image, of the pod template."""
    containers: tuple[str, ...] = ()
    """Container names in the template's order (a JSON patch addresses them by index)."""
    template_labels: Mapping[str, str] = field(default_factory=dict)
    selector: Mapping[str, str] = field(default_factory=dict)
    requests: Mapping[str, str] = field(default_factory=dict)
    """Sum of the template's container requests by resource: `{"cpu": "500m", "memory": "512Mi"}`."""
    limits: Mapping[str, str] = field(default_factory=dict)
    min_ready_seconds: int = 0
    progress_deadline_seconds: int = 600
    paused: bool = False
    rollout: Rollout = Rollout()
    revision: int = 0
    conditions: tuple[Condition, ...] = ()

    @property
    def name(self) -> str:
        return self.meta.name


@dataclass(frozen=True, slots=True)
class ReplicaSet:
    meta: Meta
    desired: int = 0
    replicas: int = 0
    ready: int = 0
    available: int = 0
    revision: int = 0
    images: Mapping[str, str] = field(default_factory=dict)
    template_hash: str = ""
    conditions: tuple[Condition, ...] = ()

    @property
    def name(self) -> str:
        return self.meta.name


@dataclass(frozen=True, slots=True)
class ContainerState:
    name: str
    image: str = ""
    image_id: str = ""
    """`repository@sha256:…` as the node reports it; empty before the image was pulled."""
    ready: bool = False
    restarts: int = 0
    state: Literal["waiting", "running", "terminated", "unknown"] = "unknown"
    reason: str = ""
    """CrashLoopBackOff, ImagePullBackOff, Error, Completed, OOMKilled …"""
    message: str = ""
    exit_code: int | None = None
    started: datetime | None = None
    last_reason: str = ""
    last_message: str = ""
    last_exit_code: int | None = None
    last_finished: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pod:
    meta: Meta
    phase: Literal["Pending", "Running", "Succeeded", "Failed", "Unknown"] = "Pending"
    ip: str = ""
    node: str = ""
    containers: tuple[ContainerState, ...] = ()
    conditions: tuple[Condition, ...] = ()
    template_hash: str = ""
    port: int = 0
    """First container port of the first container; 0 when none is declared."""
    init_containers: tuple[ContainerState, ...] = ()
    """They hold a pod in Pending when they fail; not counted in `restarts`."""
    reason: str = ""
    """Why the whole pod ended: Evicted, NodeLost …"""
    message: str = ""

    @property
    def name(self) -> str:
        return self.meta.name

    @property
    def ready(self) -> bool:
        return any(c.type == "Ready" and c.status == "True" for c in self.conditions)

    @property
    def restarts(self) -> int:
        return sum(c.restarts for c in self.containers)


@dataclass(frozen=True, slots=True)
class Service:
    meta: Meta
    selector: Mapping[str, str] = field(default_factory=dict)
    cluster_ip: str = ""
    ports: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        return self.meta.name


@dataclass(frozen=True, slots=True)
class Endpoint:
    address: str
    pod: str = ""
    ready: bool = True
    serving: bool = True
    terminating: bool = False


@dataclass(frozen=True, slots=True)
class EndpointSlice:
    meta: Meta
    service: str = ""
    endpoints: tuple[Endpoint, ...] = ()

    @property
    def name(self) -> str:
        return self.meta.name


@dataclass(frozen=True, slots=True)
class Event:
    meta: Meta
    type: Literal["Normal", "Warning"] = "Normal"
    reason: str = ""
    message: str = ""
    object_kind: str = ""
    object_name: str = ""
    count: int = 1
    last_seen: datetime | None = None

    @property
    def name(self) -> str:
        return self.meta.name


@dataclass(frozen=True, slots=True)
class Autoscaler:
    meta: Meta
    target_kind: str = ""
    target_name: str = ""
    minimum: int = 1
    maximum: int = 1
    current: int = 0
    desired: int = 0

    @property
    def name(self) -> str:
        return self.meta.name


@dataclass(frozen=True, slots=True)
class Quota:
    meta: Meta
    hard: Mapping[str, str] = field(default_factory=dict)
    used: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.meta.name


@dataclass(frozen=True, slots=True)
class ConfigMap:
    """Only those labelled `bluegreen/record` are read."""

    meta: Meta
    data: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.meta.name


KubeObject = Deployment | ReplicaSet | Pod | Service | EndpointSlice | Event | Autoscaler | Quota | ConfigMap


@dataclass(frozen=True)
class World:
    """One namespace at one moment. Keys are object names."""

    namespace: str
    at: datetime
    """The API server's own time (its `Date` header) of the newest answer in here."""
    deployments: Mapping[str, Deployment] = field(default_factory=dict)
    replica_sets: Mapping[str, ReplicaSet] = field(default_factory=dict)
    pods: Mapping[str, Pod] = field(default_factory=dict)
    services: Mapping[str, Service] = field(default_factory=dict)
    slices: Mapping[str, EndpointSlice] = field(default_factory=dict)
    events: Mapping[str, Event] = field(default_factory=dict)
    autoscalers: Mapping[str, Autoscaler] = field(default_factory=dict)
    quotas: Mapping[str, Quota] = field(default_factory=dict)
    records: Mapping[str, ConfigMap] = field(default_factory=dict)
    """Our ConfigMaps: releases and slot history."""
    unread: frozenset[Kind] = frozenset()
    """Kinds the identity may not list (403): facts from them are unknown, not absent."""

    @cached_property
    def pods_by_owner(self) -> Mapping[str, tuple[Pod, ...]]:
        """Pods by the name of their owner, gathered once: views ask for them many times, and there may be thousands."""
        found: dict[str, list[Pod]] = {}
        for pod in self.pods.values():
            found.setdefault(pod.meta.owner, []).append(pod)
        return {owner: tuple(pods) for owner, pods in found.items()}


Item = TypeVar("Item", covariant=True)


@dataclass(frozen=True, slots=True)
class Listed(Generic[Item]):
    """The complete list of a kind: what is not in it does not exist."""

    kind: Kind
    objects: tuple[Item, ...]
    resource_version: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Upserted(Generic[Item]):
    kind: Kind
    object: Item
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Deleted:
    kind: Kind
    name: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Lost:
    """The source of a kind does not answer; what was known stays, marked with its age. The next `Listed` ends it."""

    kind: Kind
    reason: str
    forbidden: bool = False
    """The identity may not list the kind: nothing is known, rather than something old."""


WatchEvent = Listed[KubeObject] | Upserted[KubeObject] | Deleted | Lost
