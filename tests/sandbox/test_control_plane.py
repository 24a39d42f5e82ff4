"""The real control plane: its parts fail and come back, it ends with its owner, and kubectl can use it."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest

from console.sandbox.binaries import Binaries
from console.sandbox.control_plane import START_ORDER, ControlPlane, check_socket_path
from console.sandbox.rights import SHIPPED
from console.sandbox.supervise import ChildFailed
from tests.contract import wire
from tests.contract.objects import Paths, configmap, deployment, names
from tests.contract.wire import Api, eventually
from tests.planes import control_plane_binaries, short_folder
from tests.sandbox.test_supervise import is_running, until

Kubectl = Callable[..., Awaitable[tuple[int, str]]]

pytestmark = pytest.mark.real


@pytest.fixture
def paths(namespace: str) -> Paths:
    return Paths(namespace)


@pytest.fixture
async def api(real_plane: ControlPlane) -> AsyncIterator[Api]:
    async with wire.connected(real_plane.endpoint, real_plane.endpoint.users["admin"]) as connected:
        yield connected


async def test_the_controllers_are_started_for_a_server_that_is_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine they would give up before it is, and nothing would ever be rolled out."""
    order: list[str] = []

    async def launch(_: ControlPlane, part: str) -> None:
        order.append(f"start {part}")
        await asyncio.sleep(0)
        order.append(f"{part} is ready")

    monkeypatch.setattr(ControlPlane, "launch", launch)
    with short_folder() as folder:
        async with ControlPlane.start(control_plane_binaries(), folder):
            pass
    assert order[-3:] == ["kube-apiserver is ready", "start kube-controller-manager", "kube-controller-manager is ready"]


async def test_a_killed_api_server_refuses_and_comes_back_with_its_data(real_plane: ControlPlane, api: Api, paths: Paths) -> None:
    (await api.post(paths.configmaps, configmap("before"))).ok(201)
    await real_plane.kill("kube-apiserver")
    with pytest.raises(aiohttp.ClientConnectionError):
        await api.get(paths.configmaps)
    await real_plane.launch("kube-apiserver")
    assert "before" in names((await api.get(paths.configmaps)).ok())


async def test_a_paused_api_server_answers_nothing_until_it_is_resumed(real_plane: ControlPlane, api: Api, paths: Paths) -> None:
    async def answers() -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                (await api.get(paths.configmaps)).ok()
                return True
        return False

    assert await answers()
    real_plane.pause("kube-apiserver")  # the signal takes a moment to reach every thread of it
    try:
        await eventually(answers, lambda answered: not answered)
    finally:
        real_plane.resume("kube-apiserver")
    (await api.get(paths.configmaps)).ok()


async def test_without_etcd_nothing_is_written_and_nothing_is_lost(real_plane: ControlPlane, api: Api, paths: Paths) -> None:
    (await api.post(paths.configmaps, configmap("before"))).ok(201)
    await real_plane.kill("etcd")
    try:
        assert (await api.post(paths.configmaps, configmap("during"), timeout="1s")).status >= 500
    finally:
        await real_plane.launch("etcd")

    async def write() -> int:
        return (await api.post(paths.configmaps, configmap("after"))).status

    await eventually(write, lambda status: status == 201)
    listed = names((await api.get(paths.configmaps)).ok())
    assert {"before", "after"} <= set(listed)


async def test_without_controllers_deployments_wait(real_plane: ControlPlane, api: Api, paths: Paths) -> None:
    await real_plane.stop("kube-controller-manager")
    try:
        (await api.post(paths.deployments, deployment("web", replicas=1))).ok(201)
        assert names((await api.get(paths.replicasets)).ok()) == []
    finally:
        await real_plane.launch("kube-controller-manager")

    async def replicasets() -> list[str]:
        return names((await api.get(paths.replicasets)).ok())

    await eventually(replicasets, len)


