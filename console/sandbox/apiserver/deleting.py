"""What a deletion does to an object: at once, after a pod's grace, or when its finalizers are done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from console.sandbox.apiserver.metadata import rfc3339
from console.sandbox.apiserver.resources import NAMESPACES, PODS, Object, Resource
from console.sandbox.apiserver.store import Stored
from console.sandbox.apiserver.strategies import WITH_GENERATION
from console.sandbox.apiserver.writes import Deletion

ORPHAN: Final = "orphan"
FOREGROUND: Final = "foregroundDeletion"
_BY_POLICY: Final = {"Orphan": ORPHAN, "Foreground": FOREGROUND}


@dataclass(frozen=True, slots=True)
class Plan:
    """How a deletion goes on."""

    finalizers: tuple[str, ...]
    seconds: int
    """Grace of a pod; 0 for everything else."""
    at_once: bool


def plan_deletion(live: Stored, deletion: Deletion) -> Plan:
    """What a request for deletion means for this object."""
    body = live.body
    kept = [each for each in body["metadata"].get("finalizers", ()) if not deletion.policy or each not in (ORPHAN, FOREGROUND)]
    if deletion.policy in _BY_POLICY:
        kept.append(_BY_POLICY[deletion.policy])
    seconds = _grace(live, deletion.grace)
    waits = bool(kept) or seconds > 0 or (live.resource is NAMESPACES and bool(body["spec"].get("finalizers")))
    return Plan(tuple(kept), seconds, not waits)


def _grace(live: Stored, asked: int | None) -> int:
    """Seconds that a pod on a node gets; one that never reached a node or has ended goes at once."""
    body = live.body
    if live.resource is not PODS or not body["spec"].get("nodeName") or body["status"].get("phase") in ("Succeeded", "Failed"):
        return 0
    seconds: int = body["spec"].get("terminationGracePeriodSeconds", 30) if asked is None else asked
    running: int | None = body["metadata"].get("deletionGracePeriodSeconds")
    return seconds if running is None else min(seconds, running)


def begun_deletion(live: Stored, plan: Plan, *, now: datetime) -> Object:
    """The object's body once its deletion has begun."""
    body = live.copy()
    metadata = body["metadata"]
    if plan.at_once and live.resource is not PODS:
        return body
    if plan.finalizers:
        metadata["finalizers"] = list(plan.finalizers)
    shortened = metadata.get("deletionGracePeriodSeconds", plan.seconds) > plan.seconds
    first = "deletionTimestamp" not in metadata
    if first or shortened:
        metadata["deletionTimestamp"] = rfc3339(now + timedelta(seconds=plan.seconds))
        if live.resource is not NAMESPACES:
            metadata["deletionGracePeriodSeconds"] = plan.seconds
        if first and live.resource.kind in WITH_GENERATION:
            metadata["generation"] = metadata.get("generation", 0) + 1
    if live.resource is NAMESPACES:
        body["status"]["phase"] = "Terminating"
    return body


def is_done(resource: Resource, body: Object) -> bool:
    """Whether nothing holds a deleted object any more after a write."""
    metadata = body["metadata"]
    if "deletionTimestamp" not in metadata or metadata.get("finalizers") or metadata.get("deletionGracePeriodSeconds"):
        return False
    return not (resource is NAMESPACES and body["spec"].get("finalizers"))
