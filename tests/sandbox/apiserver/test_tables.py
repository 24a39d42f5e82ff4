"""What kubectl prints: ages, states of pods, and tables of lists and watches."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from console.sandbox.apiserver.cells import duration, pod_cells, pod_state, ports_of
from console.sandbox.apiserver.resources import CONFIG_MAPS, STORED
from console.sandbox.apiserver.schema import of
from console.sandbox.apiserver.tables import TABLES, event_lines, table
from console.sandbox.apiserver.watches import bookmark
from tests.sandbox.apiserver.parts import config_map, fresh_registry

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (330, "5m30s"),
        (3600, "60m"),
        (12000, "3h20m"),
        (28800, "8h"),
        (180000, "2d2h"),
        (864000, "10d"),
    ],
)
def test_an_age_is_told_in_the_units_that_matter(seconds: int, text: str) -> None:
    assert duration(seconds) == text


def pod(*states: dict[str, Any], phase: str = "Running", **metadata: str) -> dict[str, Any]:
    statuses = [{"name": "c", "ready": "running" in state, "restartCount": 2, "state": state} for state in states]
    return {
        "metadata": {"name": "p", "creationTimestamp": "2026-01-01T11:00:00Z", **metadata},
        "spec": {"containers": [{"name": "c"}] * max(1, len(states)), "nodeName": "n1"},
        "status": {"phase": phase, "podIP": "10.0.0.1", "containerStatuses": statuses},
    }


@pytest.mark.parametrize(
    ("found", "word"),
    [
        (pod(phase="Pending"), "Pending"),
        (pod({"running": {}}), "Running"),
        (pod({"waiting": {"reason": "ImagePullBackOff"}}), "ImagePullBackOff"),
        (pod({"running": {}}, {"waiting": {"reason": "CrashLoopBackOff"}}), "CrashLoopBackOff"),
        (pod({"terminated": {"exitCode": 3}}, phase="Failed"), "ExitCode:3"),
        (pod({"terminated": {"exitCode": 137, "signal": 9}}, phase="Failed"), "Signal:9"),
        (pod({"terminated": {"exitCode": 0, "reason": "Completed"}}, phase="Succeeded"), "Completed"),
        (pod({"running": {}}, deletionTimestamp="2026-01-01T11:00:00Z"), "Terminating"),
    ],
)
def test_a_pod_has_one_word(found: dict[str, Any], word: str) -> None:
    assert pod_state(found) == word


def test_the_row_of_a_pod() -> None:
    found = pod({"running": {}}, {"waiting": {"reason": "CrashLoopBackOff"}})
    found["status"]["containerStatuses"][1]["lastState"] = {"terminated": {"finishedAt": "2026-01-01T11:58:00Z"}}
    assert pod_cells(found, NOW)[:6] == ["1/2", "CrashLoopBackOff", "4 (2m ago)", "60m", "10.0.0.1", "n1"]


def test_ports_with_and_without_a_port_on_the_node() -> None:
    assert ports_of([{"port": 80, "protocol": "TCP"}, {"port": 53, "protocol": "UDP", "nodePort": 30053}]) == "80/TCP,53:30053/UDP"


def test_a_list_and_a_watch_show_the_same_row() -> None:
    registry = fresh_registry()
    stored = config_map(registry, "a", x="1")
    shown = table(CONFIG_MAPS, [stored.body], metadata={"resourceVersion": "7"}, now=NOW)
    assert [column["name"] for column in shown["columnDefinitions"]] == ["Name", "Data", "Age"]
    assert shown["rows"][0]["cells"] == ["a", 1, "12h"]
    changes = registry.store.of(CONFIG_MAPS).changes_from(0)
    assert changes is not None
    event, mark = event_lines(CONFIG_MAPS, changes[-1].line + bookmark(CONFIG_MAPS, 9), now=NOW).splitlines()
    assert json.loads(event)["object"]["rows"] == shown["rows"]
    assert json.loads(mark)["object"]["metadata"]["resourceVersion"] == "9"


@pytest.mark.parametrize("kind", TABLES)
def test_every_row_has_a_cell_per_column_even_of_an_empty_object(kind: str) -> None:
    (resource,) = [each for each in STORED if each.kind == kind]
    assert of(resource.group, resource.version, resource.kind)
    body = {
        "metadata": {"name": "x"},
        "spec": {"minReplicas": 1, "maxReplicas": 2, "scaleTargetRef": {"kind": "Deployment", "name": "web"}},
        "status": {},
        "addressType": "IPv4",
        "involvedObject": {},
    }
    shown = table(resource, [body], metadata={}, now=NOW)
    assert len(shown["rows"][0]["cells"]) == len(shown["columnDefinitions"])
