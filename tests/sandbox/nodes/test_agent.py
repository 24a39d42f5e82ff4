"""The node agent's own end: what runs on a node never outlives it, and what it finds on coming back it takes over truthfully."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from console.cluster.connect import connect
from console.cluster.errors import NotFound
from console.sandbox import setup_client
from console.sandbox.apiserver import EmbeddedServer
from console.sandbox.data_plane import DataPlane
from console.sandbox.endpoint import write_kubeconfig
from console.sandbox.plane_process import RemotePlane, remote_plane
from console.sandbox.plane_views import Plane
from tests.planes import short_folder
from tests.sandbox.conftest import Nodes
from tests.sandbox.town import Json, Town, is_ready, main_state, main_status, pod, python
from tests.sandbox.waiting import answered, until

SLEEP = python("import time; time.sleep(600)")


@asynccontextmanager
async def a_server(folder: Path) -> AsyncIterator[tuple[Nodes, Town]]:
    """An API server of its own, with a namespace and no nodes yet; each test starts its own data plane."""
    async with EmbeddedServer.start(folder / "server") as server:
        await setup_client.create_namespace(server.endpoint, "town")
        nodes = Nodes(server, folder)
        client = await connect(kubeconfig=write_kubeconfig(folder / "admin", server.endpoint, "admin", "town"), context=None)
        try:
            yield nodes, Town("town", client, RemotePlane(folder / "none"), nodes.images)
        finally:
            await client.close()


async def test_every_container_dies_with_the_process_of_its_nodes() -> None:
    with short_folder() as folder:
        async with a_server(folder) as (nodes, town), remote_plane(nodes.config()) as plane:
            await plane.serve("town")
            for name in ("one", "two"):
                await town.create("pods", pod(name, command=SLEEP))
                await town.pod_when(name, is_ready)
            pids = await _pids(plane)
            assert len(pids) == 2
            assert all(_runs(pid) for pid in pids)
            os.kill(_agent_of(pids[0]), signal.SIGKILL)
            await until(lambda: not any(_runs(pid) for pid in pids), what="no container left")


async def test_containers_are_restarted_and_counted_when_the_nodes_come_back() -> None:
    with short_folder() as folder:
        async with a_server(folder) as (nodes, town):
            async with DataPlane.start(nodes.config()) as plane:
                await plane.serve("town")
                await town.create("pods", pod("steady", command=SLEEP))
                await town.create("pods", pod("once", command=SLEEP, restartPolicy="Never"))
                for name in ("steady", "once"):
                    await town.pod_when(name, is_ready)
            found = await town.get("pods", "steady")
            assert found is not None
            assert is_ready(found), "nobody is there to tell otherwise"

            async with DataPlane.start(nodes.config()) as plane:
                await plane.serve("town")
                found = await town.pod_when("steady", lambda each: main_status(each)["restartCount"] == 1 and is_ready(each))
                last = main_status(found)["lastState"]["terminated"]
                assert (last["exitCode"], last["reason"]) == (137, "ContainerStatusUnknown")
                found = await town.pod_when("once", lambda each: each["status"]["phase"] == "Failed")
                assert main_state(found)["terminated"]["reason"] == "ContainerStatusUnknown"


async def test_a_pod_deleted_while_the_nodes_were_away_is_finished_when_they_come_back() -> None:
    with short_folder() as folder:
        async with a_server(folder) as (nodes, town):
            async with DataPlane.start(nodes.config()) as plane:
                await plane.serve("town")
                await town.create("pods", pod("leaving", command=SLEEP))
                await town.pod_when("leaving", is_ready)
            await town.delete("pods", "leaving")
            assert await town.get("pods", "leaving") is not None, "it waits for its node"
            async with DataPlane.start(nodes.config()) as plane:
                await plane.serve("town")
                await town.gone("pods", "leaving")


async def test_nodes_are_registered_ready_and_with_room() -> None:
    with short_folder() as folder:
        async with a_server(folder) as (nodes, town), DataPlane.start(nodes.config()):

            async def registered() -> list[Json]:
                items: list[Json] = json.loads(await town.client.request("GET", "/api/v1/nodes"))["items"]
                return items

            found = await answered(registered, lambda items: len(items) == 2 and all(each.get("status") for each in items))
            for each in found:
                ready = next(part for part in each["status"]["conditions"] if part["type"] == "Ready")
                assert ready["status"] == "True"
                assert each["status"]["allocatable"]["cpu"] == "8"


async def test_a_node_that_was_deleted_registers_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.sandbox.nodes.node.HEARTBEAT_SECONDS", 0.1)
    with short_folder() as folder:
        async with a_server(folder) as (nodes, town), DataPlane.start(nodes.config()):

            async def node() -> Json:
                with contextlib.suppress(NotFound):
                    found: Json = json.loads(await town.client.request("GET", "/api/v1/nodes/node-1"))
                    return found
                return {}

            first = await answered(node, lambda found: found.get("status"))
            await town.client.request("DELETE", "/api/v1/nodes/node-1")
            again = await answered(node, lambda found: found.get("status", {}).get("conditions"))
            assert again["metadata"]["uid"] != first["metadata"]["uid"]


@pytest.mark.parametrize("ends", [signal.SIGTERM, signal.SIGINT])
async def test_the_process_leaves_in_order_when_asked(ends: signal.Signals) -> None:
    with short_folder() as folder:
        async with a_server(folder) as (nodes, town):
            async with remote_plane(nodes.config()) as plane:
                await plane.serve("town")
                await town.create("pods", pod("one", command=SLEEP))
                await town.pod_when("one", is_ready)
                (pid,) = await _pids(plane)
                agent = _agent_of(pid)
                os.kill(agent, ends)
                await until(lambda: not _runs(pid) and not _runs(agent), what="both gone")
            assert not nodes.server.egress_socket.exists()


async def _pids(plane: Plane) -> list[int]:
    async with asyncio.timeout(5):
        pods = await plane.pods()
    return [container.pid for pod in pods for container in pod.containers if container.pid is not None]


def _agent_of(pid: int) -> int:
    """The nodes' process: the container's parent is the zygote, whose guard is the agent's child."""
    zygote = _parent_of(pid)
    return _parent_of(_parent_of(zygote))


def _parent_of(pid: int) -> int:
    status = Path(f"/proc/{pid}/stat").read_text()
    return int(status.rpartition(")")[2].split()[1])


def _runs(pid: int) -> bool:
    """Whether the process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
