"""What an object would be after a write, computed without a server."""

from __future__ import annotations

from typing import Any

import pytest

from console.domain.change import Create, Delete, JsonPatch, MergePatch, PatchOp, ServerApply, Write
from console.domain.patching import CannotCompute, patched


def deployment() -> dict[str, Any]:
    containers = [{"name": "proxy", "image": "p:1"}, {"name": "backend", "image": "b:1", "env": [{"name": "A", "value": "1"}]}]
    return {
        "kind": "Deployment",
        "metadata": {"annotations": {"x/y": "1"}},
        "spec": {"replicas": 3, "template": {"containers": containers}},
    }


@pytest.mark.parametrize(
    ("write", "path", "value"),
    [
        (JsonPatch("Deployment", "d", (PatchOp("replace", "/spec/replicas", 0),)), ("spec", "replicas"), 0),
        (JsonPatch("Deployment", "d", (PatchOp("replace", "/metadata/annotations/x~1y", "2"),)), ("metadata", "annotations", "x/y"), "2"),
        (JsonPatch("Deployment", "d", (PatchOp("add", "/spec/paused", True),)), ("spec", "paused"), True),
        (
            JsonPatch("Deployment", "d", (PatchOp("replace", "/spec/template/containers/1/image", "b:2"),)),
            ("spec", "template", "containers", 1, "image"),
            "b:2",
        ),
        (MergePatch("Deployment", "d", {"spec": {"replicas": 5}}), ("spec", "replicas"), 5),
        (
            ServerApply("Deployment", "d", {"spec": {"template": {"containers": [{"name": "backend", "image": "b:2"}]}}}),
            ("spec", "template", "containers", 1, "image"),
            "b:2",
        ),
    ],
)
def test_a_write_changes_what_it_means_and_leaves_the_rest(write: Write, path: tuple[Any, ...], value: object) -> None:
    before = deployment()
    after: Any = patched(before, write)
    assert before == deployment()
    for part in path[:-1]:
        after = after[part]
    assert after[path[-1]] == value


def test_an_apply_merges_lists_by_name_and_keeps_what_it_does_not_name() -> None:
    wanted = {"spec": {"template": {"containers": [{"name": "backend", "image": "b:2", "env": [{"name": "B", "value": "2"}]}]}}}
    after: Any = patched(deployment(), ServerApply("Deployment", "d", wanted))
    proxy, backend = after["spec"]["template"]["containers"]
    assert proxy == {"name": "proxy", "image": "p:1"}
    assert backend == {"name": "backend", "image": "b:2", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}
    assert after["spec"]["replicas"] == 3


def test_a_merge_patch_with_nothing_takes_a_key_away() -> None:
    after: Any = patched(deployment(), MergePatch("Deployment", "d", {"metadata": {"annotations": {"x/y": None}}}))
    assert after["metadata"] == {"annotations": {}}


def test_created_and_deleted_objects() -> None:
    assert patched(None, Create("ConfigMap", "c", {"kind": "ConfigMap"})) == {"kind": "ConfigMap"}
    assert patched(deployment(), Delete("ConfigMap", "c", "uid")) is None


@pytest.mark.parametrize(
    "op",
    [
        PatchOp("test", "/spec/replicas", 4),
        PatchOp("replace", "/spec/nothing", 1),
        PatchOp("remove", "/spec/nothing"),
        PatchOp("replace", "/spec/template/containers/7/image", "x"),
        PatchOp("add", "/spec/replicas/deeper", 1),
    ],
)
def test_what_the_server_would_refuse_is_refused_here(op: PatchOp) -> None:
    with pytest.raises(CannotCompute):
        patched(deployment(), JsonPatch("Deployment", "d", (op,)))
