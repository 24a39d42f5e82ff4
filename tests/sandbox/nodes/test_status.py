"""Pod statuses as golden cases: what the containers do, and what the API shows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from console.sandbox.nodes.objects import KnownCondition
from console.sandbox.nodes.status import (
    CREATING,
    ContainerReport,
    PodReport,
    Running,
    State,
    Terminated,
    Waiting,
    phase_of,
    pod_status,
)

START = datetime(2026, 5, 1, 12, 0, 0, 900000, tzinfo=UTC)
NOW = START + timedelta(seconds=30)
RUNNING = Running(START)
CRASHING = Waiting("CrashLoopBackOff", "back-off 10s restarting failed container=main pod=web-1_shop(u-1)")


def ended(code: int) -> Terminated:
    return Terminated(
        exit_code=code,
        reason="Completed" if code == 0 else "Error",
        message="" if code == 0 else "boom",
        started_at=START,
        finished_at=START + timedelta(seconds=5),
        container_id="sandbox://1",
    )


def container(state: State, *, name: str = "main", last: Terminated | None = None, ready: bool = False) -> ContainerReport:
    started = isinstance(state, Running)
    return ContainerReport(name=name, image="app:v1", state=state, last=last, ready=ready, started=started, restarts=int(last is not None))


def report(
    *containers: ContainerReport, policy: str = "Always", stopped: bool = False, init: tuple[ContainerReport, ...] = ()
) -> PodReport:
    return PodReport(
        restart_policy=policy,
        host_address="10.240.0.1",
        address="10.244.1.7",
        started_at=START,
        containers=containers,
        init=init,
        stopped=stopped,
    )


@pytest.mark.parametrize(
    ("case", "seen", "phase"),
    [
        ("nothing runs yet", report(container(CREATING)), "Pending"),
        ("one of two runs", report(container(RUNNING), container(CREATING, name="other")), "Pending"),
        ("an image that cannot be pulled", report(container(Waiting("ImagePullBackOff"))), "Pending"),
        ("all run", report(container(RUNNING), container(RUNNING, name="other")), "Running"),
        ("a crash loop counts as running", report(container(CRASHING, last=ended(1))), "Running"),
        ("ended, to be restarted", report(container(ended(1))), "Running"),
        ("a failed try of a job", report(container(ended(1)), policy="OnFailure"), "Running"),
        ("a job that is done", report(container(ended(0)), policy="OnFailure"), "Succeeded"),
        ("a job that may not try again", report(container(ended(1)), policy="Never"), "Failed"),
        ("one of two containers of a job failed", report(container(ended(0)), container(ended(1), name="other"), policy="Never"), "Failed"),
        ("stopped in order", report(container(ended(0)), stopped=True), "Succeeded"),
        ("stopped by force", report(container(ended(137)), stopped=True), "Failed"),
        ("an init container runs", report(container(Waiting("PodInitializing")), init=(container(RUNNING, name="first"),)), "Pending"),
        ("an init container fails and is tried again", report(container(CREATING), init=(container(CRASHING, last=ended(1)),)), "Pending"),
        ("an init container fails for good", report(container(CREATING), init=(container(ended(1)),), policy="Never"), "Failed"),
        ("init is done", report(container(RUNNING), init=(container(ended(0), name="first"),)), "Running"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_phase(case: str, seen: PodReport, phase: str) -> None:
    assert phase_of(seen) == phase, case


@dataclass(frozen=True)
class Expected:
    """Status, reason and message of the Ready condition, and of another one."""

    ready: tuple[str, str | None, str | None]
    initialized: str = "True"


@pytest.mark.parametrize(
    ("case", "seen", "expected"),
    [
        ("ready", report(container(RUNNING, ready=True)), Expected(("True", None, None))),
        (
            "running and not ready",
            report(container(RUNNING), container(RUNNING, name="other", ready=True)),
            Expected(("False", "ContainersNotReady", "containers with unready status: [main]")),
        ),
        (
            "waiting for init",
            report(container(CREATING), init=(container(RUNNING, name="first"),)),
            Expected(("False", "ContainersNotReady", "containers with unready status: [main]"), initialized="False"),
        ),
        ("a job that is done", report(container(ended(0)), policy="Never"), Expected(("False", "PodCompleted", None))),
        ("a job that failed", report(container(ended(3)), policy="Never"), Expected(("False", "PodFailed", None))),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_conditions(case: str, seen: PodReport, expected: Expected) -> None:
    found = {condition["type"]: condition for condition in pod_status(seen, known=(), now=NOW)["conditions"]}
    assert list(found) == ["Initialized", "Ready", "ContainersReady", "PodScheduled"]
    for name in ("Ready", "ContainersReady"):
        assert (found[name]["status"], found[name]["reason"], found[name]["message"]) == expected.ready, case
    assert found["Initialized"]["status"] == expected.initialized
    assert found["PodScheduled"]["status"] == "True"


def test_a_condition_keeps_its_time_until_it_changes() -> None:
    known = [KnownCondition("Ready", "True", last_transition_time="2026-05-01T12:00:01Z"), KnownCondition("Initialized", "True")]

    def times(seen: PodReport) -> dict[str, str]:
        return {condition["type"]: condition["lastTransitionTime"] for condition in pod_status(seen, known=known, now=NOW)["conditions"]}

    assert times(report(container(RUNNING, ready=True)))["Ready"] == "2026-05-01T12:00:01Z"
    assert times(report(container(RUNNING)))["Ready"] == "2026-05-01T12:00:30Z"
    assert times(report(container(RUNNING)))["Initialized"] == "2026-05-01T12:00:30Z", "an unknown time is now"


def test_the_whole_status_of_a_container_that_crashed_before() -> None:
    seen = replace(container(RUNNING, last=ended(70), ready=True), image_id="app@sha256:1", container_id="sandbox://2")
    status = pod_status(report(seen), known=(), now=NOW)
    expected: dict[str, Any] = {
        "name": "main",
        "image": "app:v1",
        "imageID": "app@sha256:1",
        "containerID": "sandbox://2",
        "state": {"running": {"startedAt": "2026-05-01T12:00:00Z"}},
        "lastState": {
            "terminated": {
                "exitCode": 70,
                "reason": "Error",
                "message": "boom",
                "startedAt": "2026-05-01T12:00:00Z",
                "finishedAt": "2026-05-01T12:00:05Z",
                "containerID": "sandbox://1",
            }
        },
        "ready": True,
        "started": True,
        "restartCount": 1,
    }
    assert status["containerStatuses"] == [expected]
    assert (status["podIP"], status["podIPs"], status["hostIP"]) == ("10.244.1.7", [{"ip": "10.244.1.7"}], "10.240.0.1")
    assert "initContainerStatuses" not in status


def test_a_waiting_container_says_why() -> None:
    status = pod_status(report(container(CRASHING, last=ended(1))), known=(), now=NOW)["containerStatuses"][0]
    assert status["state"] == {"waiting": {"reason": "CrashLoopBackOff", "message": CRASHING.message}}
    assert status["lastState"]["terminated"]["exitCode"] == 1
