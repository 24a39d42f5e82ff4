"""Worlds from a few lines of YAML: what a golden case states, and the ordinary around it.

Two components (backend, frontend) of the application `traider`, two slots, three pods each, everything available, unless the case says
otherwise. `at` is noon of a working day, UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from console.domain import facts
from console.domain.environment import Check, ClusterRef, Component, Environment, Health, Urls, Waits
from console.domain.ids import ComponentName, ReleaseName, SlotName
from console.domain.records import history_record_name, release_record_name
from console.domain.release import Hold, Release, ReleaseRecord, SlotRecord, encode_history, encode_release
from console.domain.world import (
    Autoscaler,
    Condition,
    ConfigMap,
    ContainerState,
    Deployment,
    Endpoint,
    EndpointSlice,
    Event,
    FieldManager,
    Meta,
    Pod,
    Quota,
    ReplicaSet,
    Rollout,
    Service,
    World,
)

NOON = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
Case = Mapping[str, Any]
MANIFESTS = Path(__file__).parent / "manifests"


def environment_of(case: Case) -> Environment:
    """The environment of a case: `environment` overrides single fields."""
    given = dict(case.get("environment", {}))
    slots = tuple(SlotName(s) for s in given.pop("slots", ("blue", "green")))
    own = given.pop("components", {})
    named = own if own else {"backend": {}, "frontend": {}}
    components = tuple(_component(name, slots, fields or {}) for name, fields in named.items())
    urls = Urls(live={ComponentName(k): v for k, v in given.pop("live_urls", {}).items()})
    cluster = ClusterRef(namespace="traider-prod", **given.pop("cluster", {}))
    checks = tuple(Check(**c) for c in given.pop("checks", ()))
    health = Health(checks=checks, **given.pop("health", {}))
    waits = replace(Waits(), **given.pop("waits", {}))
    given.setdefault("name", "production")
    return Environment(
        application="traider", components=components, slots=slots, cluster=cluster, urls=urls, health=health, waits=waits, **given
    )


def _component(name: str, slots: tuple[SlotName, ...], fields: Mapping[str, Any]) -> Component:
    plain = {"service": f"traider-{name}", "container": name, "image": f"example/{name}"} | dict(fields)
    if "manifest" in plain:
        plain["manifest"] = MANIFESTS / plain["manifest"]
    deployments = plain.pop("deployments", {s: f"traider-{name}-{s}" for s in slots})
    return Component(name=ComponentName(name), deployments=deployments, **plain)


@dataclass
class WorldBuilder:
    """Collects objects; `build` freezes them."""

    environment: Environment
    at: datetime = NOON
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)

    def put(self, kind: str, item: Any) -> None:
        self.objects.setdefault(kind, {})[item.meta.name] = item

    def build(self, unread: frozenset[Any] = frozenset()) -> World:
        return World(namespace="traider-prod", at=self.at, unread=unread, **self.objects)


def world_of(case: Case, environment: Environment) -> World:
    """The namespace of a case."""
    builder = WorldBuilder(environment, at=_time(case.get("at")) or NOON)
    for slot, given in case.get("slots", {}).items():
        for component in environment.components:
            _add_workload(builder, component, SlotName(slot), given)
    for component in environment.components:
        _add_service(builder, component, case.get("services", {}))
    for name, given in case.get("autoscalers", {}).items():
        builder.put("autoscalers", Autoscaler(Meta(name), target_kind="Deployment", **given))
    for name, given in case.get("quotas", {}).items():
        builder.put("quotas", Quota(Meta(name), **given))
    for number, given in enumerate(case.get("events", ())):
        builder.put("events", _event(number, given))
    _add_records(builder, case)
    return builder.build(frozenset(case.get("unread", ())))


def _add_workload(builder: WorldBuilder, component: Component, slot: SlotName, given: Mapping[str, Any]) -> None:
    own = {**{k: v for k, v in given.items() if k not in ("backend", "frontend")}, **(given.get(component.name) or {})}
    if own.pop("absent", False):
        return
    pods = own.pop("pods", 3)
    release = own.pop("release", "")
    annotations = {facts.RELEASE: release} if release and not own.pop("unmarked", False) else {}
    if own.pop("stable", False):
        annotations[facts.STABLE] = release
    annotations |= own.pop("annotations", {})
    image = own.pop("image", f"{component.image}:{release or 'v1'}")
    trouble = own.pop("trouble", {})
    started = own.pop("started", 12.0)
    name = component.deployments[slot]
    labels = {"app": component.name, builder.environment.slot_key: slot}
    desired = own.pop("desired", pods)
    available = own.pop("available", own.get("ready", pods))
    own.setdefault("generation", 4)
    rollout = Rollout(**{k: str(v) for k, v in own.pop("rollout", {}).items()})
    managers = tuple(_manager(m) for m in own.pop("managers", ()))
    deployment = Deployment(
        meta=Meta(name, uid=f"uid-{name}", resource_version="7", labels=labels, annotations=annotations, managers=managers),
        desired=desired,
        replicas=own.pop("total", pods),
        updated=own.pop("updated", pods),
        ready=own.pop("ready", pods),
        available=available,
        observed_generation=own.pop("observed", own["generation"]),
        images=own.pop("images", {component.container: image}),
        containers=tuple(own.pop("containers", (component.container,))),
        template_labels=own.pop("template_labels", labels),
        selector=own.pop("selector", labels),
        requests=own.pop("requests", {"cpu": "500m", "memory": "512Mi"}),
        limits=own.pop("limits", {"cpu": "1", "memory": "1Gi"}),
        revision=own.pop("revision", 2),
        rollout=rollout,
        conditions=tuple(Condition(**c) for c in own.pop("conditions", ())),
        **own,
    )
    builder.put("deployments", deployment)
    _add_pods(builder, deployment, component, pods, available, trouble, started)


def _add_pods(
    builder: WorldBuilder,
    deployment: Deployment,
    component: Component,
    pods: int,
    available: int,
    trouble: Mapping[str, Any],
    started: float,
) -> None:
    set_name = f"{deployment.name}-6f9"
    failure = trouble.get("replica_failure")
    conditions = (Condition("ReplicaFailure", "True", "FailedCreate", failure),) if failure else ()
    builder.put(
        "replica_sets",
        ReplicaSet(
            Meta(set_name, owner=deployment.name),
            deployment.desired,
            pods,
            available,
            available,
            deployment.revision,
            deployment.images,
            "6f9",
            conditions,
        ),
    )
    for number in range(pods):
        builder.put("pods", _pod(builder, f"{set_name}-{number}", set_name, component, number < available, trouble, started, number))


def _pod(
    builder: WorldBuilder, name: str, owner: str, component: Component, ready: bool, trouble: Mapping[str, Any], started: float, number: int
) -> Pod:
    created = builder.at - timedelta(hours=1)
    state: Mapping[str, Any] = {"state": "running", "ready": True} if ready else {"state": "running", **trouble.get("container", {})}
    conditions = [Condition("Ready", "True" if ready else "False", since=created + timedelta(seconds=started))]
    if not ready and "unschedulable" in trouble:
        conditions.append(Condition("PodScheduled", "False", "Unschedulable", trouble["unschedulable"]))
        state = {}
    containers = (ContainerState(component.container, **state),) if state else ()
    phase: Any = "Running" if state.get("state") == "running" else trouble.get("phase", "Pending")
    address = f"10.0.{len(builder.objects.get('pods', {}))}.{number + 1}"
    return Pod(
        Meta(name, owner=owner, created=created), phase=phase, ip=address, containers=containers, conditions=tuple(conditions), port=8080
    )


def _add_service(builder: WorldBuilder, component: Component, services: Mapping[str, Any]) -> None:
    given = services.get(component.name, services.get("all"))
    if given is None:
        return
    given = dict(given) if isinstance(given, Mapping) else {"slot": given}
    selector = {"app": str(component.name)} | ({builder.environment.slot_key: given["slot"]} if given.get("slot") else {})
    annotations = {f"bluegreen/{k}": str(v) for k, v in given.get("notes", {}).items()} | given.get("annotations", {})
    managers = tuple(_manager(m) for m in given.get("managers", ()))
    meta = Meta(component.service, uid=f"uid-{component.service}", resource_version="41", annotations=annotations, managers=managers)
    builder.put("services", Service(meta, selector=given.get("selector", selector), cluster_ip="10.96.0.7", ports=(80,)))
    _add_slice(builder, component, given.get("endpoints", given.get("slot")))


def _add_slice(builder: WorldBuilder, component: Component, slots: Any) -> None:
    """Endpoints are the ready pods of the slots named: one slot, or several while a switch is still spreading."""
    wanted = [slots] if isinstance(slots, str) else list(slots or ())
    owners = {f"{component.deployments[SlotName(s)]}-6f9" for s in wanted if SlotName(s) in component.deployments}
    pods = [p for p in builder.objects.get("pods", {}).values() if p.meta.owner in owners]
    endpoints = tuple(Endpoint(p.ip, p.name, ready=p.ready, serving=p.ready) for p in pods)
    builder.put("slices", EndpointSlice(Meta(f"{component.service}-x1"), service=component.service, endpoints=endpoints))


def _add_records(builder: WorldBuilder, case: Case) -> None:
    application = builder.environment.application
    for name, given in case.get("records", {}).items():
        release = release_of(name, given or {}, builder.environment)
        hold = (given or {}).get("hold")
        record = ReleaseRecord(release, Hold(hold["reason"], hold["by"], NOON) if hold else None)
        config_map_name = release_record_name(application, release.name)
        labels = {facts.RECORD_LABEL: "release", facts.APPLICATION_LABEL: application}
        meta = Meta(config_map_name, uid=f"uid-{name}", resource_version="3", labels=labels)
        builder.put("records", ConfigMap(meta, (given or {}).get("data") or encode_release(record)))
    if "history" in case:
        labels = {facts.RECORD_LABEL: "slots", facts.APPLICATION_LABEL: application}
        records = tuple(_slot_record(h, n) for n, h in enumerate(case["history"]))
        meta = Meta(history_record_name(application), uid="uid-history", resource_version="5", labels=labels)
        builder.put("records", ConfigMap(meta, encode_history(records)))


def _slot_record(text: str, position: int) -> SlotRecord:
    """`blue 3 v1.4.2 stable`, `green 4 v1.5.0 run=7@u`"""
    slot, number, release, *more = text.split()
    at = NOON - timedelta(days=10 - position)
    run = next((word.removeprefix("run=") for word in more if word.startswith("run=")), f"{position}@u")
    return SlotRecord(SlotName(slot), int(number), ReleaseName(release), at, run, at if "stable" in more else None)


def release_of(name: str, given: Mapping[str, Any], environment: Environment) -> Release:
    images = {c.name: f"{c.image}:{name}" for c in environment.components} | dict(given.get("images", {}))
    return Release(
        ReleaseName(name),
        {ComponentName(k): v for k, v in images.items() if v},
        migration_revision=given.get("revision", ""),
        migration_class=given.get("migration", "none"),
        expected=given.get("expected", {}),
    )


def _event(number: int, given: Mapping[str, Any]) -> Event:
    return Event(
        Meta(f"event-{number}"), last_seen=NOON + timedelta(seconds=number), **({"type": "Warning", "object_kind": "Pod"} | dict(given))
    )


def _manager(given: Mapping[str, Any]) -> FieldManager:
    paths = frozenset(given["paths"])
    return FieldManager(given["name"], given.get("operation", "Update"), paths, subresource=given.get("subresource", ""))


def _time(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else value
