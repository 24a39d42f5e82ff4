"""Nodes: registered, reported on and removed by the agent that plays them."""

from __future__ import annotations

from tests.contract.conftest import As
from tests.contract.node import Node, now
from tests.contract.objects import condition
from tests.contract.wire import Api


async def test_a_registered_node_is_ready(api: Api, node: Node) -> None:
    found = (await api.get(f"/api/v1/nodes/{node.name}")).ok()
    assert condition(found, "Ready")["status"] == "True"
    assert found["status"]["addresses"][0] == {"type": "InternalIP", "address": "10.250.0.1"}
    assert found["status"]["daemonEndpoints"]["kubeletEndpoint"]["Port"] == 10250
    assert found["status"]["allocatable"] == {"cpu": "8", "memory": "16Gi", "pods": "110"}


async def test_a_node_is_registered_once(user: As, node: Node) -> None:
    body = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": node.name}}
    (await (await user("node-agent")).post("/api/v1/nodes", body)).refused(409, "AlreadyExists")


async def test_a_heartbeat_keeps_the_other_conditions(user: As, node: Node) -> None:
    agent, path = await user("node-agent"), f"/api/v1/nodes/{node.name}"
    pressure = {"type": "MemoryPressure", "status": "False", "lastHeartbeatTime": now()}
    (await agent.strategic_patch(f"{path}/status", {"status": {"conditions": [pressure]}})).ok()
    beat = {"type": "Ready", "status": "True", "lastHeartbeatTime": "2031-01-02T03:04:05Z"}
    beaten = (await agent.strategic_patch(f"{path}/status", {"status": {"conditions": [beat]}})).ok()
    assert condition(beaten, "MemoryPressure")["status"] == "False"
    assert condition(beaten, "Ready")["lastHeartbeatTime"] == "2031-01-02T03:04:05Z"


async def test_a_node_is_labelled_by_a_merge_patch(user: As, node: Node) -> None:
    change = {"metadata": {"labels": {"example.test/rehearsal": "yes"}}}
    patched = (await (await user("node-agent")).merge_patch(f"/api/v1/nodes/{node.name}", change)).ok()
    assert patched["metadata"]["labels"]["example.test/rehearsal"] == "yes"
    assert patched["metadata"]["labels"]["kubernetes.io/hostname"] == node.name


async def test_the_agent_sees_the_pods_of_all_namespaces_and_no_more_rights_than_it_needs(user: As, namespace: str) -> None:
    agent = await user("node-agent")
    (await agent.get("/api/v1/pods")).ok()
    (await agent.get("/api/v1/nodes")).ok()
    (await agent.get("/apis/apps/v1/deployments")).refused(403, "Forbidden")
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}
    (await agent.post(f"/api/v1/namespaces/{namespace}/configmaps", body)).refused(403, "Forbidden")
