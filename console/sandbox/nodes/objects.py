"""Pods as the nodes read them: the fields of the Kubernetes API that decide what is run, and nothing else."""

from __future__ import annotations

from typing import Literal

import msgspec

IntOrName = int | str


class _Struct(msgspec.Struct, frozen=True, rename="camel"):
    """Kubernetes JSON: only the fields that are used, in camel case."""


class Owner(_Struct, frozen=True):
    """A reference to the controller of a pod."""

    kind: str
    name: str
    uid: str
    controller: bool | None = None


class PodMeta(_Struct, frozen=True):
    """Who the pod is, and whether it is being deleted."""

    name: str
    namespace: str
    uid: str
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    annotations: dict[str, str] = msgspec.field(default_factory=dict)
    owner_references: list[Owner] = msgspec.field(default_factory=list)
    deletion_timestamp: str | None = None
    deletion_grace_period_seconds: int | None = None


class KeyRef(_Struct, frozen=True):
    """One key of a ConfigMap or Secret."""

    name: str
    key: str
    optional: bool | None = None


class FieldRef(_Struct, frozen=True):
    """A field of the pod itself."""

    field_path: str


class ValueFrom(_Struct, frozen=True):
    """Where a variable's value comes from; exactly one is set."""

    field_ref: FieldRef | None = None
    config_map_key_ref: KeyRef | None = None
    secret_key_ref: KeyRef | None = None
    resource_field_ref: dict[str, object] | None = None


class EnvVar(_Struct, frozen=True):
    """One environment variable."""

    name: str
    value: str = ""
    value_from: ValueFrom | None = None


class SourceRef(_Struct, frozen=True):
    """A whole ConfigMap or Secret."""

    name: str
    optional: bool | None = None


class EnvFrom(_Struct, frozen=True):
    """Every key of a ConfigMap or Secret as a variable."""

    prefix: str = ""
    config_map_ref: SourceRef | None = None
    secret_ref: SourceRef | None = None


class ContainerPort(_Struct, frozen=True):
    """A port that the container listens on."""

    container_port: int
    name: str = ""


class HttpHeader(_Struct, frozen=True):
    """A header of a probe's request."""

    name: str
    value: str


class HttpGet(_Struct, frozen=True):
    """An HTTP request to the pod."""

    port: IntOrName
    path: str = "/"
    scheme: str = "HTTP"
    http_headers: list[HttpHeader] = msgspec.field(default_factory=list)


class TcpSocket(_Struct, frozen=True):
    """A connection to the pod."""

    port: IntOrName


class ExecAction(_Struct, frozen=True):
    """A command in the container."""

    command: list[str] = msgspec.field(default_factory=list)


class SleepAction(_Struct, frozen=True):
    """A pause before a container is stopped."""

    seconds: int


class Probe(_Struct, frozen=True):
    """A check that is repeated while the container runs; times in seconds."""

    http_get: HttpGet | None = None
    tcp_socket: TcpSocket | None = None
    exec: ExecAction | None = None
    initial_delay_seconds: int = 0
    period_seconds: int = 10
    timeout_seconds: int = 1
    success_threshold: int = 1
    failure_threshold: int = 3
    termination_grace_period_seconds: int | None = None


class Handler(_Struct, frozen=True):
    """What is done before a container is stopped."""

    exec: ExecAction | None = None
    http_get: HttpGet | None = None
    sleep: SleepAction | None = None


class Lifecycle(_Struct, frozen=True):
    """Hooks of a container."""

    pre_stop: Handler | None = None


class Resources(_Struct, frozen=True):
    """What a container asks for, as quantities."""

    requests: dict[str, str] = msgspec.field(default_factory=dict)


class VolumeMount(_Struct, frozen=True):
    """A place in the container's file system where a volume is expected."""

    name: str
    mount_path: str = ""


