"""BLUEGREEN_* variables win over the file, and a wrong one is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.domain.environment import Environment
from console.domain.errors import UsageError
from console.settings import load
from tests.settings.test_load import MINIMAL, write


def environment(folder: Path, **variables: str) -> Environment:
    return load(write(folder, production=MINIMAL.format(name="production"))).environment(None, variables)


def test_where_it_runs_can_be_overridden(tmp_path: Path) -> None:
    found = environment(
        tmp_path,
        BLUEGREEN_CONTEXT="other",
        BLUEGREEN_NAMESPACE="elsewhere",
        BLUEGREEN_KUBECONFIG="/k",
        BLUEGREEN_PROMETHEUS="http://p:9090/",
    )
    assert (found.cluster.context, found.cluster.namespace, found.cluster.kubeconfig) == ("other", "elsewhere", Path("/k"))
    assert found.prometheus == "http://p:9090"


def test_an_empty_variable_overrides_nothing(tmp_path: Path) -> None:
    assert environment(tmp_path, BLUEGREEN_CONTEXT="", BLUEGREEN_READ_ONLY="").cluster.context == "production"


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("TRUE", True), ("0", False), ("no", False)])
def test_read_only_by_variable(tmp_path: Path, value: str, expected: bool) -> None:
    assert environment(tmp_path, BLUEGREEN_READ_ONLY=value).protection.read_only is expected


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("BLUEGREEN_READ_ONLY", "perhaps", "BLUEGREEN_READ_ONLY='perhaps' is neither true nor false"),
        ("BLUEGREEN_NAMESPACE", "Shop", "BLUEGREEN_NAMESPACE: 'Shop' is not a Kubernetes name"),
        ("BLUEGREEN_PROMETHEUS", "p:9090", "BLUEGREEN_PROMETHEUS: 'p:9090' is not an http or https URL"),
    ],
)
def test_a_wrong_variable_is_named(tmp_path: Path, variable: str, value: str, message: str) -> None:
    with pytest.raises(UsageError, match="BLUEGREEN_") as caught:
        environment(tmp_path, **{variable: value})
    assert caught.value.message == message
