"""The Deployment controller: one ReplicaSet per pod template, sized step by step as `rollout` decides."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from console.sandbox.apiserver.errors import ApiError
from console.sandbox.apiserver.registry import Registry
from console.sandbox.apiserver.resources import DEPLOYMENTS, PODS, REPLICA_SETS, Key, Object, Resource
from console.sandbox.apiserver.selectors import from_object
from console.sandbox.apiserver.store import Change, Stored
from console.sandbox.apiserver.writes import Clock, Write
from console.sandbox.controllers import deployment_status as status_of
from console.sandbox.controllers import revisions, rollout
from console.sandbox.controllers.controller import Controller
from console.sandbox.controllers.events import Recorder
from console.sandbox.controllers.objects import (
    OwnerIndex,
    being_deleted,
    condition,
    controller_of,
    is_finished,
    owner_keys,
    owner_reference,
    parse_time,
)
from console.sandbox.controllers.templates import HASH_LABEL, same_template, template_hash

MANAGER: Final = Write(manager="kube-controller-manager")
STATUS: Final = Write(manager="kube-controller-manager", subresource="status")


class DeploymentController(Controller[Key]):
    """Brings Deployments to their wanted state."""

    watched = (DEPLOYMENTS, REPLICA_SETS, PODS)

    def __init__(self, registry: Registry, *, now: Clock) -> None:
        super().__init__()
        self._registry = registry
        self._now = now
        self._events = Recorder(registry, "deployment-controller")
        self._replica_sets = OwnerIndex(registry.store.of(REPLICA_SETS))
        self._pods = OwnerIndex(registry.store.of(PODS))

    def keys_of(self, resource: Resource, change: Change) -> Iterable[Key]:
        """A Deployment, the owner of a ReplicaSet, or, where an old pod's end is waited for, the owner of its owner."""
        if resource is DEPLOYMENTS:
            yield change.key
        elif resource is REPLICA_SETS:
            yield from owner_keys(change, "Deployment")
            if change.new is not None and controller_of(change.new.body) is None:
                yield from (each.key for each in self._registry.store.of(DEPLOYMENTS).all(change.key[0]))
        elif change.new is None or is_finished(change.new.body):
            for namespace, name in owner_keys(change, "ReplicaSet"):
                replica_set = self._registry.store.of(REPLICA_SETS).get((namespace, name))
                owner = controller_of(replica_set.body) if replica_set else None
                if owner is not None:
                    yield namespace, owner["name"]

    def reconcile(self, key: Key) -> float | None:
        """One step of one Deployment."""
        deployment = self._registry.store.of(DEPLOYMENTS).get(key)
        if deployment is None:
            return None
        if being_deleted(deployment.body):
            self._write_status(deployment, self._owned(deployment), rolling=False)
            return None
        self._adopt(deployment)
        deployment = self._note_pause(deployment)
        replica_sets = self._owned(deployment)
        if not deployment.body["spec"].get("paused"):
            deployment = self._number(deployment, replica_sets, create=False)
            replica_sets = self._owned(deployment)
        self._take_step(deployment, replica_sets)
        deployment = self._registry.find(DEPLOYMENTS, key)
        replica_sets = self._owned(deployment)
        rolling = not deployment.body["spec"].get("paused")
        deployment = self._write_status(deployment, replica_sets, rolling=rolling)
        if status_of.is_complete(deployment.body, deployment.body["status"]) or not rolling:
            self._clean_up(deployment, replica_sets)
        return self._seconds_to_deadline(deployment)

    def _owned(self, deployment: Stored) -> list[Stored]:
        return sorted(self._replica_sets.of(deployment.uid), key=lambda each: (each.body["metadata"]["creationTimestamp"], each.key))

    def _adopt(self, deployment: Stored) -> None:
        """Take ReplicaSets that match the selector and have no controller."""
        selector = from_object(deployment.body["spec"]["selector"])
        for stored in list(self._registry.store.of(REPLICA_SETS).all(deployment.key[0])):
            body = stored.body
            if controller_of(body) is None and not being_deleted(body) and selector.matches(body["metadata"].get("labels")):
                self._registry.update(REPLICA_SETS, stored.key, lambda live: _owned_by(live, deployment), MANAGER)

    def _new_of(self, deployment: Stored, replica_sets: list[Stored]) -> Stored | None:
        template = deployment.body["spec"]["template"]
        return next((each for each in replica_sets if same_template(each.body["spec"]["template"], template)), None)

    def _number(self, deployment: Stored, replica_sets: list[Stored], *, create: bool) -> Stored:
        """Give the ReplicaSet of the present template the highest revision, and the Deployment the same."""
        new = self._new_of(deployment, replica_sets)
        if new is None:
            return deployment
        revision = revisions.highest(each.body for each in replica_sets if each is not new) + 1
        wanted = revisions.of_new(deployment.body, revisions.annotations_of(new.body), revision)
        min_ready = deployment.body["spec"].get("minReadySeconds", 0)
        if wanted != revisions.annotations_of(new.body) or new.body["spec"].get("minReadySeconds", 0) != min_ready:
            self._registry.update(REPLICA_SETS, new.key, lambda live: _annotated(live, wanted, min_ready), MANAGER)
        deployment = self._note_revision(deployment, wanted[revisions.REVISION])
        if condition(deployment.body, "Progressing") is None and status_of.has_deadline(deployment.body):
            message = f'Found new replica set "{new.key[1]}"'
            return self._set_condition(deployment, status_of.new_condition("Progressing", "True", "FoundNewReplicaSet", message))
        return deployment

    def _note_revision(self, deployment: Stored, revision: str) -> Stored:
        if revisions.annotations_of(deployment.body).get(revisions.REVISION) == revision:
            return deployment

        def numbered(live: Object) -> Object:
            live["metadata"].setdefault("annotations", {})[revisions.REVISION] = revision
            return live

        return self._registry.update(DEPLOYMENTS, deployment.key, numbered, STATUS).object

    def _take_step(self, deployment: Stored, replica_sets: list[Stored]) -> None:
        new = self._new_of(deployment, replica_sets)
        wanted = wanted_of(deployment.body)
        old = [self._generation(each) for each in replica_sets if each is not new]
        step = rollout.next_step(wanted, self._generation(new) if new else None, old)
        if step.create_new is not None:
            self._create_new(deployment, replica_sets, step.create_new)
        by_name = {each.key[1]: each for each in replica_sets}
        for scale in step.scale:
            self._scale(deployment, by_name[scale.name], scale.replicas, wanted)

    def _generation(self, replica_set: Stored) -> rollout.Generation:
        body = replica_set.body
        return rollout.Generation(
            name=replica_set.key[1],
            replicas=body["spec"]["replicas"],
            available=body["status"].get("availableReplicas", 0),
            created=parse_time(body["metadata"]["creationTimestamp"]),
            desired=revisions.number(body, revisions.DESIRED),
            limit=revisions.number(body, revisions.LIMIT),
            pods=sum(1 for pod in self._pods.of(replica_set.uid) if not is_finished(pod.body)),
        )

    def _create_new(self, deployment: Stored, replica_sets: list[Stored], replicas: int) -> None:
        wanted = wanted_of(deployment.body)
        revision = revisions.highest(each.body for each in replica_sets) + 1
        body = _new_replica_set(deployment, replicas)
        body["metadata"]["annotations"] = revisions.sized(
            revisions.of_new(deployment.body, {}, revision), wanted.replicas, wanted.replicas + wanted.surge
        )
        name = body["metadata"]["name"]
        try:
            self._registry.create(REPLICA_SETS, deployment.key[0], body, MANAGER)
        except ApiError as error:
            self._creation_failed(deployment, name, error)
            return
        if replicas > 0:
            self._events.normal(deployment, "ScalingReplicaSet", f"Scaled up replica set {name} from 0 to {replicas}")
        deployment = self._note_revision(deployment, str(revision))
        if status_of.has_deadline(deployment.body):
            message = f'Created new replica set "{name}"'
            self._set_condition(deployment, status_of.new_condition("Progressing", "True", "NewReplicaSetCreated", message))

    def _creation_failed(self, deployment: Stored, name: str, error: ApiError) -> None:
        """A name in use by another template counts as a collision; anything else is said in the conditions."""
        if error.reason == "AlreadyExists":

            def collided(live: Object) -> Object:
                live["status"]["collisionCount"] = live["status"].get("collisionCount", 0) + 1
                return live

            self._registry.update(DEPLOYMENTS, deployment.key, collided, STATUS)
            raise error
        message = f'Failed to create new replica set "{name}": {error.message}'
        self._set_condition(deployment, status_of.new_condition("Progressing", "False", "FailedCreate", message))
        self._events.warning(deployment, "ReplicaSetCreateError", message)
        raise error

    def _scale(self, deployment: Stored, replica_set: Stored, replicas: int, wanted: rollout.Wanted) -> None:
        before = replica_set.body["spec"]["replicas"]

        def resized(live: Object) -> Object:
            live["spec"]["replicas"] = replicas
            live["metadata"]["annotations"] = revisions.sized(
                revisions.annotations_of(live), wanted.replicas, wanted.replicas + wanted.surge
            )
            return live

        self._registry.update(REPLICA_SETS, replica_set.key, resized, MANAGER)
        if replicas != before:
            way = "up" if replicas > before else "down"
            message = f"Scaled {way} replica set {replica_set.key[1]} from {before} to {replicas}"
            self._events.normal(deployment, "ScalingReplicaSet", message)

    def _note_pause(self, deployment: Stored) -> Stored:
        """Say in the Progressing condition that a rollout was paused or goes on."""
        if not status_of.has_deadline(deployment.body):
            return deployment
        current = condition(deployment.body, "Progressing")
        if current is not None and current["reason"] == "ProgressDeadlineExceeded":
            return deployment
        paused = bool(deployment.body["spec"].get("paused"))
        noted = current is not None and current["reason"] == "DeploymentPaused"
        if paused == noted:
            return deployment
        reason, message = ("DeploymentPaused", "Deployment is paused") if paused else ("DeploymentResumed", "Deployment is resumed")
        return self._set_condition(deployment, status_of.new_condition("Progressing", "Unknown", reason, message))

    def _set_condition(self, deployment: Stored, wanted: Object) -> Stored:
        now = self._now()

        def noted(live: Object) -> Object:
            live["status"]["conditions"] = status_of.with_condition(live["status"].get("conditions", ()), wanted, now)
            return live

        return self._registry.update(DEPLOYMENTS, deployment.key, noted, STATUS).object

    def _write_status(self, deployment: Stored, replica_sets: list[Stored], *, rolling: bool) -> Stored:
        new = self._new_of(deployment, replica_sets)
        situation = status_of.Situation(
            deployment=deployment.body,
            new=new.body if new else None,
            everything=[each.body for each in replica_sets],
            max_unavailable=wanted_of(deployment.body).unavailable,
            now=self._now(),
        )
        status = status_of.next_status(situation, conditions=deployment.body["status"].get("conditions", ()), rolling=rolling)
        if status == deployment.body["status"]:
            return deployment
        return self._registry.update(DEPLOYMENTS, deployment.key, lambda live: live | {"status": status}, STATUS).object

    def _clean_up(self, deployment: Stored, replica_sets: list[Stored]) -> None:
        """Delete what exceeds the history: the oldest revisions that have no pods."""
        new = self._new_of(deployment, replica_sets)
        old = [each for each in replica_sets if each is not new and not being_deleted(each.body)]
        surplus = len(old) - deployment.body["spec"].get("revisionHistoryLimit", 10)
        for each in sorted(old, key=lambda each: revisions.revision_of(each.body))[: max(0, surplus)]:
            if not each.body["spec"]["replicas"] and not each.body["status"].get("replicas"):
                self._registry.delete(REPLICA_SETS, each.key)

    def _seconds_to_deadline(self, deployment: Stored) -> float | None:
        """When lack of progress must be looked for, although nothing changes."""
        body = deployment.body
        current = condition(body, "Progressing")
        waits = current is not None and current["status"] == "True" and current["reason"] != "NewReplicaSetAvailable"
        if current is None or not waits or not status_of.has_deadline(body) or body["spec"].get("paused"):
            return None
        return _seconds_until(status_of.deadline_of(body, current), self._now()) + 1.0


