"""The shipped roles grant what they say and no more; the contract suite proves them on a server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from console.sandbox.rights import cluster_documents, namespace_documents

READING = {"get", "list", "watch"}
SHIPPED = ("bluegreen-viewer", "bluegreen-operator")


def rules(role: str) -> list[dict[str, Any]]:
    (found,) = [each for each in cluster_documents() if (each["kind"], each["metadata"]["name"]) == ("ClusterRole", role)]
    granted: list[dict[str, Any]] = found["rules"]
    return granted


def grants(role: str) -> Iterator[tuple[str, str, str]]:
    """Every (group, resource, verb) of a role."""
    for rule in rules(role):
        yield from ((group, plural, verb) for group in rule["apiGroups"] for plural in rule["resources"] for verb in rule["verbs"])


def test_a_viewer_only_reads() -> None:
    assert {verb for _, _, verb in grants("bluegreen-viewer")} == READING


@pytest.mark.parametrize("role", SHIPPED)
def test_no_wildcards_and_no_secrets(role: str) -> None:
    granted = set(grants(role))
    assert granted
    assert not [each for each in granted if "*" in each]
    assert "secrets" not in {plural for _, plural, _ in granted}


def test_an_operator_deletes_only_what_it_made() -> None:
    removed = {plural for _, plural, verb in grants("bluegreen-operator") if verb in ("delete", "deletecollection")}
    assert removed == {"configmaps", "jobs"}


def test_what_an_operator_adds_is_not_already_a_viewers() -> None:
    assert not set(grants("bluegreen-operator")) & set(grants("bluegreen-viewer"))


def test_bindings_name_no_namespace_and_bind_what_exists() -> None:
    roles = {each["metadata"]["name"] for each in cluster_documents() if each["kind"] == "ClusterRole"}
    bindings = namespace_documents()
    assert {each["kind"] for each in bindings} == {"RoleBinding"}
    for binding in bindings:
        assert "namespace" not in binding["metadata"]
        assert binding["roleRef"]["name"] in roles


def test_operators_read_what_viewers_read() -> None:
    bound = {(each["roleRef"]["name"], subject["name"]) for each in namespace_documents() for subject in each["subjects"]}
    assert {("bluegreen-viewer", "bluegreen-operators"), ("bluegreen-operator", "bluegreen-operators")} <= bound
