"""Structured merge: comparing, merging and removing by field, with lists that merge by key."""

from __future__ import annotations

from typing import Any

import pytest

from console.sandbox.apiserver.fieldset import decode, encode, readable, with_named_parents
from console.sandbox.apiserver.schema import of
from console.sandbox.apiserver.structure import DuplicateElement, check_unique, compare, fields_of, merge, remove

DEPLOYMENT = of("apps", "v1", "Deployment")
SERVICE = of("", "v1", "Service")


def containers(*items: dict[str, Any]) -> dict[str, Any]:
    return {"spec": {"template": {"spec": {"containers": list(items)}}}}


def test_field_sets_survive_writing_and_reading() -> None:
    fields = fields_of({**containers({"name": "c", "image": "x"}), "metadata": {"labels": {"a": "b"}, "finalizers": ["f"]}}, DEPLOYMENT)
    assert decode(encode(fields)) == fields
    assert encode(fields)["f:metadata"] == {"f:finalizers": {'v:"f"': {}}, "f:labels": {"f:a": {}}}


def test_a_path_is_readable() -> None:
    fields = fields_of(containers({"name": "c", "ports": [{"containerPort": 80}]}), DEPLOYMENT)
    shown = {readable(path) for path in fields}
    port = '.spec.template.spec.containers[name="c"].ports[containerPort=80,protocol="TCP"]'
    assert {port, f"{port}.containerPort", '.spec.template.spec.containers[name="c"].name'} <= shown


def test_comparing_names_what_was_added_changed_and_removed() -> None:
    old = containers({"name": "c", "image": "x", "args": ["a"]}, {"name": "gone", "image": "y"})
    new = containers({"name": "c", "image": "z", "args": ["a"], "tty": True})
    comparison = compare(old, new, DEPLOYMENT)
    inside = '.spec.template.spec.containers[name="c"]'
    gone = '.spec.template.spec.containers[name="gone"]'
    assert {readable(path) for path in comparison.modified} == {f"{inside}.image"}
    assert {readable(path) for path in comparison.added} == {f"{inside}.tty"}
    assert {readable(path) for path in comparison.removed} == {gone, f"{gone}.name", f"{gone}.image"}


def test_an_atomic_list_and_a_selector_of_labels_are_one_field() -> None:
    old = {"spec": {"selector": {"matchLabels": {"a": "b"}}, "template": {"spec": {"containers": [{"name": "c", "args": ["a"]}]}}}}
    new = {"spec": {"selector": {"matchLabels": {"a": "c"}}, "template": {"spec": {"containers": [{"name": "c", "args": ["b"]}]}}}}
    changed = {readable(path) for path in compare(old, new, DEPLOYMENT).modified}
    assert changed == {".spec.selector", '.spec.template.spec.containers[name="c"].args'}


def test_merging_keeps_what_the_configuration_does_not_name() -> None:
    live = containers({"name": "a", "image": "1"}, {"name": "b", "image": "2", "tty": True}, {"name": "c", "image": "3"})
    config = containers({"name": "new", "image": "9"}, {"name": "b", "image": "22"})
    merged = merge(live, config, DEPLOYMENT)
    assert merged["spec"]["template"]["spec"]["containers"] == [
        {"name": "a", "image": "1"},
        {"name": "new", "image": "9"},
        {"name": "b", "image": "22", "tty": True},
        {"name": "c", "image": "3"},
    ]


def test_an_atomic_value_is_replaced_as_a_whole() -> None:
    live = {"spec": {"selector": {"a": "b", "version": "blue"}}}
    assert merge(live, {"spec": {"selector": {"a": "c"}}}, SERVICE) == {"spec": {"selector": {"a": "c"}}}


def test_removing_takes_what_becomes_empty_along() -> None:
    live = {"metadata": {"labels": {"a": "b"}}, **containers({"name": "c", "image": "x"}, {"name": "d", "image": "y"})}
    gone = fields_of({"metadata": {"labels": {"a": "b"}}, **containers({"name": "c"})}, DEPLOYMENT)
    assert remove(live, gone, DEPLOYMENT) == containers({"name": "d", "image": "y"})


def test_removing_one_field_keeps_its_neighbours() -> None:
    live = containers({"name": "c", "image": "x", "args": ["a"], "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]})
    ((path,),) = ([path for path in fields_of(live, DEPLOYMENT) if readable(path).endswith('env[name="A"]')],)
    left = remove(live, frozenset({path}), DEPLOYMENT)
    assert left == containers({"name": "c", "image": "x", "args": ["a"], "env": [{"name": "B", "value": "2"}]})


def test_named_parents_are_struct_fields_only() -> None:
    fields = fields_of({"metadata": {"labels": {"a": "b"}}}, DEPLOYMENT)
    assert {readable(path) for path in with_named_parents(fields, DEPLOYMENT)} == {".metadata", ".metadata.labels", ".metadata.labels.a"}


def test_an_element_that_is_named_twice_is_refused() -> None:
    with pytest.raises(DuplicateElement, match=r'containers: duplicate entries for key \[name="c"\]'):
        check_unique(containers({"name": "c"}, {"name": "c"}), DEPLOYMENT)