def _seconds_until(moment: datetime, now: datetime) -> float:
    return max(0.0, (moment - now).total_seconds())


def wanted_of(deployment: Object) -> rollout.Wanted:
    """What the rollout arithmetic needs to know of a Deployment."""
    spec = deployment["spec"]
    rolling = spec["strategy"].get("rollingUpdate") or {}
    return rollout.Wanted(
        replicas=spec["replicas"],
        strategy=spec["strategy"]["type"],
        max_surge=rolling.get("maxSurge", "25%"),
        max_unavailable=rolling.get("maxUnavailable", "25%"),
        paused=spec.get("paused", False),
        observed_replicas=deployment["status"].get("replicas", 0),
    )


def _new_replica_set(deployment: Stored, replicas: int) -> Object:
    spec = deployment.body["spec"]
    name = template_hash(spec["template"], deployment.body["status"].get("collisionCount", 0))
    described = spec["template"].get("metadata", {})
    labels = {**described.get("labels", {}), HASH_LABEL: name}
    selector = dict(spec["selector"])
    selector["matchLabels"] = {**(selector.get("matchLabels") or {}), HASH_LABEL: name}
    body: Object = {
        "metadata": {
            "name": f"{deployment.key[1]}-{name}",
            "labels": labels,
            "ownerReferences": [owner_reference(DEPLOYMENTS, deployment)],
        },
        "spec": {
            "replicas": replicas,
            "selector": selector,
            "template": {"metadata": {**described, "labels": labels}, "spec": spec["template"].get("spec", {})},
        },
    }
    if spec.get("minReadySeconds"):
        body["spec"]["minReadySeconds"] = spec["minReadySeconds"]
    return body


def _owned_by(live: Object, deployment: Stored) -> Object:
    live["metadata"].setdefault("ownerReferences", []).append(owner_reference(DEPLOYMENTS, deployment))
    return live


def _annotated(live: Object, annotations: dict[str, str], min_ready: int) -> Object:
    live["metadata"]["annotations"] = annotations
    live["spec"]["minReadySeconds"] = min_ready
    return live
