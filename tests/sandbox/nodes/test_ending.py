"""How pods end: hooks, SIGTERM, grace, SIGKILL, force, and jobs that end by themselves."""

from __future__ import annotations

import time

import pytest

from tests.sandbox.town import Json, Town, condition, is_ready, main_state, main_status, pod, python

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
ORDERLY = """
import signal, sys, time
def leave(*_):
    print("leaving", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
print("up", flush=True)
time.sleep(60)
"""


async def test_a_pod_that_leaves_in_order_ends_with_its_own_exit_code(town: Town) -> None:
    await town.create("pods", pod("polite", command=python(ORDERLY)))
    await _says(town, "polite", "up")
    async with town.watching("polite") as seen:
        await town.delete("pods", "polite")
        await town.gone("pods", "polite")
    last = seen[-1]
    assert last["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 0
    assert (last["phase"], last["containerStatuses"][0]["ready"]) == ("Succeeded", False)
    assert await town.told_of("polite", "Killing") == "Stopping container main"


async def test_a_pod_that_does_not_listen_is_killed_when_its_grace_is_over(town: Town) -> None:
    await town.create("pods", pod("stubborn", command=python(STUBBORN), terminationGracePeriodSeconds=2))
    await _says(town, "stubborn", "up")
    started = time.monotonic()
    async with town.watching("stubborn") as seen:
        await town.delete("pods", "stubborn")
        await town.gone("pods", "stubborn")
    assert 1.9 <= time.monotonic() - started < 5
    assert seen[-1]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 137
    assert seen[-1]["phase"] == "Failed"


async def test_a_second_deletion_can_shorten_the_grace(town: Town) -> None:
    await town.create("pods", pod("stubborn", command=python(STUBBORN), terminationGracePeriodSeconds=60))
    await _says(town, "stubborn", "up")
    await town.delete("pods", "stubborn")
    await town.pod_when("stubborn", lambda each: each["metadata"].get("deletionTimestamp"))
    await town.delete("pods", "stubborn", gracePeriodSeconds=2)
    await town.gone("pods", "stubborn", within=6)


async def test_a_pod_deleted_by_force_loses_its_process_at_once(town: Town) -> None:
    await town.create("pods", pod("forced", command=python(STUBBORN), terminationGracePeriodSeconds=60))
    await _says(town, "forced", "up")
    await town.delete("pods", "forced", gracePeriodSeconds=0)
    await town.gone("pods", "forced", within=2)
    await town.no_process("forced")


async def test_the_hook_runs_first_and_its_time_is_part_of_the_grace(town: Town) -> None:
    hook = {"preStop": {"exec": {"command": ["sh", "-c", "echo hook > hook; sleep 0.4"]}}}
    code = ORDERLY.replace('print("leaving", flush=True)', 'print(open("hook").read().strip(), flush=True)')
    await town.create("pods", pod("hooked", command=python(code), lifecycle=hook, terminationMessagePolicy="FallbackToLogsOnError"))
    await _says(town, "hooked", "up")
    async with town.watching("hooked") as seen:
        started = time.monotonic()
        await town.delete("pods", "hooked")
        await town.gone("pods", "hooked")
    assert time.monotonic() - started >= 0.4
    assert seen[-1]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 0, "the hook's file was there when SIGTERM came"


async def test_a_sleeping_hook_keeps_the_process_serving(town: Town) -> None:
    await town.create("pods", pod("sleepy", command=python(ORDERLY), lifecycle={"preStop": {"sleep": {"seconds": 1}}}))
    await _says(town, "sleepy", "up")
    async with town.watching("sleepy") as seen:
        await town.delete("pods", "sleepy")
        await town.gone("pods", "sleepy")
    ended = seen[-1]["containerStatuses"][0]["state"]["terminated"]
    assert ended["exitCode"] == 0
    assert any("running" in status["containerStatuses"][0]["state"] for status in seen), "it ran on after the deletion was asked for"


async def test_a_failing_hook_is_told_and_does_not_stop_the_end(town: Town) -> None:
    hook = {"preStop": {"exec": {"command": ["sh", "-c", "echo no such drain; exit 3"]}}}
    await town.create("pods", pod("clumsy", command=python(ORDERLY), lifecycle=hook))
    await _says(town, "clumsy", "up")
    await town.delete("pods", "clumsy")
    assert "no such drain" in await town.told_of("clumsy", "FailedPreStopHook")
    await town.gone("pods", "clumsy")


def job(name: str, command: list[str], *, retries: int = 0, policy: str = "Never") -> Json:
    template = pod("", command=command, restartPolicy=policy)
    spec = {"backoffLimit": retries, "template": {"metadata": {"labels": {}}, "spec": template["spec"]}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": spec}


@pytest.mark.parametrize(
    ("code", "outcome", "phase"), [("print('done')", "Complete", "Succeeded"), ("raise SystemExit(3)", "Failed", "Failed")]
)
async def test_a_job_runs_its_command_and_ends_as_it_did(town: Town, code: str, outcome: str, phase: str) -> None:
    await town.create("jobs", job("work", python(code)))
    found = await town.job_when("work", lambda each: condition(each, outcome).get("status") == "True")
    assert found["status"].get("succeeded" if outcome == "Complete" else "failed") == 1
    (done,) = await town.every("pods", **{"batch.kubernetes.io/job-name": "work"})
    assert done["status"]["phase"] == phase
    assert main_state(done)["terminated"]["exitCode"] == (0 if outcome == "Complete" else 3)
    assert condition(done, "Ready")["reason"] == ("PodCompleted" if outcome == "Complete" else "PodFailed")


async def test_a_failed_container_of_a_job_is_restarted_where_that_is_asked_for(town: Town) -> None:
    code = "import os, sys; first = not os.path.exists('tried'); open('tried', 'w').close(); sys.exit(1 if first else 0)"
    await town.create("jobs", job("again", python(code), policy="OnFailure", retries=5))
    await town.job_when("again", lambda each: condition(each, "Complete").get("status") == "True")
    (done,) = await town.every("pods", **{"batch.kubernetes.io/job-name": "again"})
    assert (main_status(done)["restartCount"], main_status(done)["lastState"]["terminated"]["exitCode"]) == (1, 1)


async def test_init_containers_run_in_order_before_the_others(town: Town) -> None:
    steps = [{"name": name, "image": "tools:1", "command": ["sh", "-c", f"echo {name} >> steps"]} for name in ("one", "two")]
    await town.create("pods", pod("prepared", command=["sh", "-c", "cat steps; sleep 60"], initContainers=steps))
    found = await town.pod_when("prepared", is_ready)
    assert [each["state"]["terminated"]["exitCode"] for each in found["status"]["initContainerStatuses"]] == [0, 0]
    assert await _says(town, "prepared", "one\ntwo")


async def test_an_init_container_that_fails_keeps_the_others_from_starting(town: Town) -> None:
    step = {"name": "migrate", "image": "tools:1", "command": ["sh", "-c", "echo cannot migrate; exit 1"]}
    await town.create("pods", pod("stuck", command=["sleep", "60"], initContainers=[step]))

    def crashes(found: Json) -> bool:
        states = found["status"].get("initContainerStatuses") or [{"state": {}}]
        return bool(states[0]["state"].get("waiting", {}).get("reason") == "CrashLoopBackOff")

    found = await town.pod_when("stuck", crashes)
    assert found["status"]["phase"] == "Pending"
    assert main_state(found)["waiting"]["reason"] == "PodInitializing"
    assert condition(found, "Initialized")["message"] == "containers with incomplete status: [migrate]"
    assert "cannot migrate" in await town.log("stuck", container="migrate", previous="true")


async def _says(town: Town, name: str, text: str) -> str:
    """The pod's log, once the text is in it."""
    await town.pod_when(name, lambda each: "running" in main_state(each))
    return await town.log_with(name, text)
