"""A pod's status as the API shows it, made from what its containers are doing: the kubelet's rules as pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from console.sandbox.nodes.objects import KnownCondition

Json = dict[str, Any]
Phase = Literal["Pending", "Running", "Succeeded", "Failed"]


@dataclass(frozen=True)
class Waiting:
    """Not running, and going to."""

    reason: str
    message: str = ""


@dataclass(frozen=True)
class Running:
    """A process is there."""

    started_at: datetime


@dataclass(frozen=True, kw_only=True)
class Terminated:
    """A process has ended."""

    exit_code: int
    reason: str
    started_at: datetime
    finished_at: datetime
    container_id: str
    message: str = ""


State = Waiting | Running | Terminated
CREATING = Waiting("ContainerCreating")
INITIALIZING = Waiting("PodInitializing")


@dataclass(frozen=True, kw_only=True)
class ContainerReport:
    """One container, now."""

    name: str
    image: str
    image_id: str = ""
    container_id: str = ""
    state: State = CREATING
    last: Terminated | None = None
    """How it ended the time before."""
    restarts: int = 0
    ready: bool = False
    started: bool = False
    """Running, and its startup probe has succeeded."""


@dataclass(frozen=True, kw_only=True)
class PodReport:
    """One pod, now."""

    restart_policy: str
    host_address: str
    address: str
    started_at: datetime
    init: Sequence[ContainerReport] = ()
    containers: Sequence[ContainerReport]
    stopped: bool = False
    """Its deletion was asked for and no container runs any more."""


@dataclass(frozen=True)
class _Condition:
    """One line of `status.conditions`."""

    type: str
    holds: bool
    reason: str = ""
    message: str = field(default="")


def pod_status(report: PodReport, *, known: Iterable[KnownCondition], now: datetime) -> Json:
    """The status to patch; a condition keeps the time of its last change from those that are known."""
    phase = phase_of(report)
    before = {condition.type: condition for condition in known}
    status: Json = {
        "phase": phase,
        "conditions": [_condition(condition, before.get(condition.type), now) for condition in _conditions(report, phase)],
        "hostIP": report.host_address,
        "hostIPs": [{"ip": report.host_address}],
        "podIP": report.address,
        "podIPs": [{"ip": report.address}],
        "startTime": stamp(report.started_at),
        "containerStatuses": [_container(each) for each in report.containers],
    }
    if report.init:
        status["initContainerStatuses"] = [_container(each) for each in report.init]
    return status


def phase_of(report: PodReport) -> Phase:
    """Where the pod is in its life."""
    if not _initialized(report) or any(isinstance(each.state, Waiting) and each.last is None for each in report.containers):
        return _init_failed(report) or "Pending"
    if any(isinstance(each.state, Running) for each in report.containers):
        return "Running"
    ends = [each.state if isinstance(each.state, Terminated) else each.last for each in report.containers]
    succeeded = all(end is not None and end.exit_code == 0 for end in ends)
    policy = report.restart_policy
    if not report.stopped and (policy == "Always" or (policy == "OnFailure" and not succeeded)):
        return "Running"
    return "Succeeded" if succeeded else "Failed"


def stamp(at: datetime) -> str:
    """A time as the API writes it, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _initialized(report: PodReport) -> bool:
    return not _incomplete(report)


def _incomplete(report: PodReport) -> list[str]:
    return [each.name for each in report.init if not (isinstance(each.state, Terminated) and each.state.exit_code == 0)]


def _init_failed(report: PodReport) -> Phase | None:
    """Failed, when an init container has ended badly for good."""
    failed = any(isinstance(each.state, Terminated) and each.state.exit_code != 0 for each in report.init)
    return "Failed" if failed and (report.restart_policy == "Never" or report.stopped) else None


def _conditions(report: PodReport, phase: Phase) -> list[_Condition]:
    unready = [each.name for each in report.containers if not each.ready]
    if phase in ("Succeeded", "Failed"):
        reason = "PodCompleted" if phase == "Succeeded" else "PodFailed"
        ready = _Condition("Ready", False, reason), _Condition("ContainersReady", False, reason)
    elif unready:
        why = "ContainersNotReady", f"containers with unready status: [{' '.join(unready)}]"
        ready = _Condition("Ready", False, *why), _Condition("ContainersReady", False, *why)
    else:
        ready = _Condition("Ready", True), _Condition("ContainersReady", True)
    incomplete = _incomplete(report)
    message = f"containers with incomplete status: [{' '.join(incomplete)}]"
    initialized = _Condition("Initialized", False, "ContainersNotInitialized", message) if incomplete else _Condition("Initialized", True)
    return [initialized, *ready, _Condition("PodScheduled", True)]


def _condition(condition: _Condition, before: KnownCondition | None, now: datetime) -> Json:
    status = "True" if condition.holds else "False"
    unchanged = before is not None and before.status == status and before.last_transition_time is not None
    since = before.last_transition_time if before is not None and unchanged else stamp(now)
    return {
        "type": condition.type,
        "status": status,
        "lastProbeTime": None,
        "lastTransitionTime": since,
        "reason": condition.reason or None,
        "message": condition.message or None,
    }


def _container(report: ContainerReport) -> Json:
    return {
        "name": report.name,
        "image": report.image,
        "imageID": report.image_id,
        "containerID": report.container_id,
        "state": _state(report.state),
        "lastState": {} if report.last is None else _state(report.last),
        "ready": report.ready,
        "started": report.started,
        "restartCount": report.restarts,
    }


def _state(state: State) -> Mapping[str, object]:
    match state:
        case Waiting(reason, message):
            return {"waiting": {"reason": reason, **({"message": message} if message else {})}}
        case Running(started_at):
            return {"running": {"startedAt": stamp(started_at)}}
        case Terminated():
            return {
                "terminated": {
                    "exitCode": state.exit_code,
                    "reason": state.reason,
                    **({"message": state.message} if state.message else {}),
                    "startedAt": stamp(state.started_at),
                    "finishedAt": stamp(state.finished_at),
                    "containerID": state.container_id,
                }
            }
