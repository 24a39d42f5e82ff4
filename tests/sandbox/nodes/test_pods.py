"""Pods on both API servers: what becomes of them is what their processes really do."""

from __future__ import annotations

import pytest

from console.sandbox.nodes.images import Image
from tests.sandbox.town import Town, condition, deployment, is_ready, main_state, main_status, pod, python, service, waits

SERVE = """
import http.server, os, time
class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/slow":
            time.sleep(3)
        elif self.path == "/broken":
            self.send_error(503)
        else:
            super().do_GET()
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""
HTTP = {"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 1}
PORTS = [{"name": "http", "containerPort": 8080}]


async def test_a_pod_runs_is_ready_and_tells_its_story(town: Town) -> None:
    await town.create("pods", pod("web", command=python(SERVE), ports=PORTS, readinessProbe=HTTP))
    found = await town.pod_when("web", is_ready)
    status = found["status"]
    assert (status["phase"], status["qosClass"]) == ("Running", "BestEffort")
    assert status["podIP"].startswith("10.244.")
    assert status["hostIP"].startswith("10.240.0.")
    assert found["spec"]["nodeName"] in ("node-1", "node-2")
    main = main_status(found)
    assert (main["ready"], main["started"], main["restartCount"], main["lastState"]) == (True, True, 0, {})
    assert main["imageID"].startswith("tools@sha256:")
    for kind in ("PodScheduled", "Initialized", "ContainersReady", "Ready"):
        assert condition(found, kind)["status"] == "True"
    await town.told_of("web", "Started")
    reasons = {reason for reason, _ in await town.told("web")}
    assert {"Scheduled", "Pulled", "Created", "Started"} <= reasons
    listing = await town.client.request("GET", town.path("pods", "web:8080", "proxy/"))
    assert b"Directory listing" in listing


async def test_pods_of_one_controller_are_spread_and_have_addresses_of_their_own(town: Town) -> None:
    template = pod("", command=["sleep", "60"], terminationGracePeriodSeconds=0)
    await town.create("deployments", deployment("x", template, replicas=4))
    await town.available("x", replicas=4)
    pods = await town.every("pods", app="x")
    assert sorted(each["spec"]["nodeName"] for each in pods) == ["node-1"] * 2 + ["node-2"] * 2
    assert len({each["status"]["podIP"] for each in pods}) == 4


async def test_an_image_that_is_not_there_is_pulled_as_soon_as_it_is(town: Town) -> None:
    image = f"late-{town.namespace}:v9"
    await town.create("pods", pod("late", image=image, command=python("import time; time.sleep(60)")))
    failing = await town.pod_when("late", waits("ErrImagePull"))
    assert f'failed to resolve reference "{image}"' in main_state(failing)["waiting"]["message"]
    backing_off = await town.pod_when("late", waits("ImagePullBackOff"))
    assert main_state(backing_off)["waiting"]["message"].startswith(f'Back-off pulling image "{image}": ErrImagePull: rpc error')
    assert backing_off["status"]["phase"] == "Pending"
    assert await town.told_of("late", "BackOff") == f'Back-off pulling image "{image}"'
    digest = town.images.add(image.partition(":")[0], "v9", Image(label=town.namespace))
    found = await town.pod_when("late", is_ready)
    assert main_status(found)["imageID"].endswith(digest)


async def test_a_crash_loop_counts_waits_and_keeps_the_last_words(town: Town) -> None:
    code = "import sys; print('starting'); print('fatal: no luck', flush=True); sys.exit(7)"
    await town.create("pods", pod("crash", command=python(code), terminationMessagePolicy="FallbackToLogsOnError"))
    found = await town.pod_when("crash", lambda each: waits("CrashLoopBackOff")(each) and main_status(each)["restartCount"] >= 2)
    main = main_status(found)
    last = main["lastState"]["terminated"]
    assert (last["exitCode"], last["reason"], last["message"]) == (7, "Error", "starting\nfatal: no luck")
    uid = found["metadata"]["uid"]
    assert main["state"]["waiting"]["message"].endswith(f"restarting failed container=main pod=crash_{town.namespace}({uid})")
    assert main["state"]["waiting"]["message"].startswith("back-off 20s" if main["restartCount"] == 2 else "back-off ")
    assert (found["status"]["phase"], main["ready"]) == ("Running", False)
    assert condition(found, "Ready")["message"] == "containers with unready status: [main]"
    assert "Back-off restarting failed container main" in await town.told_of("crash", "BackOff")
    assert "fatal: no luck" in await town.log("crash", previous="true")


async def test_a_failing_liveness_probe_restarts_the_container(town: Town) -> None:
    code = "import os, time; open('alive', 'w').close(); time.sleep(0.8); os.remove('alive'); time.sleep(60)"
    probe = {"exec": {"command": ["test", "-e", "alive"]}, "periodSeconds": 1, "failureThreshold": 1}
    await town.create("pods", pod("ill", command=python(code), livenessProbe=probe, terminationGracePeriodSeconds=1))
    found = await town.pod_when("ill", lambda each: main_status(each)["restartCount"] >= 1 if main_state(each) else False)
    assert main_status(found)["lastState"]["terminated"]["exitCode"] == 143, "ended by SIGTERM"
    assert (await town.told_of("ill", "Unhealthy")).startswith("Liveness probe failed:")
    assert await town.told_of("ill", "Killing") == "Container main failed liveness probe, will be restarted"


async def test_readiness_comes_and_goes_and_endpoints_follow(town: Town) -> None:
    probe = {"exec": {"command": ["test", "-e", "ready"]}, "periodSeconds": 1, "failureThreshold": 1}
    code = "import os, time; open('ready', 'w').close(); time.sleep(1.5); os.remove('ready'); time.sleep(60)"
    await town.create("pods", pod("moody", command=python(code), readinessProbe=probe, ports=PORTS, labels={"app": "moody"}))
    await town.create("services", service("moody", app="moody"))
    await town.pod_when("moody", is_ready)
    await town.targets("moody", lambda pods: pods == ("moody",))
    found = await town.pod_when("moody", lambda each: not is_ready(each))
    assert (main_status(found)["restartCount"], main_status(found)["ready"]) == (0, False)
    await town.targets("moody", lambda pods: pods == ())


async def test_a_startup_probe_holds_the_others_back(town: Town) -> None:
    code = "import time; time.sleep(0.5); open('up', 'w').close(); time.sleep(60)"
    startup = {"exec": {"command": ["test", "-e", "up"]}, "periodSeconds": 1, "failureThreshold": 10}
    liveness = {"exec": {"command": ["test", "-e", "up"]}, "periodSeconds": 1, "failureThreshold": 1}
    await town.create("pods", pod("slow", command=python(code), startupProbe=startup, livenessProbe=liveness))
    first = await town.pod_when("slow", lambda each: "running" in main_state(each))
    assert (main_status(first)["started"], main_status(first)["ready"]) == (False, False)
    found = await town.pod_when("slow", is_ready)
    assert (main_status(found)["started"], main_status(found)["restartCount"]) == (True, 0)


@pytest.mark.parametrize(
    ("case", "probe", "message"),
    [
        ("refused", {"httpGet": {"path": "/x", "port": 8080}}, "dial tcp {ip}:8080: connect: connection refused"),
        ("tcp", {"tcpSocket": {"port": 8080}}, "dial tcp {ip}:8080: connect: connection refused"),
        ("no-port", {"httpGet": {"path": "/", "port": "nothing"}}, 'couldn\'t find port "nothing" in container "main"'),
    ],
)
async def test_a_probe_that_fails_says_how(town: Town, case: str, probe: dict[str, object], message: str) -> None:
    await town.create("pods", pod(case, command=["sleep", "60"], readinessProbe={**probe, "periodSeconds": 1}, ports=PORTS))
    found = await town.pod_when(case, lambda each: "running" in main_state(each))
    told = await town.told_of(case, "Unhealthy")
    assert told.startswith("Readiness probe failed: ")
    assert told.endswith(message.format(ip=found["status"]["podIP"]))


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("broken", "HTTP probe failed with statuscode: 503"),
        ("slow", 'Get "http://{ip}:8080/slow": context deadline exceeded (Client.Timeout exceeded while awaiting headers)'),
    ],
)
async def test_an_answer_that_is_bad_or_late_fails_a_probe(town: Town, path: str, message: str) -> None:
    probe = {"httpGet": {"path": path, "port": "http"}, "periodSeconds": 1, "initialDelaySeconds": 1}
    await town.create("pods", pod(path, command=python(SERVE), ports=PORTS, readinessProbe=probe))
    address = (await town.pod_when(path, lambda each: each["status"].get("podIP")))["status"]["podIP"]
    assert await town.told_of(path, "Unhealthy") == f"Readiness probe failed: {message.format(ip=address)}"
