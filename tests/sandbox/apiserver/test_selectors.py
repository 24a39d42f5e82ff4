"""Label and field selectors."""

from __future__ import annotations

import pytest

from console.sandbox.apiserver.errors import ApiError
from console.sandbox.apiserver.resources import CONFIG_MAPS, EVENTS, NODES, PODS
from console.sandbox.apiserver.selectors import from_object, parse_fields, parse_labels

LABELS = {"app": "web", "version": "blue", "weight": "5", "empty": ""}


@pytest.mark.parametrize(
    ("selector", "selected"),
    [
        ("", True),
        ("app=web", True),
        ("app==web", True),
        ("app = web , version = blue", True),
        ("app=web,version=green", False),
        ("app!=web", False),
        ("other!=web", True),
        ("version in (blue, green)", True),
        ("version in (green)", False),
        ("version notin (green)", True),
        ("other notin (green)", True),
        ("other in (green)", False),
        ("app", True),
        ("!app", False),
        ("! other", True),
        ("empty=", True),
        ("app=", False),
        ("weight>4", True),
        ("weight>5", False),
        ("weight<6", True),
        ("app>4", False),
        ("example.test/slot=blue", False),
        ("version in (blue),app,!gone,weight>1", True),
    ],
)
def test_a_label_selector_selects(selector: str, selected: bool) -> None:
    assert parse_labels(selector).matches(LABELS) is selected


@pytest.mark.parametrize("selector", ["=", "a=b,", ",a", "a b", "a in b", "a,,b", "a=b=c"])
def test_a_broken_label_selector_is_refused(selector: str) -> None:
    with pytest.raises(ApiError) as refusal:
        parse_labels(selector)
    assert refusal.value.code == 400


def test_nothing_has_no_labels() -> None:
    assert parse_labels("!app").matches(None)


def test_a_workloads_selector_needs_all_of_its_parts() -> None:
    selector = from_object(
        {
            "matchLabels": {"app": "web"},
            "matchExpressions": [
                {"key": "version", "operator": "In", "values": ["blue"]},
                {"key": "other", "operator": "DoesNotExist"},
                {"key": "weight", "operator": "Exists"},
                {"key": "version", "operator": "NotIn", "values": ["green"]},
            ],
        }
    )
    assert selector.matches(LABELS)
    assert not selector.matches({**LABELS, "other": "x"})
    assert not selector.matches({**LABELS, "version": "green"})


POD = {"metadata": {"name": "a", "namespace": "n"}, "spec": {"nodeName": "n1"}, "status": {"phase": "Running"}}


@pytest.mark.parametrize(
    ("selector", "selected"),
    [
        ("metadata.name=a", True),
        ("metadata.name!=a", False),
        ("metadata.namespace=n,status.phase=Running", True),
        ("status.phase!=Succeeded,status.phase!=Failed", True),
        ("spec.nodeName=", False),
        ("spec.nodeName==n1", True),
        ("status.podIP=", True),
    ],
)
def test_a_field_selector_selects_pods(selector: str, selected: bool) -> None:
    assert all(test(POD) for test in parse_fields(selector, PODS)) is selected


def test_fields_of_events_and_nodes() -> None:
    event = {"metadata": {}, "involvedObject": {"kind": "Pod", "name": "a"}, "type": "Warning", "source": {"component": "kubelet"}}
    (kind, source) = parse_fields("involvedObject.kind=Pod,source=kubelet", EVENTS)
    assert kind(event)
    assert source(event)
    (schedulable,) = parse_fields("spec.unschedulable=false", NODES)
    assert schedulable({"metadata": {}, "spec": {}})


def test_a_field_that_the_kind_does_not_offer_is_refused() -> None:
    with pytest.raises(ApiError, match=r"field label not supported: status\.phase"):
        parse_fields("status.phase=Running", CONFIG_MAPS)
