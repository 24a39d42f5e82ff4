"""Revisions of a Deployment: the annotations on it and on its ReplicaSets that number and size its templates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from console.sandbox.apiserver.resources import Object

REVISION: Final = "deployment.kubernetes.io/revision"
HISTORY: Final = "deployment.kubernetes.io/revision-history"
DESIRED: Final = "deployment.kubernetes.io/desired-replicas"
LIMIT: Final = "deployment.kubernetes.io/max-replicas"
NOT_COPIED: Final = frozenset(
    {"kubectl.kubernetes.io/last-applied-configuration", REVISION, HISTORY, DESIRED, LIMIT, "deprecated.deployment.rollback.to"}
)


def annotations_of(body: Object) -> Mapping[str, str]:
    """An object's annotations."""
    found: Mapping[str, str] = body["metadata"].get("annotations") or {}
    return found


def revision_of(body: Object) -> int:
    """The number of a ReplicaSet's template; 0 for one without."""
    return number(body, REVISION) or 0


def number(body: Object, name: str) -> int | None:
    """An annotation that holds a number."""
    text = annotations_of(body).get(name, "")
    return int(text) if text.isdecimal() else None


def highest(replica_sets: Iterable[Object]) -> int:
    """The newest revision among ReplicaSets."""
    return max((revision_of(each) for each in replica_sets), default=0)


def of_new(deployment: Object, current: Mapping[str, str], revision: int) -> dict[str, str]:
    """The annotations of the ReplicaSet of the present template: the Deployment's, and its number, older numbers kept."""
    wanted = dict(current) | {key: value for key, value in annotations_of(deployment).items() if key not in NOT_COPIED}
    before = current.get(REVISION, "")
    if not before.isdecimal() or int(before) < revision:
        if before:
            earlier = [each for each in current.get(HISTORY, "").split(",") if each]
            if before not in earlier:
                wanted[HISTORY] = ",".join([*earlier, before])
        wanted[REVISION] = str(revision)
    return wanted


def sized(current: Mapping[str, str], replicas: int, limit: int) -> dict[str, str]:
    """Annotations that remember the Deployment's size at this moment."""
    return dict(current) | {DESIRED: str(replicas), LIMIT: str(limit)}
