"""The Job controller: pods until enough have succeeded, too many have failed or the time is over.

Every pod carries a finalizer until its end is counted, so no pod is lost from the counts however it ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from console.sandbox.apiserver.errors import ApiError
from console.sandbox.apiserver.metadata import rfc3339
from console.sandbox.apiserver.registry import Registry
from console.sandbox.apiserver.resources import JOBS, PODS, Key, Object, Resource
from console.sandbox.apiserver.store import Change, Stored
from console.sandbox.apiserver.writes import Clock, Deletion, Write
from console.sandbox.controllers import jobs
from console.sandbox.controllers.controller import Controller
from console.sandbox.controllers.events import Recorder
from console.sandbox.controllers.objects import (
    OwnerIndex,
    being_deleted,
    condition,
    controller_of,
    is_active,
    is_finished,
    is_ready,
    owner_keys,
    parse_time,
)
from console.sandbox.controllers.templates import pod_from

MANAGER: Final = Write(manager="kube-controller-manager")
STATUS: Final = Write(manager="kube-controller-manager", subresource="status")
TRACKING: Final = "batch.kubernetes.io/job-tracking"
ENDS: Final = {"Complete": "SuccessCriteriaMet", "Failed": "FailureTarget"}
"""The condition that is set when a Job's end is decided, before that end itself."""