class Container(_Struct, frozen=True):
    """One container of a pod's template."""

    name: str
    image: str = ""
    image_pull_policy: str = "IfNotPresent"
    command: list[str] = msgspec.field(default_factory=list)
    args: list[str] = msgspec.field(default_factory=list)
    working_dir: str = ""
    env: list[EnvVar] = msgspec.field(default_factory=list)
    env_from: list[EnvFrom] = msgspec.field(default_factory=list)
    ports: list[ContainerPort] = msgspec.field(default_factory=list)
    resources: Resources = Resources()
    readiness_probe: Probe | None = None
    liveness_probe: Probe | None = None
    startup_probe: Probe | None = None
    lifecycle: Lifecycle | None = None
    volume_mounts: list[VolumeMount] = msgspec.field(default_factory=list)
    termination_message_policy: str = "File"

    def port_number(self, port: IntOrName) -> int:
        """The number of a port given by number or name; ValueError when no port has the name."""
        if isinstance(port, int):
            return port
        for declared in self.ports:
            if declared.name == port:
                return declared.container_port
        raise ValueError(f'couldn\'t find port "{port}" in container "{self.name}"')


class Volume(_Struct, frozen=True):
    """A volume of the pod; nodes of a rehearsal know only the empty one."""

    name: str
    empty_dir: dict[str, object] | None = None


class PodSpec(_Struct, frozen=True):
    """What a pod should be."""

    containers: list[Container]
    init_containers: list[Container] = msgspec.field(default_factory=list)
    node_name: str = ""
    node_selector: dict[str, str] = msgspec.field(default_factory=dict)
    restart_policy: Literal["Always", "OnFailure", "Never"] = "Always"
    termination_grace_period_seconds: int = 30
    scheduler_name: str = "default-scheduler"
    service_account_name: str = "default"
    volumes: list[Volume] = msgspec.field(default_factory=list)
    scheduling_gates: list[dict[str, str]] = msgspec.field(default_factory=list)


class KnownContainer(_Struct, frozen=True):
    """What an earlier life of the node reported of a container."""

    name: str
    restart_count: int = 0
    state: dict[str, dict[str, object]] = msgspec.field(default_factory=dict)

    @property
    def was_running(self) -> bool:
        """A process was there when it was last heard of."""
        return "running" in self.state


class KnownCondition(_Struct, frozen=True):
    """A condition as it stands in the API."""

    type: str
    status: str
    reason: str = ""
    message: str = ""
    last_transition_time: str | None = None


class KnownStatus(_Struct, frozen=True):
    """What the API server knows of the pod so far."""

    phase: str = "Pending"
    start_time: str | None = None
    conditions: list[KnownCondition] = msgspec.field(default_factory=list)
    container_statuses: list[KnownContainer] = msgspec.field(default_factory=list)


class Pod(_Struct, frozen=True):
    """A pod, as far as a node cares."""

    metadata: PodMeta
    spec: PodSpec
    status: KnownStatus = KnownStatus()

    @property
    def name(self) -> str:
        return self.metadata.name

    @property
    def uid(self) -> str:
        return self.metadata.uid

    @property
    def key(self) -> str:
        """`namespace/name`, as messages write it."""
        return f"{self.metadata.namespace}/{self.metadata.name}"

    @property
    def path(self) -> str:
        """Its place in the API."""
        return f"/api/v1/namespaces/{self.metadata.namespace}/pods/{self.metadata.name}"

    @property
    def is_over(self) -> bool:
        """All its containers have ended for good."""
        return self.status.phase in ("Succeeded", "Failed")

    @property
    def is_leaving(self) -> bool:
        """Its deletion was asked for."""
        return self.metadata.deletion_timestamp is not None

    @property
    def grace(self) -> int:
        """Seconds between being asked to stop and being killed."""
        asked = self.metadata.deletion_grace_period_seconds
        return self.spec.termination_grace_period_seconds if asked is None else asked

    @property
    def controller(self) -> str:
        """The uid of its controller; empty when it has none."""
        return next((owner.uid for owner in self.metadata.owner_references if owner.controller), "")


_decoder = msgspec.json.Decoder(Pod)


def decode_pod(raw: bytes) -> Pod:
    """A pod from the API's JSON."""
    return _decoder.decode(raw)
