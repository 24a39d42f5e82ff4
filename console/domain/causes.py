"""Why pods are not available, in their own words: from container states, conditions and events to one sentence (SAFETY 1, rule 10)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import IntEnum

from console.domain.wording import counted
from console.domain.workload import current_replica_set, pods_of_replica_set
from console.domain.world import ContainerState, Deployment, Event, Pod, ReplicaSet, World

CRASHES_THAT_END_IT = 3
"""Restarts after which a crash loop is not waited for any more."""


class Trouble(IntEnum):
    """Kinds of causes, the worst first."""

    IMAGE = 1
    CRASH = 2
    CONFIG = 3
    QUOTA = 4
    UNSCHEDULABLE = 5
    VOLUME = 6
    PAUSED = 7
    EXITED = 8
    NOT_READY = 9
    STARTING = 10
    PROGRESS = 11


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason, for one pod or several that say the same."""

    trouble: Trouble
    word: str
    """Kubernetes' own word, for a table's cell: `CrashLoopBackOff`."""
    sentence: str
    """`CrashLoopBackOff: exit 3, "cannot reach database", 4 restarts`."""
    subjects: tuple[str, ...]
    """Names of the pods, or of the ReplicaSet or Deployment, that say so."""
    final: bool = False
    """Waiting does not heal it: somebody has to change something."""

    def __str__(self) -> str:
        return self.sentence if len(self.subjects) == 1 else f"{self.sentence} ({len(self.subjects)} pods)"


_BAD_IMAGE = frozenset(
    {"ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError", "RegistryUnavailable"}
)
_BAD_CONFIG = frozenset({"CreateContainerConfigError", "CreateContainerError", "RunContainerError"})
_PASSING = re.compile(
    r"time(d )?-?out|deadline exceeded|connection (refused|reset)|no such host|temporary failure|toomanyrequests|429|50[0234]|EOF",
    re.IGNORECASE,
)
"""What a registry says when a later try may go well."""
_EPOCH = datetime.fromtimestamp(0, UTC)


def causes_of(deployment: Deployment, world: World) -> tuple[Cause, ...]:
    """Why the present revision of `deployment` is not available; worst first, equal ones of several pods merged."""
    newest = current_replica_set(deployment, world)
    found = list(_paused(deployment))
    if newest is not None and newest.images == deployment.images:
        troubled = {p.name: p for p in pods_of_replica_set(newest, world) if not p.ready}
        events = [e for e in world.events.values() if e.object_kind == "Pod" and e.object_name in troubled]
        found += _replica_set_causes(newest)
        found += (c for p in troubled.values() if (c := pod_cause(p, events)))
    if not found:
        found += _deployment_causes(deployment)
    return merged(found)


def merged(causes: Iterable[Cause]) -> tuple[Cause, ...]:
    """Worst first; pods that give the same sentence become one cause."""
    by_sentence: dict[tuple[Trouble, str, str], Cause] = {}
    for cause in sorted(causes, key=lambda c: (not c.final, c.trouble, c.subjects)):
        key = cause.trouble, cause.word, cause.sentence
        known = by_sentence.get(key)
        by_sentence[key] = replace(known, subjects=known.subjects + cause.subjects) if known else cause
    return tuple(by_sentence.values())


def pod_cause(pod: Pod, events: Iterable[Event]) -> Cause | None:
    """What keeps `pod` from being ready; None when it is ready or on its way out."""
    if pod.ready or pod.meta.deleting or pod.phase == "Succeeded":
        return None
    said = sorted(
        (e for e in events if e.object_kind == "Pod" and e.object_name == pod.name), key=lambda e: e.last_seen or _EPOCH, reverse=True
    )
    waiting = [state for state in pod.init_containers if state.exit_code != 0 or state.state != "terminated"]
    troubled = [c for c in (_container_cause(pod, state, said) for state in (*waiting, *pod.containers)) if c]
    return min(troubled, key=lambda c: (not c.final, c.trouble), default=None) or _whole_pod_cause(pod, said)


def _container_cause(pod: Pod, container: ContainerState, events: list[Event]) -> Cause | None:
    if container.ready or container.state == "running":
        return None
    if container.reason in _BAD_IMAGE:
        return _image_cause(pod, container, events)
    if container.reason in _BAD_CONFIG:
        return Cause(Trouble.CONFIG, container.reason, _joined(container.reason, _quoted(container.message)), (pod.name,))
    if container.reason == "CrashLoopBackOff" or container.state == "terminated":
        return _crash_cause(pod, container)
    return None


def _image_cause(pod: Pod, container: ContainerState, events: list[Event]) -> Cause:
    failed = (e.message for e in events if e.reason in ("Failed", "InspectFailed") and "pull" in e.message.lower())
    pulls = (message for message in failed if not message.startswith("Error: "))  # `Error: ErrImagePull` comes beside the one that tells
    said = container.message if not container.message.startswith("Back-off") else next(pulls, container.message)
    final = container.reason in ("InvalidImageName", "ErrImageNeverPull") or not _PASSING.search(said)
    about = said if container.image and container.image in said else _joined_words(container.image, said)
    return Cause(Trouble.IMAGE, container.reason, _joined(container.reason, about), (pod.name,), final)


