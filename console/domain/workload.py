"""Which ReplicaSets and Pods belong to a Deployment: by their owners, never by their names."""

from __future__ import annotations

from console.domain.world import Deployment, Pod, ReplicaSet, World


def replica_sets_of(deployment: Deployment, world: World) -> tuple[ReplicaSet, ...]:
    """Newest revision first."""
    owned = (r for r in world.replica_sets.values() if r.meta.owner == deployment.name)
    return tuple(sorted(owned, key=lambda r: (r.revision, r.name), reverse=True))


def current_replica_set(deployment: Deployment, world: World) -> ReplicaSet | None:
    """The ReplicaSet of the Deployment's present revision; None while the controller has not made one."""
    owned = replica_sets_of(deployment, world)
    return next((r for r in owned if r.revision == deployment.revision), owned[0] if owned else None)


def pods_of(deployment: Deployment, world: World) -> tuple[Pod, ...]:
    """Pods of all its revisions."""
    return tuple(pod for replica_set in replica_sets_of(deployment, world) for pod in pods_of_replica_set(replica_set, world))


def pods_of_replica_set(replica_set: ReplicaSet, world: World) -> tuple[Pod, ...]:
    return world.pods_by_owner.get(replica_set.name, ())