@pytest.fixture
def kubectl(kubeconfig: Callable[[str], Path]) -> Kubectl:
    """Runs kubectl as a user: its exit code and everything it printed."""
    program = control_plane_binaries().kubectl
    assert program is not None

    async def run(user: str, *arguments: str) -> tuple[int, str]:
        command = [str(program), "--kubeconfig", str(kubeconfig(user)), *arguments]
        done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    return run


async def test_kubectl_uses_the_kubeconfig_of_a_user(kubectl: Kubectl, namespace: str) -> None:
    assert await kubectl("operator", "auth", "can-i", "patch", "services") == (0, "yes\n")
    assert await kubectl("viewer", "auth", "can-i", "patch", "services") == (1, "no\n")
    code, text = await kubectl("viewer", "create", "configmap", "x")
    assert code == 1
    assert "forbidden" in text
    assert namespace in text


async def test_the_shipped_roles_are_bound_as_their_files_say(kubectl: Kubectl, namespace: str) -> None:
    """A namespace nobody was given rights in, then the command that heads each file."""
    other = f"{namespace}-other"
    assert (await kubectl("admin", "create", "namespace", other))[0] == 0
    assert await kubectl("operator", "-n", other, "auth", "can-i", "get", "pods") == (1, "no\n")
    files = [argument for name in ("viewer.yml", "operator.yml") for argument in ("-f", str(SHIPPED / name))]
    code, text = await kubectl("admin", "apply", "--namespace", other, *files)
    assert code == 0, text
    assert await kubectl("operator", "-n", other, "auth", "can-i", "patch", "services") == (0, "yes\n")
    assert await kubectl("viewer", "-n", other, "auth", "can-i", "get", "pods", "--subresource=log") == (0, "yes\n")
    assert (await kubectl("admin", "delete", "namespace", other, "--wait=false"))[0] == 0


OWNER = """
import asyncio, sys
from pathlib import Path
from console.sandbox.binaries import Binaries
from console.sandbox.control_plane import START_ORDER, ControlPlane

async def own(folder, etcd, apiserver, controller_manager):
    binaries = Binaries(Path(etcd), Path(apiserver), Path(controller_manager), None)
    async with ControlPlane.start(binaries, Path(folder)) as plane:
        print(*(plane.child(part).pid for part in START_ORDER), flush=True)
        await asyncio.sleep(600)

asyncio.run(own(*sys.argv[1:]))
"""


async def test_a_killed_owner_leaves_no_part_behind() -> None:
    binaries = control_plane_binaries()
    programs = [str(path) for path in (binaries.etcd, binaries.apiserver, binaries.controller_manager)]
    with short_folder() as folder:
        owner = await asyncio.create_subprocess_exec(
            sys.executable, "-c", OWNER, str(folder / "plane"), *programs, stdout=asyncio.subprocess.PIPE
        )
        assert owner.stdout is not None
        pids = [int(each) for each in (await owner.stdout.readline()).split()]
        assert len(pids) == len(START_ORDER)
        assert all(map(is_running, pids))
        owner.kill()
        await owner.communicate()
        await until(lambda: not any(map(is_running, pids)), within=20)


async def test_a_part_that_cannot_start_is_named_and_the_others_end(tmp_path: Path) -> None:
    binaries = control_plane_binaries()
    broken = tmp_path / "kube-apiserver"
    broken.write_text("#!/bin/sh\necho no room for me\nexit 9\n")
    broken.chmod(0o755)
    with short_folder() as folder:
        mixed = Binaries(binaries.etcd, broken, binaries.controller_manager, None)
        with pytest.raises(ChildFailed, match=r"kube-apiserver ended with exit code 9 before it was ready(.|\n)*no room for me"):
            async with ControlPlane.start(mixed, folder / "plane"):
                pass
        await until(lambda: not processes_that_name(folder))


def processes_that_name(folder: Path) -> str:
    """Ids of the processes with this folder on their command line."""
    return subprocess.run(["pgrep", "-f", str(folder)], capture_output=True, text=True, check=False).stdout


def test_a_folder_too_long_for_a_socket_is_refused() -> None:
    with pytest.raises(ValueError, match="choose a shorter folder"):
        check_socket_path(Path("/tmp") / ("x" * 100))
