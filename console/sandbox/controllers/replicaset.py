"""The ReplicaSet controller: as many pods as wanted, the least useful ones removed first."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from console.sandbox.apiserver.errors import ApiError
from console.sandbox.apiserver.metadata import rfc3339
from console.sandbox.apiserver.registry import Registry
from console.sandbox.apiserver.resources import PODS, REPLICA_SETS, Key, Object, Resource
from console.sandbox.apiserver.selectors import from_labels, from_object
from console.sandbox.apiserver.store import Change, Stored
from console.sandbox.apiserver.writes import Clock, Write
from console.sandbox.controllers.controller import Controller
from console.sandbox.controllers.events import Recorder
from console.sandbox.controllers.objects import (
    OwnerIndex,
    being_deleted,
    condition,
    controller_of,
    is_active,
    is_ready,
    owner_keys,
    owner_reference,
    parse_time,
    seconds_until_available,
)
from console.sandbox.controllers.templates import pod_from

MANAGER: Final = Write(manager="kube-controller-manager")
STATUS: Final = Write(manager="kube-controller-manager", subresource="status")
BURST: Final = 50
"""Pods created or deleted in one go; the next go follows at once, but requests are answered in between."""
DELETION_COST: Final = "controller.kubernetes.io/pod-deletion-cost"


class ReplicaSetController(Controller[Key]):
    """Keeps the pods of ReplicaSets."""

    watched = (REPLICA_SETS, PODS)

    def __init__(self, registry: Registry, *, now: Clock) -> None:
        super().__init__()
        self._registry = registry
        self._now = now
        self._events = Recorder(registry, "replicaset-controller")
        self._pods = OwnerIndex(registry.store.of(PODS))

    def keys_of(self, resource: Resource, change: Change) -> Iterable[Key]:
        """A ReplicaSet, the owner of a pod, or every ReplicaSet that could adopt an orphan."""
        if resource is REPLICA_SETS:
            yield change.key
            return
        yield from owner_keys(change, "ReplicaSet")
        if change.new is not None and controller_of(change.new.body) is None and change.new.body["metadata"].get("labels"):
            labels = change.new.body["metadata"]["labels"]
            for each in self._registry.store.of(REPLICA_SETS).all(change.key[0]):
                if from_object(each.body["spec"]["selector"]).matches(labels):
                    yield each.key

    def reconcile(self, key: Key) -> float | None:
        """Create or delete what is missing or too much, then report."""
        replica_set = self._registry.store.of(REPLICA_SETS).get(key)
        if replica_set is None:
            return None
        failure: ApiError | None = None
        wanted: int = replica_set.body["spec"]["replicas"]
        if not being_deleted(replica_set.body):
            self._adopt(replica_set)
            failure = self._resize(replica_set, self._active(replica_set), wanted)
        again = self._report(replica_set, failure, wanted)
        if failure is not None:
            raise failure
        return again

    def _active(self, replica_set: Stored) -> list[Stored]:
        return [pod for pod in self._pods.of(replica_set.uid) if is_active(pod.body)]

    def _adopt(self, replica_set: Stored) -> None:
        """Take orphans that match the selector; the label index keeps this to the few pods without a controller."""
        selector = from_object(replica_set.body["spec"]["selector"])
        for pod in [each for each in self._pods.orphans(replica_set.key[0]) if selector.matches(each.body["metadata"].get("labels"))]:
            if is_active(pod.body):
                self._registry.update(PODS, pod.key, lambda live: _owned_by(live, replica_set), MANAGER)

    def _resize(self, replica_set: Stored, active: Sequence[Stored], wanted: int) -> ApiError | None:
        missing = wanted - len(active)
        if missing >= 0:
            return self._create(replica_set, min(missing, BURST))
        surplus = min(-missing, BURST)
        for pod in removal_order(active, now=self._now())[:surplus]:
            self._registry.delete(PODS, pod.key)
            self._events.normal(replica_set, "SuccessfulDelete", f"Deleted pod: {pod.key[1]}")
        return None

    def _create(self, replica_set: Stored, count: int) -> ApiError | None:
        """Create pods; the first refusal (quota, admission) ends the attempt."""
        template = replica_set.body["spec"]["template"]
        body = pod_from(template, resource=REPLICA_SETS, owner=replica_set, generateName=f"{replica_set.key[1]}-")
        for _ in range(count):
            try:
                pod = self._registry.create(PODS, replica_set.key[0], body, MANAGER).object
            except ApiError as error:
                self._events.warning(replica_set, "FailedCreate", f"Error creating: {error.message}")
                return error
            self._events.normal(replica_set, "SuccessfulCreate", f"Created pod: {pod.key[1]}")
        return None

    def _report(self, replica_set: Stored, failure: ApiError | None, wanted: int) -> float | None:
        """Write the status; seconds until the next pod becomes available by itself."""
        live = self._registry.store.of(REPLICA_SETS).get(replica_set.key)
        if live is None:
            return None
        pods = self._pods.of(live.uid)
        active = [pod.body for pod in pods if is_active(pod.body)]
        min_ready = live.body["spec"].get("minReadySeconds", 0)
        waits = [seconds_until_available(pod, min_ready=min_ready, now=self._now()) for pod in active]
        labels = from_labels(live.body["spec"]["template"].get("metadata", {}).get("labels", {}))
        counts = {
            "fullyLabeledReplicas": sum(1 for pod in active if labels.matches(pod["metadata"].get("labels"))),
            "readyReplicas": sum(1 for pod in active if is_ready(pod)),
            "availableReplicas": sum(1 for wait in waits if wait == 0),
        }
        status: Object = {"replicas": len(active)} | {name: count for name, count in counts.items() if count}
        status["terminatingReplicas"] = sum(
            1 for pod in pods if being_deleted(pod.body) and pod.body["status"].get("phase") not in ("Succeeded", "Failed")
        )
        status["observedGeneration"] = live.body["metadata"]["generation"]
        conditions = self._conditions(live.body, failure, missing=wanted > len(active))
        if conditions:
            status["conditions"] = conditions
        if status != live.body["status"]:
            self._registry.update(REPLICA_SETS, live.key, lambda body: body | {"status": status}, STATUS)
        return min((wait for wait in waits if wait), default=None)

    def _conditions(self, body: Object, failure: ApiError | None, *, missing: bool) -> list[Object]:
        others = [each for each in body["status"].get("conditions", ()) if each["type"] != "ReplicaFailure"]
        if failure is None:
            return others
        reason = "FailedCreate" if missing else "FailedDelete"
        current = condition(body, "ReplicaFailure")
        if current is not None and current["reason"] == reason:
            return [*others, current]
        said = {"type": "ReplicaFailure", "status": "True", "lastTransitionTime": rfc3339(self._now())}
        return [*others, {**said, "reason": reason, "message": failure.message}]


def _owned_by(live: Object, replica_set: Stored) -> Object:
    live["metadata"].setdefault("ownerReferences", []).append(owner_reference(REPLICA_SETS, replica_set))
    return live


def removal_order(pods: Sequence[Stored], *, now: datetime) -> list[Stored]:
    """Pods with the first to go first: unassigned, pending, not ready, cheap, crowded on one node, newly ready, restarted, young."""
    crowd = Counter(pod.body["spec"].get("nodeName", "") for pod in pods)

    def usefulness(pod: Stored) -> tuple[Any, ...]:
        body = pod.body
        node = body["spec"].get("nodeName", "")
        ready = is_ready(body)
        since = condition(body, "Ready") or {}
        restarts = max((each.get("restartCount", 0) for each in body["status"].get("containerStatuses", ())), default=0)
        return (
            bool(node),
            {"Pending": 0, "Unknown": 1, "Running": 2}.get(body["status"].get("phase", ""), 1),
            ready,
            _cost(body),
            -crowd[node],
            _age_class(since.get("lastTransitionTime"), now) if ready else 0,
            -restarts,
            _age_class(body["metadata"]["creationTimestamp"], now),
            body["metadata"]["uid"],
        )

    return sorted(pods, key=usefulness)


def _cost(body: Object) -> int:
    text = (body["metadata"].get("annotations") or {}).get(DELETION_COST, "0")
    try:
        return int(text)
    except ValueError:
        return 0


def _age_class(since: str | None, now: datetime) -> int:
    """Ages on a logarithmic scale, so that pods of about one age are treated alike."""
    if not since:
        return 0
    seconds = (now - parse_time(since)).total_seconds()
    return int(math.log2(seconds)) + 1 if seconds >= 1 else 0
