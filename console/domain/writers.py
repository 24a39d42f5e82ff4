"""Whose hand was on an object: read from its field managers, to name those who changed what we were about to change (SAFETY 1, rule 15)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from console.domain.facts import MANAGER
from console.domain.world import FieldManager, Meta

CONTROLLER = "kube-controller-manager"
OWN = frozenset({MANAGER, CONTROLLER, "kube-scheduler", "kubelet", "kube-apiserver"})
"""Ours, and those of the cluster itself."""
AUTOSCALER = "an autoscaler"
_EPOCH = datetime.fromtimestamp(0, UTC)


def managers_of_field(managers: Iterable[FieldManager], path: str) -> tuple[FieldManager, ...]:
    """Who holds `path`, apart from the status."""
    return tuple(m for m in managers if m.subresource != "status" and any(covers(p, path) for p in m.paths))


def scales(manager: FieldManager) -> bool:
    """It set a size through the scale subresource, as `kubectl scale` and autoscalers do."""
    return manager.subresource == "scale"


def is_foreign(manager: FieldManager) -> bool:
    """Neither ours nor the cluster's own; an autoscaler writes in the name of the controller manager, and counts."""
    return manager.name not in OWN or (manager.name == CONTROLLER and scales(manager))


def named(manager: FieldManager) -> str:
    """`kubectl-edit`, `kubectl scale`, `an autoscaler`."""
    if scales(manager):
        return AUTOSCALER if manager.name == CONTROLLER else f"{manager.name} scale" if manager.name == "kubectl" else manager.name
    return manager.name


def holder_of(meta: Meta, path: str) -> str:
    """Who else holds `path`; empty where it is ours or nobody's."""
    return _newest(m for m in managers_of_field(meta.managers, path) if is_foreign(m))


def last_hand(meta: Meta, *, since: Meta | None = None) -> str:
    """The foreign writer that was here last; with `since`, only of what was written after the object looked like that."""
    known = {(m.name, m.operation, m.subresource, m.time) for m in since.managers} if since else set()
    found = (m for m in meta.managers if is_foreign(m) and m.subresource != "status")
    return _newest(m for m in found if (m.name, m.operation, m.subresource, m.time) not in known)


def covers(held: str, path: str) -> bool:
    """The field itself, something below it, or the whole it is an inseparable part of (a Service's selector has one holder)."""
    return held == path or held.startswith((path + ".", path + "[")) or path.startswith(held + ".")


def _newest(managers: Iterable[FieldManager]) -> str:
    found = max(managers, key=lambda m: m.time or _EPOCH, default=None)
    return named(found) if found else ""
