"""The status of a Deployment: counts and the conditions Available, Progressing and ReplicaFailure. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from console.sandbox.apiserver.metadata import rfc3339
from console.sandbox.apiserver.resources import Object
from console.sandbox.controllers.objects import condition, parse_time

NO_DEADLINE: Final = 2**31 - 1
COUNTS: Final = ("updatedReplicas", "readyReplicas", "availableReplicas")


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What the status is computed from."""

    deployment: Object
    new: Object | None
    """The ReplicaSet of the present template."""
    everything: Sequence[Object]
    """All ReplicaSets."""
    max_unavailable: int
    now: datetime


def next_status(situation: Situation, *, conditions: Sequence[Object], rolling: bool) -> Object:
    """The whole status; `rolling` is False where only sizes are watched (paused or being deleted)."""
    spec = situation.deployment["spec"]
    status = _counts(situation)
    enough = status.get("availableReplicas", 0) >= spec["replicas"] - situation.max_unavailable
    found = with_condition(conditions, _available(enough), situation.now)
    if rolling:
        found = _progress(situation, status, found)
        found = _failure(situation, found)
    if found:
        status["conditions"] = found
    return status


def _counts(situation: Situation) -> Object:
    deployment, everything = situation.deployment, situation.everything
    total = sum(each["spec"]["replicas"] for each in everything)
    available = _sum(everything, "availableReplicas")
    counts = {
        "observedGeneration": deployment["metadata"].get("generation", 0),
        "replicas": _sum(everything, "replicas"),
        "updatedReplicas": _sum([situation.new] if situation.new else [], "replicas"),
        "readyReplicas": _sum(everything, "readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(0, total - available),
    }
    status = {name: count for name, count in counts.items() if count}
    status["terminatingReplicas"] = _sum(everything, "terminatingReplicas")
    collisions = deployment["status"].get("collisionCount")
    return status | ({"collisionCount": collisions} if collisions is not None else {})


def _sum(replica_sets: Iterable[Object], count: str) -> int:
    return sum(each["status"].get(count, 0) for each in replica_sets)


def _available(enough: bool) -> Object:
    if enough:
        return new_condition("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    return new_condition("Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")


def is_complete(deployment: Object, status: Object) -> bool:
    """Whether all pods are of the present template and available."""
    replicas = deployment["spec"]["replicas"]
    counts = (status.get(name, 0) for name in ("updatedReplicas", "replicas", "availableReplicas"))
    return all(count == replicas for count in counts) and status.get("observedGeneration", 0) >= deployment["metadata"].get("generation", 0)


def _progress(situation: Situation, status: Object, conditions: list[Object]) -> list[Object]:
    deployment, now = situation.deployment, situation.now
    if not has_deadline(deployment):
        return [each for each in conditions if each["type"] != "Progressing"]
    current = next((each for each in conditions if each["type"] == "Progressing"), None)
    settled = current is not None and current["reason"] == "NewReplicaSetAvailable"
    if settled and status.get("replicas", 0) == status.get("updatedReplicas", 0):
        return conditions
    subject = _subject(situation)
    if is_complete(deployment, status):
        done = new_condition("Progressing", "True", "NewReplicaSetAvailable", f"{subject} has successfully progressed.")
        return with_condition(conditions, done, now)
    if _moved(deployment["status"], status):
        moving = new_condition("Progressing", "True", "ReplicaSetUpdated", f"{subject} is progressing.")
        return with_condition(conditions, moving, now, touch=True)
    if is_timed_out(deployment, current, now):
        late = new_condition("Progressing", "False", "ProgressDeadlineExceeded", f"{subject} has timed out progressing.")
        return with_condition(conditions, late, now)
    return conditions


def _subject(situation: Situation) -> str:
    if situation.new is not None:
        return f'ReplicaSet "{situation.new["metadata"]["name"]}"'
    return f'Deployment "{situation.deployment["metadata"]["name"]}"'


def _moved(old: Object, new: Object) -> bool:
    outdated = [each.get("replicas", 0) - each.get("updatedReplicas", 0) for each in (old, new)]
    return outdated[1] < outdated[0] or any(new.get(name, 0) > old.get(name, 0) for name in COUNTS)


def has_deadline(deployment: Object) -> bool:
    """Whether lack of progress is ever called a failure."""
    return bool(deployment["spec"].get("progressDeadlineSeconds", NO_DEADLINE) != NO_DEADLINE)


def is_timed_out(deployment: Object, current: Object | None, now: datetime) -> bool:
    """Whether nothing has moved for longer than progressDeadlineSeconds."""
    if current is None or current["reason"] == "NewReplicaSetAvailable":
        return False
    if current["reason"] == "ProgressDeadlineExceeded":
        return True
    return now > deadline_of(deployment, current)


def deadline_of(deployment: Object, progressing: Object) -> datetime:
    """When the next sign of progress is due."""
    return parse_time(progressing["lastUpdateTime"]) + timedelta(seconds=deployment["spec"]["progressDeadlineSeconds"])


def _failure(situation: Situation, conditions: list[Object]) -> list[Object]:
    """ReplicaFailure is the newest template's, or any other ReplicaSet's where that one has none."""
    others = [each for each in situation.everything if each is not situation.new]
    for replica_set in ([situation.new] if situation.new else []) + others:
        failure = condition(replica_set, "ReplicaFailure")
        if failure is not None:
            return with_condition(
                conditions, new_condition("ReplicaFailure", failure["status"], failure["reason"], failure["message"]), situation.now
            )
    return [each for each in conditions if each["type"] != "ReplicaFailure"]


def new_condition(kind: str, status: str, reason: str, message: str) -> Object:
    """A condition without its times."""
    return {"type": kind, "status": status, "reason": reason, "message": message}


def with_condition(conditions: Sequence[Object], wanted: Object, now: datetime, *, touch: bool = False) -> list[Object]:
    """The conditions with one set; its times move only when status or reason change, or the update time when it is touched."""
    current = next((each for each in conditions if each["type"] == wanted["type"]), None)
    if current is not None and not touch and (current["status"], current["reason"]) == (wanted["status"], wanted["reason"]):
        return list(conditions)
    moment = rfc3339(now)
    since: Any = current["lastTransitionTime"] if current is not None and current["status"] == wanted["status"] else moment
    complete = {
        "type": wanted["type"],
        "status": wanted["status"],
        "lastUpdateTime": moment,
        "lastTransitionTime": since,
        "reason": wanted["reason"],
        "message": wanted["message"],
    }
    return [*(each for each in conditions if each["type"] != wanted["type"]), complete]
