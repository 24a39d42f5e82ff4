"""The options of a pod's log as an API server checks and passes them on."""

from __future__ import annotations

import pytest

from tests.contract.egress import Egress, Kubelet
from tests.contract.node import Node
from tests.contract.objects import Paths, pod
from tests.contract.wire import Api

ADDRESS = "10.244.210.7"


@pytest.fixture
async def running(api: Api, paths: Paths, node: Node, namespace: str, egress: Egress, kubelet: Kubelet) -> str:
    """A running pod with a log behind the egress proxy; its log's path."""
    await node.register(address=kubelet.address, kubelet_port=kubelet.port)
    (await api.post(paths.pods, pod("one"))).ok(201)
    await node.bind("one")
    await node.run("one", address=ADDRESS)
    kubelet.logs[f"/containerLogs/{namespace}/one/app"] = "first line\n"
    return f"{paths.pods}/one/log"


@pytest.mark.parametrize(
    ("given", "passed"),
    [
        ({"sinceTime": "2026-03-01T02:41:00Z"}, {"sinceTime": "2026-03-01T02:41:00Z"}),
        ({"sinceTime": "2026-03-01T02:41:00.987654321Z"}, {"sinceTime": "2026-03-01T02:41:00Z"}),
        ({"sinceTime": "2026-03-01T03:41:00+01:00"}, {"sinceTime": "2026-03-01T02:41:00Z"}),
        ({"sinceSeconds": "60", "tailLines": "5"}, {"sinceSeconds": "60", "tailLines": "5"}),
        ({"timestamps": "true", "previous": "true"}, {"timestamps": "true", "previous": "true"}),
        ({"timestamps": "false", "limitBytes": "10"}, {"limitBytes": "10"}),
        ({"tailLines": "0"}, {"tailLines": "0"}),
        ({}, {}),
    ],
)
async def test_what_reaches_the_node(api: Api, running: str, kubelet: Kubelet, given: dict[str, str], passed: dict[str, str]) -> None:
    """A moment is cut to whole seconds: whoever reads on after a cut is told lines again that it had."""
    assert (await api.get(running, **given)).text == "first line\n"
    assert kubelet.asked[-1] == passed


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"tailLines": "-1"}, "tailLines"),
        ({"limitBytes": "0"}, "limitBytes"),
        ({"sinceSeconds": "0"}, "sinceSeconds"),
        ({"sinceSeconds": "5", "sinceTime": "2026-03-01T02:41:00Z"}, "at most one of `sinceTime` or `sinceSeconds` may be specified"),
    ],
)
async def test_options_that_make_no_sense_are_invalid(api: Api, running: str, kubelet: Kubelet, given: dict[str, str], field: str) -> None:
    assert field in (await api.get(running, **given)).refused(422, "Invalid")["message"]
    assert kubelet.asked == []


@pytest.mark.parametrize("given", [{"tailLines": "many"}, {"sinceTime": "yesterday"}, {"limitBytes": "1.5"}])
async def test_options_that_cannot_be_read_are_refused(
    api: Api, running: str, kubelet: Kubelet, given: dict[str, str], is_embedded: bool
) -> None:
    answer = await api.get(running, **given)
    assert answer.status == 400, answer.text
    assert kubelet.asked == []
