"""Which pods of a ReplicaSet go first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from console.sandbox.apiserver.metadata import rfc3339
from console.sandbox.apiserver.resources import PODS
from console.sandbox.apiserver.store import Stored
from console.sandbox.controllers.replicaset import removal_order

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def pod(
    name: str,
    *,
    node: str = "n1",
    phase: str = "Running",
    ready_for: float | None = 1000,
    restarts: int = 0,
    age: float = 1000,
    cost: str = "",
) -> Stored:
    body: dict[str, Any] = {
        "metadata": {"name": name, "uid": name, "creationTimestamp": rfc3339(NOW - timedelta(seconds=age))},
        "spec": {"nodeName": node} if node else {},
        "status": {"phase": phase, "containerStatuses": [{"restartCount": restarts}]},
    }
    if ready_for is not None:
        since = rfc3339(NOW - timedelta(seconds=ready_for))
        body["status"]["conditions"] = [{"type": "Ready", "status": "True", "lastTransitionTime": since}]
    if cost:
        body["metadata"]["annotations"] = {"controller.kubernetes.io/pod-deletion-cost": cost}
    return Stored(PODS, ("n", name), body, 1)


def first_of(*pods: Stored) -> str:
    orders = {removal_order(order, now=NOW)[0].key[1] for order in (pods, pods[::-1])}
    assert len(orders) == 1, "the order must not depend on the input"
    return orders.pop()


def test_the_least_useful_pod_goes_first() -> None:
    good = pod("good", node="n2")
    assert (
        first_of(good, pod("unbound", node="", phase="Pending", ready_for=None), pod("pending", phase="Pending", ready_for=None))
        == "unbound"
    )
    assert first_of(good, pod("pending", phase="Pending", ready_for=None), pod("not ready", ready_for=None)) == "pending"
    assert first_of(good, pod("not ready", ready_for=None)) == "not ready"
    assert first_of(good, pod("cheap", cost="-1"), pod("newly ready", ready_for=1)) == "cheap"
    assert first_of(good, pod("a", node="n3"), pod("crowded", node="n3", ready_for=1)) == "crowded"
    assert first_of(good, pod("newly ready", ready_for=1)) == "newly ready"
    assert first_of(good, pod("restarted", restarts=3)) == "restarted"
    assert first_of(good, pod("young", age=1)) == "young"


def test_a_cost_that_is_no_number_counts_nothing() -> None:
    assert first_of(pod("a", node="n1", cost="x"), pod("b", node="n2", cost="-5")) == "b"
