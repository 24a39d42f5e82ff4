"""Environment variables: what the manifest says, and what the container gets."""

from __future__ import annotations

import msgspec
import pytest

from console.sandbox.nodes.environment import BadEnvironment, Surroundings, expand, resolve, service_variables, sources_of
from console.sandbox.nodes.objects import Container, Pod

POD = msgspec.convert(
    {
        "metadata": {"name": "web-1", "namespace": "shop", "uid": "u-1", "labels": {"version": "blue"}},
        "spec": {"containers": [], "nodeName": "node-2"},
    },
    Pod,
)
AROUND = Surroundings(
    POD,
    pod_address="10.244.1.7",
    host_address="10.240.0.1",
    sources={("ConfigMap", "web"): {"colour": "red", "size": "3"}, ("Secret", "keys"): {"token": "s3cret"}},
    services={"API_SERVICE_HOST": "127.0.0.1", "API_SERVICE_PORT": "28000"},
)


def container(**spec: object) -> Container:
    return msgspec.convert({"name": "web", **spec}, Container)


def literal(name: str, value: str) -> dict[str, object]:
    return {"name": name, "value": value}


def from_(name: str, **source: object) -> dict[str, object]:
    return {"name": name, "valueFrom": source}


@pytest.mark.parametrize(
    ("case", "variable", "expected"),
    [
        ("a literal", literal("X", "1"), "1"),
        ("an empty one", literal("X", ""), ""),
        ("a Service's address", literal("X", "http://$(API_SERVICE_HOST):$(API_SERVICE_PORT)"), "http://127.0.0.1:28000"),
        ("an unknown name stays", literal("X", "$(NOBODY)"), "$(NOBODY)"),
        ("two dollars are one", literal("X", "$$(API_SERVICE_HOST)"), "$(API_SERVICE_HOST)"),
        ("a label", from_("X", fieldRef={"fieldPath": "metadata.labels['version']"}), "blue"),
        ("a label that is not there", from_("X", fieldRef={"fieldPath": "metadata.labels['nothing']"}), ""),
        ("the name", from_("X", fieldRef={"fieldPath": "metadata.name"}), "web-1"),
        ("the address", from_("X", fieldRef={"fieldPath": "status.podIP"}), "10.244.1.7"),
        ("the node", from_("X", fieldRef={"fieldPath": "spec.nodeName"}), "node-2"),
        ("a ConfigMap's key", from_("X", configMapKeyRef={"name": "web", "key": "colour"}), "red"),
        ("a Secret's key", from_("X", secretKeyRef={"name": "keys", "key": "token"}), "s3cret"),
        ("an optional key that is not there", from_("X", secretKeyRef={"name": "keys", "key": "no", "optional": True}), None),
        ("an optional ConfigMap that is not there", from_("X", configMapKeyRef={"name": "no", "key": "no", "optional": True}), None),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_one_variable(case: str, variable: dict[str, object], expected: str | None) -> None:
    assert resolve(container(env=[variable]), AROUND).get("X") == expected, case


@pytest.mark.parametrize(
    ("variable", "message"),
    [
        (from_("X", configMapKeyRef={"name": "no", "key": "k"}), 'configmap "no" not found'),
        (from_("X", secretKeyRef={"name": "no", "key": "k"}), 'secret "no" not found'),
        (from_("X", secretKeyRef={"name": "keys", "key": "k"}), "couldn't find key k in Secret shop/keys"),
        (from_("X", fieldRef={"fieldPath": "status.nonsense"}), "unsupported fieldPath: status.nonsense"),
        (from_("X", resourceFieldRef={"resource": "limits.cpu"}), "fieldRef, configMapKeyRef and secretKeyRef only"),
    ],
)
def test_a_reference_that_leads_nowhere_is_named(variable: dict[str, object], message: str) -> None:
    with pytest.raises(BadEnvironment, match=message):
        resolve(container(env=[variable]), AROUND)


def test_whole_sources_come_first_and_single_variables_win() -> None:
    spec = container(
        envFrom=[{"prefix": "WEB_", "configMapRef": {"name": "web"}}, {"secretRef": {"name": "keys"}}],
        env=[literal("WEB_size", "9"), literal("BOTH", "$(WEB_size)-$(LATER)"), literal("LATER", "x")],
    )
    found = resolve(spec, AROUND)
    assert (found["WEB_colour"], found["token"], found["WEB_size"]) == ("red", "s3cret", "9")
    assert found["BOTH"] == "9-$(LATER)", "only earlier variables are expanded"
    assert found["API_SERVICE_PORT"] == "28000"
    assert sources_of(spec) == {("ConfigMap", "web"), ("Secret", "keys")}


def test_a_whole_source_that_is_not_there() -> None:
    with pytest.raises(BadEnvironment, match='configmap "no" not found'):
        resolve(container(envFrom=[{"configMapRef": {"name": "no"}}]), AROUND)
    assert "x" not in resolve(container(envFrom=[{"configMapRef": {"name": "no", "optional": True}}]), AROUND)


def test_services_of_the_same_namespace_only() -> None:
    services = {"trading-api.shop": {80: 28000, 9090: 28001}, "other.elsewhere": {80: 28002}}
    assert service_variables(services, namespace="shop", host="127.0.0.1") == {
        "TRADING_API_SERVICE_HOST": "127.0.0.1",
        "TRADING_API_SERVICE_PORT": "28000",
    }


def test_command_lines_are_expanded_alike() -> None:
    assert expand("--port=$(PORT) $$(PORT) $(NO)", {"PORT": "80"}) == "--port=80 $(PORT) $(NO)"
