"""An environment as the settings describe it: where it runs, what it is made of, how long to wait, what is protected.

Values only; reading and checking the files is `console.settings`. Durations are seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from console.domain.ids import ComponentName, SlotName

Strategy = Literal["blue_green", "rolling"]


@dataclass(frozen=True)
class Component:
    """A part of the application: one Deployment per slot and one Service."""

    name: ComponentName
    service: str
    """Name of the Service that users' traffic goes through."""
    deployments: Mapping[SlotName, str]
    """Name of the Deployment of each slot."""
    container: str
    """Name of the container that carries the release's image."""
    image: str
    """Image repository without tag or digest."""
    manifest: Path | None = None
    """Manifest of its own, rendered per slot; None when the Deployments exist already and are adopted."""
    floor: int = 1
    """Pods that must be available before traffic may come."""
    replicas: int | None = None
    """Pods of a slot that takes traffic; None leaves the number that the Deployment or manifest has."""


@dataclass(frozen=True)
class Check:
    """One HTTP health check, asked at every base URL."""

    name: str
    path: str
    status: int = 200
    field: str = ""
    """Dotted path into the JSON body that must equal `equals`; empty means the status alone decides."""
    equals: str = ""
    components: tuple[ComponentName, ...] = ()
    """Components that answer this check; empty: those of the `Health` it belongs to."""


@dataclass(frozen=True)
class Urls:
    """Where the application answers. Component order matters nowhere; a missing URL means: probe through the pod proxy."""

    live: Mapping[ComponentName, str] = field(default_factory=dict)
    """Base URL of the real entry point, by component."""
    slots: Mapping[SlotName, Mapping[ComponentName, str]] = field(default_factory=dict)
    """Base URL of one slot, by component."""


@dataclass(frozen=True)
class Health:
    checks: tuple[Check, ...]
    components: tuple[ComponentName, ...] = ()
    """Components that answer the checks."""
    release_path: str = ""
    """Path whose JSON body names the release that answered; empty: the application does not say."""
    release_field: str = ""
    port: int | None = None
    """Container port for probes through the pod proxy; None takes the first declared port."""
    every: float = 5.0
    timeout: float = 2.0


@dataclass(frozen=True)
class MetricQueries:
    """PromQL with `{component}`-style placeholders: `$slot`, `$window`, `$namespace`, `$application`."""

    requests: str = ""
    """Requests per second of a slot."""
    errors: str = ""
    """Share of failed requests of a slot, 0 to 1."""
    p95: str = ""
    """95th percentile of request time of a slot, seconds."""
    samples: str = ""
    """Number of requests in the window, for deltas and low-traffic rules."""
    window: float = 60.0
    every: float = 5.0


@dataclass(frozen=True)
class Waits:
    ready: float = 600.0
    """Longest time for a slot's pods to become available."""
    health: float = 60.0
    """Longest time for the health checks to pass in a row."""
    routed: float = 30.0
    """Longest time for EndpointSlices and the entry point to follow a switch."""
    verify_after: float = 30.0
    bake: float = 900.0
    keep_warm: str = "15m"
    """How long the old slot stays warm after verification: a duration (`15m`) or a clock time with offset (`09:00+30m`)."""
    settle: float = 0.0


@dataclass(frozen=True)
class Protection:
    confirm: Literal["key", "name"] = "key"
    """How a person confirms a switch: one key, or the environment's name typed."""
    approvals: int = 0
    read_only: bool = False
    require_reason: bool = False


@dataclass(frozen=True)
class ClusterRef:
    """Which cluster, pinned. `context` and `kubeconfig` find it, `namespace_uid` and `server` prove it is the right one."""

    namespace: str
    context: str | None = None
    kubeconfig: Path | None = None
    server: str | None = None
    namespace_uid: str | None = None
    time_zone: str = "UTC"


@dataclass(frozen=True)
class Environment:
    """One environment of one application."""

    name: str
    application: str
    cluster: ClusterRef
    components: tuple[Component, ...]
    """In switch order: providers first, consumers last."""
    strategy: Strategy = "blue_green"
    slots: tuple[SlotName, ...] = (SlotName("blue"), SlotName("green"))
    """Two slots for blue_green, one for rolling."""
    slot_key: str = "version"
    """The label and selector key whose value is the slot."""
    urls: Urls = field(default_factory=Urls)
    health: Health = field(default_factory=lambda: Health(checks=()))
    prometheus: str = ""
    metrics: MetricQueries = field(default_factory=MetricQueries)
    limits: Mapping[str, float] = field(default_factory=dict)
    """Limits shown beside the figures: `errors` (share), `p95` (seconds)."""
    waits: Waits = field(default_factory=Waits)
    protection: Protection = field(default_factory=Protection)
    promoted_from: str = ""
    """Environment whose evidence `release.promotable` asks for; empty: none is configured."""
    database: Mapping[str, str] = field(default_factory=dict)
    features: Mapping[str, bool] = field(default_factory=dict)
    resources: Mapping[str, str] = field(default_factory=dict)
    rehearsal: bool = False
    """True for the sandbox: everything shown is marked REHEARSAL."""
    source: Path | None = None

    def component(self, name: ComponentName) -> Component:
        return next(c for c in self.components if c.name == name)

    def other(self, slot: SlotName) -> SlotName:
        """The slot beside `slot`; the slot itself where there is only one."""
        return next((s for s in self.slots if s != slot), slot)
