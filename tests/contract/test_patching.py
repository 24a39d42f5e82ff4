"""The three patch types that merge or edit: JSON patch with its compare-and-swap, merge patch, strategic merge patch."""

from __future__ import annotations

import asyncio

import pytest

from tests.contract.node import Node
from tests.contract.objects import NEXT_IMAGE, Paths, condition, configmap, deployment, pod, service
from tests.contract.wire import Api, Object

SLOT = "example.test/slot"
SLOT_POINTER = "/spec/selector/example.test~1slot"


async def selected(api: Api, paths: Paths) -> Object:
    """A Service whose slot key holds a slash."""
    created: Object = (await api.post(paths.services, service("web", {"app": "web", SLOT: "blue"}))).ok(201)
    return created


def switch(resource_version: str, *, before: str, after: str) -> list[Object]:
    return [
        {"op": "test", "path": SLOT_POINTER, "value": before},
        {"op": "test", "path": "/metadata/resourceVersion", "value": resource_version},
        {"op": "replace", "path": SLOT_POINTER, "value": after},
        {"op": "add", "path": "/metadata/annotations", "value": {"example.test/epoch": "2"}},
    ]


async def test_a_switch_replaces_one_key_and_adds_annotations_at_once(api: Api, paths: Paths) -> None:
    created = await selected(api, paths)
    patched = (
        await api.json_patch(f"{paths.services}/web", *switch(created["metadata"]["resourceVersion"], before="blue", after="green"))
    ).ok()
    assert patched["spec"]["selector"] == {"app": "web", SLOT: "green"}
    assert patched["metadata"]["annotations"] == {"example.test/epoch": "2"}
    assert int(patched["metadata"]["resourceVersion"]) > int(created["metadata"]["resourceVersion"])
    assert {**patched["spec"], "selector": None} == {**created["spec"], "selector": None}


async def test_a_switch_from_another_value_is_invalid_and_changes_nothing(api: Api, paths: Paths) -> None:
    created = await selected(api, paths)
    answer = await api.json_patch(f"{paths.services}/web", *switch(created["metadata"]["resourceVersion"], before="green", after="blue"))
    answer.refused(422, "Invalid")
    assert (await api.get(f"{paths.services}/web")).ok() == created


async def test_a_switch_at_another_version_is_invalid(api: Api, paths: Paths) -> None:
    """The slot went to green and back: the value is the same and only the version tells."""
    created = await selected(api, paths)
    for slot in ("green", "blue"):
        (await api.merge_patch(f"{paths.services}/web", {"spec": {"selector": {SLOT: slot}}})).ok()
    answer = await api.json_patch(f"{paths.services}/web", *switch(created["metadata"]["resourceVersion"], before="blue", after="green"))
    answer.refused(422, "Invalid")


async def test_of_many_switches_at_once_one_wins(api: Api, paths: Paths) -> None:
    version = (await selected(api, paths))["metadata"]["resourceVersion"]
    operations = switch(version, before="blue", after="green")
    answers = await asyncio.gather(*(api.json_patch(f"{paths.services}/web", *operations) for _ in range(8)))
    assert sorted(answer.status for answer in answers) == [200] + [422] * 7


async def test_only_a_test_notices_that_the_slot_key_is_absent(api: Api, paths: Paths) -> None:
    """A replace alone adds an absent key: without the test, drift would be taken for a slot."""
    (await api.post(paths.services, service("web", {"app": "web"}))).ok(201)
    tested = {"op": "test", "path": SLOT_POINTER, "value": "blue"}
    replaced = {"op": "replace", "path": SLOT_POINTER, "value": "green"}
    (await api.json_patch(f"{paths.services}/web", tested, replaced)).refused(422, "Invalid")
    (await api.json_patch(f"{paths.services}/web", {"op": "remove", "path": SLOT_POINTER})).refused(422, "Invalid")
    added = (await api.json_patch(f"{paths.services}/web", replaced)).ok()
    assert added["spec"]["selector"] == {"app": "web", SLOT: "green"}


