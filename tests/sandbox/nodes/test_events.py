"""Telling events: equal ones are counted up, lost ones are told anew, and a deaf API server stops nobody."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from console.cluster.errors import NotFound, Unreachable
from console.sandbox.nodes.api import NodeApi
from console.sandbox.nodes.events import Recorder
from console.sandbox.nodes.objects import Pod
from tests.sandbox.waiting import until

POD = msgspec.convert({"metadata": {"name": "web", "namespace": "shop", "uid": "u"}, "spec": {"containers": []}}, Pod)


class RememberingApi(NodeApi):
    """Keeps events instead of sending them."""

    def __init__(self) -> None:
        self.created: list[Mapping[str, Any]] = []
        self.repeated: list[tuple[str, Mapping[str, Any]]] = []
        self.away = False
        self.refused = 0
        self.forgotten = False

    async def create_event(self, namespace: str, event: Mapping[str, Any]) -> None:
        if self.away:
            self.refused += 1
            raise Unreachable("nobody is there")
        self.created.append(event)

    async def repeat_event(self, namespace: str, name: str, change: Mapping[str, Any]) -> None:
        if self.forgotten:
            raise NotFound("no such event", status=404)
        self.repeated.append((name, change))


@pytest.fixture
def api() -> RememberingApi:
    return RememberingApi()


@pytest.fixture
async def recorder(api: RememberingApi) -> AsyncIterator[Recorder]:
    found = Recorder(api, component="kubelet", host="node-1", clock=lambda: datetime(2026, 5, 1, 12, tzinfo=UTC))
    running = asyncio.create_task(found.run())
    yield found
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def test_an_event_names_the_pod_the_container_and_who_tells_it(recorder: Recorder, api: RememberingApi) -> None:
    recorder.warning(POD, "Unhealthy", "Readiness probe failed: no", container="main")
    await until(lambda: api.created)
    (event,) = api.created
    assert event["involvedObject"] == {
        "apiVersion": "v1",
        "kind": "Pod",
        "namespace": "shop",
        "name": "web",
        "uid": "u",
        "fieldPath": "spec.containers{main}",
    }
    assert (event["type"], event["reason"], event["count"]) == ("Warning", "Unhealthy", 1)
    assert (event["source"], event["firstTimestamp"]) == ({"component": "kubelet", "host": "node-1"}, "2026-05-01T12:00:00Z")


async def test_equal_events_are_counted_up_and_others_are_not(recorder: Recorder, api: RememberingApi) -> None:
    for message in ("no", "no", "other", "no"):
        recorder.warning(POD, "Unhealthy", message)
    await until(lambda: len(api.repeated) == 2)
    assert [event["message"] for event in api.created] == ["no", "other"]
    assert [(name, change["count"]) for name, change in api.repeated] == [(api.created[0]["metadata"]["name"], count) for count in (2, 3)]


async def test_an_event_the_server_has_forgotten_is_told_anew(recorder: Recorder, api: RememberingApi) -> None:
    recorder.normal(POD, "Pulled", "there")
    await until(lambda: api.created)
    api.forgotten = True
    recorder.normal(POD, "Pulled", "there")
    await until(lambda: len(api.created) == 2)
    assert api.created[1]["count"] == 1


async def test_while_the_server_is_away_events_are_lost_and_later_ones_told(recorder: Recorder, api: RememberingApi) -> None:
    api.away = True
    recorder.normal(POD, "Killing", "lost")
    await until(lambda: api.refused == 1)
    api.away = False
    recorder.normal(POD, "Killing", "told")
    await until(lambda: api.created)
    assert [event["message"] for event in api.created] == ["told"]
