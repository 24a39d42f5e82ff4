"""What the sandbox would not act on it refuses with 501 and a sentence."""

from __future__ import annotations

from typing import Any

import pytest

from console.sandbox.apiserver.bodies import PROTOBUF, accepts_json, read_json
from console.sandbox.apiserver.discovery import REAL_ONLY, refuse, respond
from console.sandbox.apiserver.errors import ApiError
from console.sandbox.apiserver.requests import parse
from console.sandbox.apiserver.resources import BY_PATH, CLUSTER_ROLES, JOBS, QUOTAS, Resource
from tests.sandbox.apiserver.parts import NAMESPACE, WRITE, fresh_registry

JOB: dict[str, Any] = {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "x"}]}}}


@pytest.mark.parametrize(
    ("resource", "body", "named"),
    [
        (JOBS, {"spec": {**JOB, "completionMode": "Indexed", "completions": 2}}, "Indexed Jobs"),
        (JOBS, {"spec": {**JOB, "podReplacementPolicy": "Failed"}}, "podReplacementPolicy"),
        (JOBS, {"spec": {**JOB, "podFailurePolicy": {"rules": []}}}, "spec.podFailurePolicy of a Job"),
        (QUOTAS, {"spec": {"hard": {"pods": "1"}, "scopes": ["BestEffort"]}}, "spec.scopes of a ResourceQuota"),
        (CLUSTER_ROLES, {"aggregationRule": {"clusterRoleSelectors": [{}]}}, "aggregationRule of a ClusterRole"),
    ],
)
def test_a_field_without_effect_is_refused(resource: Resource, body: dict[str, Any], named: str) -> None:
    registry = fresh_registry()
    with pytest.raises(ApiError, match=named) as refusal:
        registry.create(resource, NAMESPACE if resource.namespaced else "", {"metadata": {"name": "x"}, **body}, WRITE)
    assert (refusal.value.code, refusal.value.reason) == (501, "NotImplemented")


@pytest.mark.parametrize("path", ["/metrics", "/openapi/v2", "/logs/kubelet.log", "/.well-known/openid-configuration"])
def test_a_path_of_a_real_server_is_refused(path: str) -> None:
    with pytest.raises(ApiError) as refusal:
        respond(path)
    assert refusal.value.code == 501


def test_a_path_of_nobody_is_not_found() -> None:
    assert respond("/nope").status == 404


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/apis/apps/v1/namespaces/n/statefulsets", 501),
        ("/api/v1/namespaces/n/endpoints", 501),
        ("/apis/policy/v1/namespaces/n/poddisruptionbudgets", 501),
        ("/apis/autoscaling/v1/namespaces/n/horizontalpodautoscalers", 501),
        ("/apis/apps/v1/namespaces/n/frobnicators", 404),
        ("/apis/example.test/v1/things", 404),
    ],
)
def test_a_kind_of_a_real_server_is_refused_and_one_of_nobody_not_found(path: str, code: int) -> None:
    assert refuse(parse("GET", path, {})).code == code


def test_nothing_is_both_spoken_and_refused() -> None:
    spoken = {(group, plural) for group, version, plural in BY_PATH if (group, version) != ("autoscaling", "v2")}
    refused = {(group, plural) for group, plurals in REAL_ONLY.items() for plural in plurals.split()}
    assert not spoken & refused


def test_protobuf_is_refused() -> None:
    with pytest.raises(ApiError, match="protobuf") as refusal:
        read_json(b"k8s\x00", PROTOBUF)
    assert refusal.value.code == 501


@pytest.mark.parametrize(
    ("accept", "accepted"),
    [
        ("", True),
        ("*/*", True),
        ("application/json", True),
        ("application/vnd.kubernetes.protobuf,application/json;q=0.5", True),
        ("application/json;as=Table;v=v1;g=meta.k8s.io", True),
        ("application/yaml", False),
        ("application/vnd.kubernetes.protobuf", False),
    ],
)
def test_answers_are_json(accept: str, accepted: bool) -> None:
    assert accepts_json(accept) is accepted
