"""The embedded server answers as a real kube-apiserver did: the same requests, the recorded answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from console.sandbox.apiserver import EmbeddedServer
from tests.sandbox.apiserver import exchange


@pytest.mark.parametrize("name", exchange.conversations())
async def test_answers_are_those_of_a_real_server(name: str, tmp_path: Path) -> None:
    recorded = json.loads(exchange.answers_file(name).read_text())
    async with EmbeddedServer.start(tmp_path, tls=False, controllers=False) as server:
        given = await exchange.hold(server.endpoint, exchange.read(name))
    assert [answer["title"] for answer in given] == [answer["title"] for answer in recorded], "record the answers again"
    for real, embedded in zip(recorded, given, strict=True):
        assert embedded == real, real["title"]