async def test_json_patch_edits_lists_and_moves(api: Api, paths: Paths) -> None:
    (await api.post(paths.deployments, deployment("web", replicas=0))).ok(201)
    containers = "/spec/template/spec/containers"
    patched = (
        await api.json_patch(
            f"{paths.deployments}/web",
            {"op": "test", "path": f"{containers}/0/name", "value": "app"},
            {"op": "replace", "path": f"{containers}/0/image", "value": NEXT_IMAGE},
            {"op": "add", "path": f"{containers}/0/env", "value": [{"name": "B", "value": "2"}]},
            {"op": "add", "path": f"{containers}/0/env/0", "value": {"name": "A", "value": "1"}},
            {"op": "add", "path": f"{containers}/0/env/-", "value": {"name": "C", "value": "3"}},
            {"op": "remove", "path": f"{containers}/0/ports"},
            {"op": "replace", "path": "/spec/replicas", "value": 1},
        )
    ).ok()
    container = patched["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] == NEXT_IMAGE
    assert [each["name"] for each in container["env"]] == ["A", "B", "C"]
    assert "ports" not in container
    assert patched["spec"]["replicas"] == 1


async def test_a_tilde_in_a_key_is_escaped(api: Api, paths: Paths) -> None:
    (await api.post(paths.configmaps, configmap("settings"))).ok(201)
    annotated = {"metadata": {"annotations": {"example.test/a": "1"}}}
    (await api.merge_patch(f"{paths.configmaps}/settings", annotated)).ok()
    operations = [
        {"op": "copy", "from": "/metadata/annotations/example.test~1a", "path": "/metadata/annotations/example.test~1b"},
        {"op": "move", "from": "/metadata/annotations/example.test~1a", "path": "/metadata/annotations/example.test~1c"},
    ]
    patched = (await api.json_patch(f"{paths.configmaps}/settings", *operations)).ok()
    assert patched["metadata"]["annotations"] == {"example.test/b": "1", "example.test/c": "1"}


async def test_a_json_patch_of_an_absent_object_is_not_found(api: Api, paths: Paths) -> None:
    (await api.json_patch(f"{paths.services}/web", {"op": "replace", "path": "/spec", "value": {}})).refused(404, "NotFound")


async def test_a_json_patch_that_is_none_is_a_bad_request(api: Api, paths: Paths) -> None:
    await selected(api, paths)
    (await api.json_patch(f"{paths.services}/web", {"op": "frobnicate", "path": "/spec"})).refused(422, "Invalid")
    answer = await api.request("PATCH", f"{paths.services}/web", body={"spec": {}}, content_type="application/json-patch+json")
    answer.refused(400, "BadRequest")


async def test_a_patch_of_an_unknown_type_is_unsupported(api: Api, paths: Paths) -> None:
    await selected(api, paths)
    answer = await api.request("PATCH", f"{paths.services}/web", body={}, content_type="application/json")
    answer.refused(415, "UnsupportedMediaType")


async def test_a_merge_patch_sets_removes_and_replaces_lists(api: Api, paths: Paths) -> None:
    (await api.post(paths.configmaps, configmap("settings", a="1", b="2"))).ok(201)
    patched = (await api.merge_patch(f"{paths.configmaps}/settings", {"data": {"a": "3", "b": None, "c": "4"}})).ok()
    assert patched["data"] == {"a": "3", "c": "4"}
    (await api.post(paths.pods, pod("one"))).ok(201)
    answer = await api.merge_patch(f"{paths.pods}/one", {"spec": {"containers": [{"name": "other", "image": NEXT_IMAGE}]}})
    assert answer.status == 422


@pytest.mark.parametrize("kind", ["merge", "strategic"])
async def test_a_patch_with_an_old_version_conflicts(api: Api, paths: Paths, kind: str) -> None:
    created = (await api.post(paths.configmaps, configmap("settings", a="1"))).ok(201)
    path = f"{paths.configmaps}/settings"
    (await api.merge_patch(path, {"data": {"a": "2"}})).ok()
    body = {"metadata": {"resourceVersion": created["metadata"]["resourceVersion"]}, "data": {"a": "3"}}
    patch = api.merge_patch if kind == "merge" else api.strategic_patch
    (await patch(path, body)).refused(409, "Conflict")


async def test_a_strategic_patch_finds_containers_and_variables_by_name(api: Api, paths: Paths) -> None:
    body = deployment("web", replicas=0)
    spec = body["spec"]["template"]["spec"]
    spec["containers"][0]["env"] = [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]
    spec["containers"].append({"name": "sidecar", "image": "registry.example.test/sidecar:1"})
    (await api.post(paths.deployments, body)).ok(201)
    change = {"name": "app", "image": NEXT_IMAGE, "env": [{"name": "A", "value": "9"}, {"name": "B", "$patch": "delete"}]}
    patched = (await api.strategic_patch(f"{paths.deployments}/web", {"spec": {"template": {"spec": {"containers": [change]}}}})).ok()
    first, second = patched["spec"]["template"]["spec"]["containers"]
    assert (first["name"], first["image"], first["env"]) == ("app", NEXT_IMAGE, [{"name": "A", "value": "9"}])
    assert (second["name"], second["image"]) == ("sidecar", "registry.example.test/sidecar:1")


async def test_a_strategic_patch_merges_conditions_by_type(api: Api, paths: Paths, node: Node) -> None:
    (await api.post(paths.pods, pod("one"))).ok(201)
    await node.bind("one")
    await node.run("one", address="10.244.200.1")
    patched = await node.set_ready("one", False)
    assert condition(patched, "Ready")["status"] == "False"
    assert condition(patched, "Initialized")["status"] == "True"
    assert patched["status"]["podIP"] == "10.244.200.1"


@pytest.mark.parametrize("kind", ["json", "merge", "strategic"])
async def test_a_patch_in_a_dry_run_changes_nothing(api: Api, paths: Paths, kind: str) -> None:
    before = (await api.post(paths.configmaps, configmap("settings", a="1"))).ok(201)
    path, change = f"{paths.configmaps}/settings", {"data": {"a": "2"}}
    if kind == "json":
        answer = await api.json_patch(path, {"op": "replace", "path": "/data/a", "value": "2"}, dryRun="All")
    elif kind == "merge":
        answer = await api.merge_patch(path, change, dryRun="All")
    else:
        answer = await api.strategic_patch(path, change, dryRun="All")
    assert answer.ok()["data"] == {"a": "2"}
    assert (await api.get(path)).ok() == before


async def test_a_patch_that_changes_nothing_keeps_the_version(api: Api, paths: Paths) -> None:
    before = (await api.post(paths.configmaps, configmap("settings", a="1"))).ok(201)
    after = (await api.merge_patch(f"{paths.configmaps}/settings", {"data": {"a": "1"}})).ok()
    assert after["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]


async def test_the_scale_of_a_deployment_is_read_and_patched(api: Api, paths: Paths) -> None:
    (await api.post(paths.deployments, deployment("web", replicas=0))).ok(201)
    scale = (await api.get(f"{paths.deployments}/web/scale")).ok()
    assert (scale["apiVersion"], scale["kind"], scale["spec"]) == ("autoscaling/v1", "Scale", {})
    assert scale["status"]["selector"] == "app=web"
    scaled = (await api.merge_patch(f"{paths.deployments}/web/scale", {"spec": {"replicas": 3}})).ok()
    assert scaled["spec"] == {"replicas": 3}
    assert (await api.get(f"{paths.deployments}/web")).ok()["spec"]["replicas"] == 3
