"""What containers are given: variables, logs, room, and what is said when it cannot be given."""

from __future__ import annotations

import asyncio
import json

import pytest

from console.cluster.errors import BadRequest, ClusterError
from tests.sandbox.town import Json, Town, condition, deployment, is_ready, main_state, pod, python, waits

PRINT = "import json, os, time; print(json.dumps(dict(os.environ)), flush=True); time.sleep(60)"


async def test_variables_from_everywhere(town: Town) -> None:
    await town.create("configmaps", {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "web"}, "data": {"colour": "red"}})
    await town.create("secrets", {"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "keys"}, "stringData": {"token": "s3cret"}})
    env: list[Json] = [
        {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "token"}}},
        {"name": "SLOT", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['version']"}}},
        {"name": "ADDRESS", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "GREETING", "value": "slot $(SLOT)"},
    ]
    whole = [{"prefix": "WEB_", "configMapRef": {"name": "web"}}]
    await town.create("pods", pod("told", command=python(PRINT), env=env, envFrom=whole, labels={"version": "green"}))
    found = await town.pod_when("told", is_ready)
    seen = json.loads(await town.log_with("told", "}"))
    assert (seen["WEB_colour"], seen["TOKEN"], seen["SLOT"], seen["GREETING"]) == ("red", "s3cret", "green", "slot green")
    assert (seen["ADDRESS"], seen["HOSTNAME"]) == (found["status"]["podIP"], "told")


async def test_a_missing_secret_is_named_and_its_coming_noticed(town: Town) -> None:
    env = [{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "late", "key": "token"}}}]
    await town.create("pods", pod("needy", command=["sleep", "60"], env=env))
    found = await town.pod_when("needy", waits("CreateContainerConfigError"))
    assert main_state(found)["waiting"]["message"] == 'secret "late" not found'
    assert await town.told_of("needy", "Failed") == 'Error: secret "late" not found'
    await town.create("secrets", {"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "late"}, "stringData": {"token": "x"}})
    await town.pod_when("needy", is_ready)


@pytest.mark.parametrize(
    ("case", "spec", "reason", "message"),
    [
        ("no-program", {"command": ["no-such-program"]}, "RunContainerError", '"no-such-program": executable file not found in $PATH'),
        ("no-command", {}, "CreateContainerError", "no command specified"),
        ("bad-name", {"image": "Tools:1"}, "InvalidImageName", "invalid reference format"),
        ("never", {"imagePullPolicy": "Never", "image": "traider-backend:v1.4.0"}, "ErrImageNeverPull", "pull policy of Never"),
        (
            "volume",
            {
                "command": ["sleep", "60"],
                "volumes": [{"name": "files", "configMap": {"name": "files"}}],
                "volumeMounts": [{"name": "files", "mountPath": "/etc/files"}],
            },
            "CreateContainerConfigError",
            'volume "files" cannot be mounted at /etc/files: nodes of a rehearsal know emptyDir only',
        ),
    ],
)
async def test_a_container_that_cannot_be_made_says_why(town: Town, case: str, spec: Json, reason: str, message: str) -> None:
    await town.create("pods", pod(case, **spec))
    found = await town.pod_when(case, waits(reason))
    assert main_state(found)["waiting"]["message"].endswith(message)


async def test_a_pod_for_which_there_is_no_room_waits_until_there_is(town: Town) -> None:
    big = pod("", command=["sleep", "60"], resources={"requests": {"cpu": "5"}}, terminationGracePeriodSeconds=0)
    await town.create("deployments", deployment("big", big, replicas=2))
    await town.available("big", replicas=2)
    await town.create("pods", pod("late", command=["sleep", "60"], resources={"requests": {"cpu": "4"}}))
    found = await town.pod_when("late", lambda each: condition(each, "PodScheduled").get("status") == "False")
    expected = (
        "0/2 nodes are available: 2 Insufficient cpu. preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod."
    )
    assert (condition(found, "PodScheduled")["reason"], condition(found, "PodScheduled")["message"]) == ("Unschedulable", expected)
    assert found["status"]["phase"] == "Pending"
    assert await town.told_of("late", "FailedScheduling") == expected
    await town.patch("deployments", "big", {"spec": {"replicas": 1}})
    await town.pod_when("late", is_ready)


async def test_logs_as_the_api_gives_them(town: Town) -> None:
    code = "import time\nfor n in range(5): print('line', n, flush=True)\ntime.sleep(60)"
    await town.create("pods", pod("writer", command=python(code)))
    await town.pod_when("writer", is_ready)
    await town.log_with("writer", "line 4")
    assert await town.log("writer", tailLines="2") == "line 3\nline 4\n"
    assert await town.log("writer", limitBytes="9") == "line 0\nli"
    assert await town.log("writer", sinceSeconds="3600", tailLines="1") == "line 4\n"
    stamp, _, text = (await town.log("writer", timestamps="true", tailLines="1")).partition(" ")
    assert (stamp[10], stamp[-1], text) == ("T", "Z", "line 4\n")
    with pytest.raises(ClusterError, match='previous terminated container "main" in pod "writer" not found'):
        await town.log("writer", previous="true")
    with pytest.raises(BadRequest):
        await town.log("writer", container="nobody")


async def test_following_a_log_brings_lines_as_they_are_written(town: Town) -> None:
    code = "import time\nprint('first', flush=True)\nwhile True:\n time.sleep(0.2); print('more', flush=True)"
    await town.create("pods", pod("talker", command=python(code)))
    await town.pod_when("talker", is_ready)
    lines = []
    async with asyncio.timeout(10):
        async for line in town.client.stream(town.path("pods", "talker", "log"), params={"follow": "true"}, silence=5):
            lines.append(line)
            if len(lines) == 4:
                break
    assert lines == [b"first", b"more", b"more", b"more"]