def _crash_cause(pod: Pod, container: ContainerState) -> Cause:
    ended = container.state == "terminated"
    code = container.exit_code if ended else container.last_exit_code
    reason = container.reason if ended else container.last_reason
    message = container.message if ended else container.last_message
    looping = container.reason == "CrashLoopBackOff"
    word = "CrashLoopBackOff" if looping else reason or "Terminated"
    parts = [
        "killed for memory (OOMKilled)" if reason == "OOMKilled" and looping else "",
        "" if code is None else f"exit {code}",
        _quoted(message),
        _restarts(container),
    ]
    final = looping and container.restarts >= CRASHES_THAT_END_IT
    return Cause(Trouble.CRASH if code != 0 else Trouble.EXITED, word, _joined(word, ", ".join(p for p in parts if p)), (pod.name,), final)


def _whole_pod_cause(pod: Pod, events: list[Event]) -> Cause | None:
    scheduled = next((c for c in pod.conditions if c.type == "PodScheduled"), None)
    if scheduled and scheduled.status == "False":
        word = scheduled.reason or "Unschedulable"
        return Cause(Trouble.UNSCHEDULABLE, word, _joined(word, scheduled.message), (pod.name,))
    mount = next((e for e in events if e.reason in ("FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox")), None)
    if mount and not any(c.state == "running" for c in pod.containers):
        return Cause(Trouble.VOLUME, mount.reason, _joined(mount.reason, mount.message), (pod.name,))
    if pod.phase == "Failed":
        return Cause(
            Trouble.EXITED, "Failed", _joined("pod failed", next((e.message for e in events if e.type == "Warning"), "")), (pod.name,)
        )
    if any(c.state == "running" for c in pod.containers):
        return _not_ready_cause(pod, events)
    word = next((c.reason for c in pod.containers if c.reason), "") or pod.phase
    return Cause(Trouble.STARTING, word, "starting", (pod.name,))


def _not_ready_cause(pod: Pod, events: list[Event]) -> Cause:
    probe = next((e for e in events if e.reason == "Unhealthy"), None)
    crashed = max(pod.containers, key=lambda c: c.restarts)
    parts = [probe.message.strip() if probe else ""]
    if crashed.restarts:
        code = "" if crashed.last_exit_code is None else f", last exit {crashed.last_exit_code}"
        parts.append(_restarts(crashed) + code + (f", {_quoted(crashed.last_message)}" if crashed.last_message else ""))
    return Cause(Trouble.NOT_READY, "NotReady", _joined("not ready", ", ".join(p for p in parts if p)), (pod.name,))


def _replica_set_causes(replica_set: ReplicaSet) -> Iterable[Cause]:
    for condition in replica_set.conditions:
        if condition.type == "ReplicaFailure" and condition.status == "True":
            over_quota = "exceeded quota" in condition.message or "must specify" in condition.message
            trouble, word = (Trouble.QUOTA, "quota") if over_quota else (Trouble.CONFIG, condition.reason or "FailedCreate")
            yield Cause(trouble, word, _joined("no more pods can be created", _after_forbidden(condition.message)), (replica_set.name,))


def _paused(deployment: Deployment) -> Iterable[Cause]:
    if deployment.paused and deployment.updated != deployment.desired:
        sentence = f"Deployment {deployment.name} is paused: `kubectl rollout resume deployment/{deployment.name}` lets it go on"
        yield Cause(Trouble.PAUSED, "Paused", sentence, (deployment.name,), final=True)


def _deployment_causes(deployment: Deployment) -> Iterable[Cause]:
    for condition in deployment.conditions:
        wrong = "True" if condition.type == "ReplicaFailure" else "False"
        if condition.type in ("ReplicaFailure", "Progressing") and condition.status == wrong:
            yield Cause(Trouble.PROGRESS, condition.reason, _joined(condition.reason, condition.message), (deployment.name,))


def _after_forbidden(message: str) -> str:
    """`pods "x" is forbidden: exceeded quota: …` without the pod's made-up name."""
    _, found, rest = message.partition("is forbidden: ")
    return rest if found else message


def _joined(word: str, about: str) -> str:
    return f"{word}: {about}" if about else word


def _joined_words(*words: str) -> str:
    return ", ".join(w for w in words if w)


def _quoted(message: str) -> str:
    """The last line that says something, in quotes: a termination message may be a whole traceback."""
    lines: list[str] = [line.strip() for line in message.splitlines() if line.strip()]
    return f'"{lines[-1]}"' if lines else ""


def _restarts(container: ContainerState) -> str:
    return counted(container.restarts, "restart") if container.restarts else ""
