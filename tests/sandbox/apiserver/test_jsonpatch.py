"""JSON Patch and JSON Merge Patch."""

from __future__ import annotations

from typing import Any

import pytest

from console.sandbox.apiserver.errors import ApiError
from console.sandbox.apiserver.jsonpatch import MOST_OPERATIONS, apply_json_patch, apply_merge_patch


@pytest.mark.parametrize(
    ("document", "operation", "expected"),
    [
        ({"a": 1}, {"op": "add", "path": "/b", "value": 2}, {"a": 1, "b": 2}),
        ({"a": [1, 3]}, {"op": "add", "path": "/a/1", "value": 2}, {"a": [1, 2, 3]}),
        ({"a": [1]}, {"op": "add", "path": "/a/-", "value": 2}, {"a": [1, 2]}),
        ({"a": [1]}, {"op": "add", "path": "/a/1", "value": 2}, {"a": [1, 2]}),
        ({"a": {"b/c": 1, "d~e": 2}}, {"op": "replace", "path": "/a/b~1c", "value": 9}, {"a": {"b/c": 9, "d~e": 2}}),
        ({"d~e": 2}, {"op": "remove", "path": "/d~0e"}, {}),
        ({"~1": 2}, {"op": "remove", "path": "/~01"}, {}),
        ({"a": {}}, {"op": "replace", "path": "/a/b", "value": 1}, {"a": {"b": 1}}),
        ({"a": [1, 2]}, {"op": "remove", "path": "/a/0"}, {"a": [2]}),
        ({"a": {"x": 1}}, {"op": "copy", "from": "/a", "path": "/b"}, {"a": {"x": 1}, "b": {"x": 1}}),
        ({"a": {"x": 1}}, {"op": "move", "from": "/a/x", "path": "/y"}, {"a": {}, "y": 1}),
        ({"a": None}, {"op": "test", "path": "/a", "value": None}, {"a": None}),
        ({}, {"op": "test", "path": "/a", "value": None}, {}),
        ({"a": {"x": [1.0, "s"]}}, {"op": "test", "path": "/a", "value": {"x": [1, "s"]}}, {"a": {"x": [1.0, "s"]}}),
        ({"a": 1}, {"op": "replace", "path": "", "value": {"b": 2}}, {"b": 2}),
    ],
)
def test_an_operation_changes_the_document(document: dict[str, Any], operation: dict[str, Any], expected: dict[str, Any]) -> None:
    assert apply_json_patch(document, [operation]) == expected


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": "/none"},
        {"op": "remove", "path": "/list/2"},
        {"op": "replace", "path": "/list/2", "value": 1},
        {"op": "add", "path": "/list/3", "value": 1},
        {"op": "add", "path": "/list/-1", "value": 1},
        {"op": "add", "path": "/list/x", "value": 1},
        {"op": "add", "path": "/none/x", "value": 1},
        {"op": "add", "path": "/text/x", "value": 1},
        {"op": "add", "path": "text", "value": 1},
        {"op": "add", "value": 1},
        {"op": "test", "path": "/text", "value": "other"},
        {"op": "test", "path": "/one", "value": True},
        {"op": "test", "path": "/none", "value": 1},
        {"op": "copy", "from": "/none", "path": "/x"},
        {"op": "shuffle", "path": "/text"},
        {"op": "replace", "path": "", "value": 1},
    ],
)
def test_an_operation_that_does_not_fit_is_unprocessable(operation: dict[str, Any]) -> None:
    with pytest.raises(ApiError) as refusal:
        apply_json_patch({"list": [1, 2], "text": "t", "one": 1}, [operation])
    assert (refusal.value.code, refusal.value.reason) == (422, "Invalid")


@pytest.mark.parametrize("patch", [{"op": "remove"}, "x", [1], None])
def test_what_is_no_list_of_operations_is_a_bad_request(patch: object) -> None:
    with pytest.raises(ApiError) as refusal:
        apply_json_patch({}, patch)
    assert refusal.value.code == 400


def test_too_many_operations_are_refused() -> None:
    with pytest.raises(ApiError) as refusal:
        apply_json_patch({}, [{"op": "add", "path": "/a", "value": 1}] * (MOST_OPERATIONS + 1))
    assert refusal.value.code == 413


def test_a_copy_does_not_share_with_its_source() -> None:
    patch = [{"op": "copy", "from": "/a", "path": "/b"}, {"op": "add", "path": "/b/-", "value": 2}]
    assert apply_json_patch({"a": [1]}, patch) == {"a": [1], "b": [1, 2]}


@pytest.mark.parametrize(
    ("document", "patch", "expected"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": ["c", "d"]}, {"a": ["c", "d"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [1]}, {"a": {"b": None, "c": 1}}, {"a": {"c": 1}}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        ({"a": "b"}, ["c"], ["c"]),
    ],
)
def test_a_merge_patch_merges(document: Any, patch: Any, expected: Any) -> None:
    assert apply_merge_patch(document, patch) == expected