class JobController(Controller[Key]):
    """Runs Jobs to their end."""

    watched = (JOBS, PODS)

    def __init__(self, registry: Registry, *, now: Clock) -> None:
        super().__init__()
        self._registry = registry
        self._now = now
        self._events = Recorder(registry, "job-controller")
        self._pods = OwnerIndex(registry.store.of(PODS))
        self._failures: dict[str, int] = {}
        """Failures in a row per Job's uid; a success begins again."""

    def keys_of(self, resource: Resource, change: Change) -> Iterable[Key]:
        """A Job, or the owner of a pod."""
        if resource is JOBS:
            yield change.key
        else:
            yield from owner_keys(change, "Job")

    def reconcile(self, key: Key) -> float | None:
        """Count what ended, then create, delete or conclude."""
        job = self._registry.store.of(JOBS).get(key)
        if job is None:
            self._release_orphans(key)
            return None
        pods = self._pods.of(job.uid)
        status, ended = self._counted(job, pods)
        if is_over(job.body) or being_deleted(job.body):
            self._write(job, status, ended)
            return self._seconds_to_live(job)
        tally = self._tally(job, pods, status)
        started = parse_time(status["startTime"]) if "startTime" in status else self._now()
        end = jobs.verdict(job.body["spec"], tally, started=started, now=self._now())
        if end is not None:
            self._conclude(job, pods, status, ended, end)
            return self._seconds_to_live(self._registry.find(JOBS, key))
        self._write(job, self._suspended(job, status), ended)
        return self._resize(job, tally)

    def _release_orphans(self, key: Key) -> None:
        """Let the pods of a Job go that is no more: nobody will count them."""
        for pod in list(self._registry.store.of(PODS).all(key[0])):
            owner = controller_of(pod.body)
            if owner and (owner["kind"], owner["name"]) == ("Job", key[1]) and TRACKING in pod.body["metadata"].get("finalizers", ()):
                self._registry.update(PODS, pod.key, _without_tracking, MANAGER)

    def _counted(self, job: Stored, pods: Sequence[Stored]) -> tuple[Object, list[Stored]]:
        """The status with every pod that ended since, and those pods."""
        status: Object = {key: value for key, value in job.body["status"].items() if key not in ("active", "ready", "terminating")}
        ended = [pod for pod in pods if TRACKING in pod.body["metadata"].get("finalizers", ()) and _is_over(pod.body)]
        for pod in sorted(ended, key=lambda pod: jobs.last_end(pod.body)):
            succeeded = pod.body["status"].get("phase") == "Succeeded"
            field = "succeeded" if succeeded else "failed"
            status[field] = status.get(field, 0) + 1
            self._failures[job.uid] = 0 if succeeded else self._failures.get(job.uid, 0) + 1
        active = [pod.body for pod in pods if is_active(pod.body)]
        counts = {"active": len(active), "ready": sum(1 for pod in active if is_ready(pod))}
        counts["terminating"] = sum(1 for pod in pods if being_deleted(pod.body) and not _is_over(pod.body))
        status |= {name: count for name, count in counts.items() if count or name != "active"}
        status["uncountedTerminatedPods"] = {}
        if "startTime" not in status and not job.body["spec"].get("suspend"):
            status["startTime"] = rfc3339(self._now())
        return status, ended

    def _tally(self, job: Stored, pods: Sequence[Stored], status: Object) -> jobs.Tally:
        running = [pod.body for pod in pods if is_active(pod.body)]
        failed = [parse_time(jobs.last_end(pod.body)) for pod in pods if pod.body["status"].get("phase") == "Failed"]
        return jobs.Tally(
            active=len(running),
            succeeded=status.get("succeeded", 0),
            failed=status.get("failed", 0),
            restarts=sum(each.get("restartCount", 0) for pod in running for each in pod["status"].get("containerStatuses", ())),
            last_failure=max(failed, default=None),
            consecutive_failures=self._failures.get(job.uid, 0),
        )

    def _write(self, job: Stored, status: Object, ended: Sequence[Stored]) -> None:
        """Status first, then the finalizers: a pod is let go only when it is counted."""
        if status != job.body["status"]:
            self._registry.update(JOBS, job.key, lambda live: live | {"status": status}, STATUS)
        for pod in ended:
            self._registry.update(PODS, pod.key, _without_tracking, MANAGER)

    def _suspended(self, job: Stored, status: Object) -> Object:
        """Say in the conditions that a Job is suspended or goes on."""
        wanted = bool(job.body["spec"].get("suspend"))
        current = condition(job.body, "Suspended")
        if wanted == (current is not None and current["status"] == "True") or (current is None and not wanted):
            return status
        reason, message = ("JobSuspended", "Job suspended") if wanted else ("JobResumed", "Job resumed")
        said = self._condition("Suspended", reason, message, value=str(wanted))
        others = [each for each in status.get("conditions", ()) if each["type"] != "Suspended"]
        if wanted:
            status.pop("startTime", None)
        return status | {"conditions": [*others, said]}

    def _resize(self, job: Stored, tally: jobs.Tally) -> float | None:
        wanted = jobs.wanted_active(job.body["spec"], tally)
        active = [pod for pod in self._pods.of(job.uid) if is_active(pod.body)]
        for pod in active[max(0, wanted) :]:
            self._registry.delete(PODS, pod.key)
            self._events.normal(job, "SuccessfulDelete", f"Deleted pod: {pod.key[1]}")
        pause = jobs.backoff(tally, self._now())
        if len(active) < wanted:
            if pause:
                return pause
            self._create(job, wanted - len(active))
        return self._seconds_to_deadline(job)

    def _create(self, job: Stored, count: int) -> None:
        template = job.body["spec"]["template"]
        body = pod_from(template, resource=JOBS, owner=job, generateName=f"{job.key[1]}-")
        body["metadata"]["finalizers"] = [*body["metadata"].get("finalizers", ()), TRACKING]
        for _ in range(count):
            try:
                pod = self._registry.create(PODS, job.key[0], body, MANAGER).object
            except ApiError as error:
                self._events.warning(job, "FailedCreate", f"Error creating: {error.message}")
                raise
            self._events.normal(job, "SuccessfulCreate", f"Created pod: {pod.key[1]}")

    def _conclude(self, job: Stored, pods: Sequence[Stored], status: Object, ended: Sequence[Stored], end: jobs.Verdict) -> None:
        """Stop what still runs and write the end, once nothing runs any more."""
        running = [pod for pod in pods if not _is_over(pod.body)]
        for pod in running:
            if not being_deleted(pod.body):
                self._registry.delete(PODS, pod.key)
        said = [each for each in status.get("conditions", ()) if each["type"] not in (end.condition, ENDS[end.condition])]
        status["conditions"] = [
            *said,
            condition(job.body, ENDS[end.condition]) or self._condition(ENDS[end.condition], end.reason, end.message),
        ]
        if any(self._registry.store.of(PODS).get(pod.key) for pod in running):
            self._write(job, status, ended)
            return
        for count in ("active", "ready", "terminating"):
            status.pop(count, None)
        status |= {"ready": 0, "terminating": 0}
        status["conditions"].append(self._condition(end.condition, end.reason, end.message))
        if end.condition == "Complete":
            status["completionTime"] = rfc3339(self._now())
            self._events.normal(job, "Completed", "Job completed")
        else:
            self._events.warning(job, end.reason, end.message)
        self._failures.pop(job.uid, None)
        self._write(job, status, ended)

    def _condition(self, kind: str, reason: str, message: str, *, value: str = "True") -> Object:
        moment = rfc3339(self._now())
        times = {"lastProbeTime": moment, "lastTransitionTime": moment}
        return {"type": kind, "status": value, **times, "reason": reason, "message": message}

    def _seconds_to_deadline(self, job: Stored) -> float | None:
        deadline = job.body["spec"].get("activeDeadlineSeconds")
        started = job.body["status"].get("startTime")
        if deadline is None:
            return None
        passed = (self._now() - parse_time(started)).total_seconds() if started else 0.0
        return max(0.0, float(deadline) - passed)

    def _seconds_to_live(self, job: Stored) -> float | None:
        """Delete a Job that is over for ttlSecondsAfterFinished; else the seconds until then."""
        ttl = job.body["spec"].get("ttlSecondsAfterFinished")
        if ttl is None or not is_over(job.body) or being_deleted(job.body):
            return None
        since: Any = max(each["lastTransitionTime"] for each in job.body["status"]["conditions"] if each["type"] in ENDS)
        left: float = ttl - (self._now() - parse_time(since)).total_seconds()
        if left > 0:
            return left
        self._registry.delete(JOBS, job.key, Deletion(policy="Background"))
        return None


def is_over(job: Object) -> bool:
    """Whether a Job is complete or failed."""
    return any(each["type"] in ENDS and each["status"] == "True" for each in job["status"].get("conditions", ()))


def _is_over(pod: Object) -> bool:
    """Whether a pod has ended, or never will run because it was deleted before it reached a node."""
    return is_finished(pod) or (being_deleted(pod) and not pod["metadata"].get("deletionGracePeriodSeconds"))


def _without_tracking(live: Object) -> Object:
    metadata = live["metadata"]
    metadata["finalizers"] = [each for each in metadata.get("finalizers", ()) if each != TRACKING]
    return live
