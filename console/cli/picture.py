"""One look at everything: what the Overview shows, read once, as the same state the screens draw from."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from console.cli.loading import loaded
from console.cli.parts import Connection
from console.domain.environment import Environment
from console.domain.health import ProbeResult
from console.domain.snapshot import LIVE, LinkSeen, ProbesSeen, Snapshot
from console.domain.views.derived import derive
from console.domain.views.state import ConsoleState
from console.domain.world import KINDS, Kind, KubeObject, Listed, Lost, World
from console.engine.lease import lease_name
from console.engine.ports import LeaseState
from console.store import Store

PROBER = "console.probes.prober"


@dataclass(frozen=True)
class Picture:
    """What was seen, and who drives."""

    state: ConsoleState
    lease: LeaseState | None


async def take_picture(connection: Connection) -> Picture:
    """Read namespace, health, figures and lease side by side. Raises what the cluster raises; a figure that fails is shown as unknown."""
    environment, cluster = connection.site.environment, connection.cluster
    store = Store(namespace=environment.cluster.namespace)
    asked = asyncio.gather(cluster.observe(KINDS), cluster.lease(lease_name(environment.application)), cluster.identity())
    live = asyncio.create_task(_live(connection))
    metrics = asyncio.create_task(_figures(connection, store))
    try:
        world, lease, identity = await asked
        _put_world(store, world)
        await loaded(PROBER)
        slots = await asyncio.gather(*(connection.probes.slot(slot, world) for slot in environment.slots))
        store.put(ProbesSeen(LIVE, await live))
        for slot, results in zip(environment.slots, slots, strict=True):
            store.put(ProbesSeen(slot, results))
        await metrics
    finally:
        for task in (asked, live, metrics):
            task.cancel()
        await asyncio.gather(asked, live, metrics, return_exceptions=True)
    return Picture(_state(connection, store.current(), identity.user), lease)


async def state_of(connection: Connection) -> ConsoleState:
    """The namespace read once, without health checks and figures. Raises what the cluster raises."""
    store = Store(namespace=connection.site.environment.cluster.namespace)
    world, identity = await asyncio.gather(connection.cluster.observe(KINDS), connection.cluster.identity())
    _put_world(store, world)
    return _state(connection, store.current(), identity.user)


async def _live(connection: Connection) -> tuple[ProbeResult, ...]:
    """Health at the entry point. Its client is imported while the API server works on its answers, as is that of the figures."""
    await loaded(PROBER)
    return await connection.probes.live()


async def _figures(connection: Connection, store: Store) -> None:
    """One round of figures; nothing where no Prometheus is configured."""
    environment = connection.site.environment
    if not environment.prometheus:
        return
    await loaded("console.metrics.prometheus")
    from console.metrics.prometheus import Prometheus
    from console.metrics.rounds import look

    source = Prometheus(environment.prometheus)
    try:
        store.put(await look(source, environment))
    finally:
        source.close()


def _put_world(store: Store, world: World) -> None:
    store.put(LinkSeen(ok=True, server_time=world.at))
    of_kind: Mapping[Kind, Mapping[str, KubeObject]] = {
        "Deployment": world.deployments,
        "ReplicaSet": world.replica_sets,
        "Pod": world.pods,
        "Service": world.services,
        "EndpointSlice": world.slices,
        "Event": world.events,
        "HorizontalPodAutoscaler": world.autoscalers,
        "ResourceQuota": world.quotas,
        "ConfigMap": world.records,
    }
    for kind in KINDS:
        store.put(_listed(kind, world, tuple(of_kind[kind].values())))


def _listed(kind: Kind, world: World, objects: tuple[KubeObject, ...]) -> Listed[KubeObject] | Lost:
    if kind in world.unread:
        return Lost(kind, f"{kind}s may not be listed", forbidden=True)
    return Listed(kind, objects, "", world.at)


def _state(connection: Connection, snapshot: Snapshot, user: str) -> ConsoleState:
    site, now = connection.site, datetime.now(UTC)
    return replace(
        ConsoleState(now=now, zone=zone_of(site.environment), connecting=connection.client.server, environment=site.environment),
        connected=True,
        identity=user,
        read_only=site.read_only,
        snapshot=snapshot,
        snapshot_at=now,
        derived=derive(site.environment, snapshot.world),
    )


def zone_of(environment: Environment) -> tzinfo:
    """The environment's time zone; UTC when this machine does not know it."""
    try:
        return ZoneInfo(environment.cluster.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
