"""Where pods go: nodes and pods in, a node or the scheduler's own sentence out."""

from __future__ import annotations

import msgspec
import pytest

from console.sandbox.nodes.amounts import amount
from console.sandbox.nodes.objects import Pod
from console.sandbox.nodes.scheduling import Room, Unschedulable, place, requests


def room(name: str, *, cpu: str = "2", memory: str = "4Gi", pods: str = "10", **labels: str) -> Room:
    return Room(name, {"cpu": cpu, "memory": memory, "pods": pods}, labels=labels)


def pod(
    name: str = "new", *, node: str = "", cpu: str = "0", memory: str = "0", owner: str = "", phase: str = "Running", **selector: str
) -> Pod:
    owners = [{"kind": "ReplicaSet", "name": owner, "uid": owner, "controller": True}] if owner else []
    requested = {"cpu": cpu, "memory": memory}
    document = {
        "metadata": {"name": name, "namespace": "shop", "uid": name, "ownerReferences": owners},
        "spec": {"nodeName": node, "nodeSelector": selector, "containers": [{"name": "main", "resources": {"requests": requested}}]},
        "status": {"phase": phase},
    }
    return msgspec.convert(document, Pod)


A, B = room("node-1"), room("node-2")


NO_CPU = "0/2 nodes are available: 2 Insufficient cpu. preemption: 0/2 nodes are available: "
MIXED = "0/2 nodes are available: 1 Insufficient cpu, 1 Insufficient memory. preemption: 0/2 nodes are available: "
NO_LABEL = "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector. preemption: 0/2 nodes are available: "
NO_VICTIMS = "2 No preemption victims found for incoming pod."
NO_HELP = "2 Preemption is not helpful for scheduling."


def on(node: str, **spec: str) -> Pod:
    return pod(f"on-{node}-{sorted(spec.items())}", node=node, **spec)


@pytest.mark.parametrize(
    ("case", "new", "others", "expected"),
    [
        ("the emptier node", pod(), [on("node-1")], "node-2"),
        (
            "away from its siblings, even to the fuller node",
            pod(owner="rs"),
            [on("node-1", owner="rs"), on("node-2"), on("node-2", owner="x")],
            "node-2",
        ),
        ("where there is room", pod(cpu="1500m"), [on("node-1", cpu="600m"), on("node-2"), on("node-2", owner="x")], "node-2"),
        ("into what is exactly enough", pod(cpu="500m"), [on("node-1", cpu="1500m"), on("node-2", cpu="2")], "node-1"),
        ("where pods have ended", pod(cpu="2"), [on("node-1", cpu="2", phase="Succeeded"), on("node-2", cpu="1")], "node-1"),
        ("too little cpu", pod(cpu="1"), [on("node-1", cpu="1500m"), on("node-2", cpu="1100m")], NO_CPU + NO_VICTIMS),
        ("different reasons", pod(cpu="1", memory="3Gi"), [on("node-1", cpu="1500m"), on("node-2", memory="2Gi")], MIXED + NO_VICTIMS),
        ("no node with the label", pod(disk="fast"), [], NO_LABEL + NO_HELP),
    ],
    ids=lambda value: value if isinstance(value, str) and not value.startswith(("0/", "node-")) else "",
)
def test_placing(case: str, new: Pod, others: list[Pod], expected: str) -> None:
    found = place(new, [A, B], others)
    assert (found.message if isinstance(found, Unschedulable) else found) == expected, case


def test_a_full_node_takes_no_more_pods() -> None:
    found = place(pod(), [room("node-1", pods="1")], [pod("a", node="node-1")])
    assert isinstance(found, Unschedulable)
    assert found.message.startswith("0/1 nodes are available: 1 Too many pods.")


def asking(name: str, **amounts: str) -> dict[str, object]:
    return {"name": name, "resources": {"requests": amounts}}


def test_a_pod_asks_for_its_containers_or_for_its_largest_init_container() -> None:
    document = {
        "metadata": {"name": "p", "namespace": "shop", "uid": "u"},
        "spec": {
            "containers": [asking("a", cpu="100m"), asking("b", cpu="0.2")],
            "initContainers": [asking("i", cpu="250m", memory="1Gi")],
        },
    }
    asked = requests(msgspec.convert(document, Pod))
    assert (float(asked["cpu"]), int(asked["memory"])) == (0.3, 2**30)


@pytest.mark.parametrize(
    ("text", "value"), [("500m", 0.5), ("2", 2), (".5", 0.5), ("1Ki", 1024), ("1k", 1000), ("1e3", 1000), ("2Gi", 2**31)]
)
def test_amounts(text: str, value: float) -> None:
    assert float(amount(text)) == value


@pytest.mark.parametrize("text", ["", "1 Gi", "-1", "Gi", "1ki", "1e"])
def test_what_is_no_amount_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="no amount of cpu or memory"):
        amount(text)
