"""What an answer is worth: facts in, verdict out."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from console.domain.environment import Check, Health
from console.domain.ids import ComponentName
from console.probes.answer import Failure, Place, Reply, field_of, result_of

NOW = datetime(2036, 3, 1, 2, 0, tzinfo=UTC)
WEB = Place(ComponentName("web"), "https://web.example")
PLAIN = Check("health", "/api/health")
DATABASE = Check("database", "/api/health/detailed", field="database.status", equals="healthy")


def verdict(check: Check, said: Reply | Failure) -> tuple[bool | None, str, str]:
    health = Health(checks=(check,), release_path="/api/health", release_field="release")
    found = result_of(check, WEB, said, health=health, at=NOW)
    assert (found.check, found.component, found.url, found.at) == (check.name, "web", "https://web.example" + check.path, NOW)
    return found.ok, found.label, found.detail


def reply(status: int = 200, body: object = None, **headers: str) -> Reply:
    return Reply(status, headers, body if isinstance(body, bytes) else json.dumps(body).encode(), 0.042)


@pytest.mark.parametrize(
    ("check", "said", "expected"),
    [
        (PLAIN, reply(200), (True, "ok", "")),
        (PLAIN, reply(200, b"not even JSON"), (True, "ok", "")),
        (PLAIN, reply(503), (False, "status", "503")),
        (PLAIN, reply(204), (False, "status", "204")),
        (PLAIN, reply(302, location="https://login.example"), (False, "status", "302 to https://login.example")),
        (Check("old", "/old", status=404), reply(404), (True, "ok", "")),
        (Check("old", "/old", status=404), reply(200), (False, "status", "200, not 404")),
        (DATABASE, reply(200, {"database": {"status": "healthy"}}), (True, "ok", "")),
        (DATABASE, reply(200, {"database": {"status": "down"}}), (False, "body", 'database.status is "down", not "healthy"')),
        (DATABASE, reply(200, {"database": {}}), (False, "body", 'database.status is missing, not "healthy"')),
        (DATABASE, reply(200, {"database": "healthy"}), (False, "body", 'database.status is missing, not "healthy"')),
        (DATABASE, reply(200, [1]), (False, "body", 'database.status is missing, not "healthy"')),
        (DATABASE, reply(200, b"<html>"), (False, "body", "the answer is not JSON")),
        (DATABASE, reply(500, {"database": {"status": "healthy"}}), (False, "status", "500")),
        (Check("flag", "/", field="ok", equals="true"), reply(200, {"ok": True}), (True, "ok", "")),
        (Check("flag", "/", field="ok", equals="true"), reply(200, {"ok": False}), (False, "body", 'ok is "false", not "true"')),
        (Check("count", "/", field="pools.0.free", equals="3"), reply(200, {"pools": [{"free": 3}]}), (True, "ok", "")),
        (PLAIN, Failure("timeout", "no answer within 2 s"), (False, "timeout", "no answer within 2 s")),
        (PLAIN, Failure("skipped", "nobody is ready"), (None, "skipped", "nobody is ready")),
    ],
)
def test_verdicts(check: Check, said: Reply | Failure, expected: tuple[bool | None, str, str]) -> None:
    assert verdict(check, said) == expected


def test_the_release_is_read_where_the_settings_say_it_is() -> None:
    health = Health(checks=(PLAIN, DATABASE), release_path="/api/health", release_field="build.release")
    body = reply(200, {"build": {"release": "v1.5.0"}, "database": {"status": "healthy"}})
    assert result_of(PLAIN, WEB, body, health=health, at=NOW).release == "v1.5.0"
    assert result_of(DATABASE, WEB, body, health=health, at=NOW).release == ""
    for odd in (reply(200, {"build": {"release": 15}}), reply(200, b"x"), reply(200, {})):
        assert result_of(PLAIN, WEB, odd, health=health, at=NOW).release == ""


def test_a_failing_answer_still_tells_its_release_and_latency() -> None:
    health = Health(checks=(PLAIN,), release_path="/api/health", release_field="release")
    found = result_of(PLAIN, WEB, reply(503, {"release": "v1.5.0"}), health=health, at=NOW)
    assert (found.ok, found.release, found.latency, found.status) == (False, "v1.5.0", 0.042, 503)


@pytest.mark.parametrize(
    ("value", "path", "expected"),
    [({"a": {"b": [1, {"c": 2}]}}, "a.b.1.c", 2), ({"a": [1]}, "a.5", None), ({"a": None}, "a.b", None), ("x", "", "x"), (None, "a", None)],
)
def test_a_dotted_path_into_json(value: Any, path: str, expected: Any) -> None:
    assert field_of(value, path) == expected
