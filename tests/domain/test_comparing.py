"""What of an object is compared, and that no secret is in it."""

from __future__ import annotations

from typing import Any

import pytest

from console.domain.comparing import Hidden, comparable


def with_env(name: str, value: str) -> dict[str, Any]:
    return {"kind": "Deployment", "spec": {"containers": [{"name": "b", "env": [{"name": name, "value": value}]}]}}


def env_value(found: dict[str, Any] | None) -> object:
    assert found is not None
    return found["spec"]["containers"][0]["env"][0]["value"]


def test_what_the_server_keeps_for_itself_is_left_out() -> None:
    metadata = {
        "name": "d",
        "uid": "1",
        "resourceVersion": "7",
        "generation": 3,
        "creationTimestamp": "now",
        "managedFields": [{}],
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "bluegreen/release": "v1"},
    }
    found = comparable({"kind": "Deployment", "metadata": metadata, "status": {"replicas": 3}}, Hidden())
    assert found == {"kind": "Deployment", "metadata": {"name": "d", "annotations": {"bluegreen/release": "v1"}}}
    assert comparable(None, Hidden()) is None


@pytest.mark.parametrize("name", ["DB_PASSWORD", "apiKey", "JWT_SECRET", "GITHUB_TOKEN", "DATABASE_DSN"])
def test_the_value_of_a_secret_variable_is_a_number_that_changes_with_it(name: str) -> None:
    hidden = Hidden()
    one, same, other = (env_value(comparable(with_env(name, value), hidden)) for value in ("hunter2", "hunter2", "hunter3"))
    assert (one, same, other) == ("[hidden 1]", "[hidden 1]", "[hidden 2]")


def test_other_variables_and_names_of_secrets_are_shown() -> None:
    assert env_value(comparable(with_env("LOG_LEVEL", "debug"), Hidden())) == "debug"
    volume = {
        "volumes": [{"name": "v", "secret": {"secretName": "tls"}}],
        "env": [{"name": "P", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}],
    }
    assert comparable({"kind": "Pod", "spec": volume}, Hidden()) == {"kind": "Pod", "metadata": {}, "spec": volume}


def test_a_secrets_data_is_hidden_whatever_its_keys_are() -> None:
    found = comparable({"kind": "Secret", "data": {"a": "eA==", "b": "eQ=="}}, Hidden())
    assert found == {"kind": "Secret", "metadata": {}, "data": {"a": "[hidden 1]", "b": "[hidden 2]"}}
