"""Server-side apply: creation, field ownership, conflicts that name the managers, force, dry run, and taking over from kubectl apply."""

from __future__ import annotations

import json

from tests.contract.objects import NEXT_IMAGE, Object, Paths, configmap, deployment, service
from tests.contract.wire import APPLY_PATCH, Api, eventually

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def owner(thing: Object, manager: str, operation: str = "Apply") -> Object:
    """One manager's entry in managedFields; empty when it owns nothing."""
    found = [each for each in thing["metadata"]["managedFields"] if (each["manager"], each["operation"]) == (manager, operation)]
    assert len(found) < 2
    return found[0] if found else {}


def first_container(thing: Object) -> Object:
    container: Object = thing["spec"]["template"]["spec"]["containers"][0]
    return container


def with_env(body: Object, **variables: str) -> Object:
    first_container(body)["env"] = [{"name": name, "value": value} for name, value in variables.items()]
    return body


async def test_the_first_apply_creates_and_owns(api: Api, paths: Paths) -> None:
    created = (await api.apply(f"{paths.configmaps}/settings", configmap("settings", level="info"), manager="bluegreen")).ok(201)
    entry = owner(created, "bluegreen")
    assert (entry["apiVersion"], entry["fieldsType"]) == ("v1", "FieldsV1")
    assert entry["fieldsV1"] == {"f:data": {"f:level": {}}}
    assert created["data"] == {"level": "info"}


async def test_the_same_apply_again_changes_nothing(api: Api, paths: Paths) -> None:
    path = f"{paths.deployments}/web"
    (await api.apply(path, deployment("web", replicas=0), manager="bluegreen")).ok(201)
    again = (await api.apply(path, deployment("web", replicas=0), manager="bluegreen")).ok(200)
    third = (await api.apply(path, deployment("web", replicas=0), manager="bluegreen")).ok(200)
    assert third["metadata"]["generation"] == again["metadata"]["generation"] == 1
    assert owner(third, "bluegreen") == owner(again, "bluegreen")


async def test_a_field_left_out_is_removed_when_nobody_else_owns_it(api: Api, paths: Paths) -> None:
    path = f"{paths.configmaps}/settings"
    (await api.apply(path, configmap("settings", a="1", b="2", c="3"), manager="bluegreen")).ok(201)
    (await api.apply(path, configmap("settings", c="3"), manager="other")).ok()
    left = (await api.apply(path, configmap("settings", a="1"), manager="bluegreen")).ok()
    assert left["data"] == {"a": "1", "c": "3"}
    assert owner(left, "bluegreen")["fieldsV1"] == {"f:data": {"f:a": {}}}


async def test_another_value_conflicts_and_names_the_manager(api: Api, paths: Paths) -> None:
    path = f"{paths.deployments}/web"
    (await api.apply(path, deployment("web", replicas=2), manager="somebody")).ok(201)
    refusal = await api.apply(path, deployment("web", replicas=3, image=NEXT_IMAGE), manager="bluegreen")
    body = refusal.refused(409, "Conflict")
    assert 'Apply failed with 2 conflicts: conflicts with "somebody"' in body["message"]
    causes = {cause["field"]: cause for cause in body["details"]["causes"]}
    assert set(causes) == {".spec.replicas", '.spec.template.spec.containers[name="app"].image'}
    assert {cause["reason"] for cause in causes.values()} == {"FieldManagerConflict"}
    assert causes[".spec.replicas"]["message"] == 'conflict with "somebody"'
    assert (await api.get(path)).ok()["spec"]["replicas"] == 2


async def test_one_conflict_is_told_in_full(api: Api, paths: Paths) -> None:
    path = f"{paths.configmaps}/settings"
    (await api.apply(path, configmap("settings", a="1"), manager="somebody")).ok(201)
    body = (await api.apply(path, configmap("settings", a="2"), manager="bluegreen")).refused(409, "Conflict")
    assert body["message"] == 'Apply failed with 1 conflict: conflict with "somebody": .data.a'


async def test_a_conflict_with_a_plain_update_tells_when_it_was(api: Api, paths: Paths) -> None:
    path = f"{paths.services}/web"
    (await api.apply(path, service("web", {"slot": "blue"}), manager="bluegreen")).ok(201)
    (await api.json_patch(path, {"op": "replace", "path": "/spec/selector/slot", "value": "green"}, fieldManager="by-hand")).ok()
    body = (await api.apply(path, service("web", {"slot": "blue"}), manager="bluegreen")).refused(409, "Conflict")
    assert body["message"].startswith('Apply failed with 1 conflict: conflict with "by-hand" using v1')
    assert body["details"]["causes"][0]["message"].startswith('conflict with "by-hand" using v1')
    assert body["details"]["causes"][0]["field"] == ".spec.selector"


async def test_force_takes_the_field_over(api: Api, paths: Paths) -> None:
    path = f"{paths.configmaps}/settings"
    (await api.apply(path, configmap("settings", a="1", b="2"), manager="somebody")).ok(201)
    taken = (await api.apply(path, configmap("settings", a="9"), manager="bluegreen", force=True)).ok()
    assert taken["data"] == {"a": "9", "b": "2"}
    assert owner(taken, "somebody")["fieldsV1"] == {"f:data": {"f:b": {}}}
    assert owner(taken, "bluegreen")["fieldsV1"] == {"f:data": {"f:a": {}}}


async def test_the_same_value_is_owned_together(api: Api, paths: Paths) -> None:
    path = f"{paths.configmaps}/settings"
    (await api.apply(path, configmap("settings", a="1"), manager="somebody")).ok(201)
    shared = (await api.apply(path, configmap("settings", a="1"), manager="bluegreen")).ok()
    assert owner(shared, "somebody")["fieldsV1"] == owner(shared, "bluegreen")["fieldsV1"]
    left = (await api.apply(path, configmap("settings"), manager="somebody")).ok()
    assert left["data"] == {"a": "1"}
    assert not owner(left, "somebody")


async def test_lists_with_keys_are_merged_by_key(api: Api, paths: Paths) -> None:
    path = f"{paths.deployments}/web"
    (await api.apply(path, with_env(deployment("web", replicas=0), A="1", B="2"), manager="bluegreen")).ok(201)
    sidecar = deployment("web", replicas=0)
    sidecar["spec"] = {"template": {"spec": {"containers": [{"name": "sidecar", "image": NEXT_IMAGE}]}}}
    (await api.apply(path, sidecar, manager="injector")).ok()
    after = (await api.apply(path, with_env(deployment("web", replicas=0), A="1"), manager="bluegreen")).ok()
    containers = {each["name"]: each for each in after["spec"]["template"]["spec"]["containers"]}
    assert set(containers) == {"app", "sidecar"}
    assert containers["app"]["env"] == [{"name": "A", "value": "1"}]
    owned = owner(after, "bluegreen")["fieldsV1"]["f:spec"]["f:template"]["f:spec"]["f:containers"]['k:{"name":"app"}']
    assert set(owned["f:env"]) == {'k:{"name":"A"}'}
    assert set(owned["f:ports"]) == {'k:{"containerPort":8080,"protocol":"TCP"}'}


async def test_a_dry_run_creates_nothing_and_changes_nothing(api: Api, paths: Paths) -> None:
    path = f"{paths.deployments}/web"
    planned = (await api.apply(path, deployment("web", replicas=2), manager="bluegreen", dryRun="All")).ok(201)
    assert planned["spec"]["strategy"]["type"] == "RollingUpdate"
    (await api.get(path)).refused(404, "NotFound")
    (await api.apply(path, deployment("web", replicas=0), manager="bluegreen")).ok(201)
    planned = (await api.apply(path, deployment("web", replicas=5), manager="bluegreen", dryRun="All")).ok()
    assert planned["spec"]["replicas"] == 5
    assert (await api.get(path)).ok()["spec"]["replicas"] == 0
    conflicting = await api.apply(path, deployment("web", replicas=5), manager="other", dryRun="All")
    conflicting.refused(409, "Conflict")


async def test_who_wrote_what_is_told_apart(api: Api, paths: Paths) -> None:
    path = f"{paths.deployments}/web"
    (await api.apply(path, deployment("web", replicas=0), manager="bluegreen")).ok(201)
    (await api.merge_patch(f"{path}/scale", {"spec": {"replicas": 1}}, fieldManager="autoscaler")).ok()
    written = (await api.merge_patch(path, {"metadata": {"labels": {"a": "b"}}}, fieldManager="by-hand")).ok()
    assert owner(written, "by-hand", "Update")["fieldsV1"] == {"f:metadata": {"f:labels": {"f:a": {}}}}
    scaled = owner(written, "autoscaler", "Update")
    assert (scaled["subresource"], scaled["fieldsV1"]) == ("scale", {"f:spec": {"f:replicas": {}}})
    assert "f:replicas" not in owner(written, "bluegreen")["fieldsV1"]["f:spec"]
    body = (await api.apply(path, deployment("web", replicas=0), manager="bluegreen")).refused(409, "Conflict")
    assert 'conflict with "autoscaler" with subresource "scale"' in body["message"]


async def test_what_kubectl_applied_conflicts_until_it_is_taken_over(api: Api, paths: Paths) -> None:
    """Only the manager `kubectl` may change what its own last-applied annotation holds; force takes values, not removals."""
    before = with_env(deployment("web", replicas=0), OLD="1")
    annotated = {**before, "metadata": {**before["metadata"], "annotations": {LAST_APPLIED: json.dumps(before)}}}
    path = f"{paths.deployments}/web"
    (await api.post(paths.deployments, annotated, fieldManager="kubectl-client-side-apply")).ok(201)
    wanted = deployment("web", replicas=0, image=NEXT_IMAGE)
    body = (await api.apply(path, wanted, manager="bluegreen")).refused(409, "Conflict")
    assert 'conflict with "kubectl-client-side-apply" using apps/v1' in body["message"]
    after = (await api.apply(path, wanted, manager="bluegreen", force=True)).ok()
    assert first_container(after)["image"] == NEXT_IMAGE
    assert first_container(after)["env"] == [{"name": "OLD", "value": "1"}]


async def test_migrated_ownership_lets_removed_fields_go(api: Api, paths: Paths) -> None:
    """Renaming kubectl's entry into our own applied one is what makes a later apply remove what the manifest no longer has."""
    path = f"{paths.deployments}/web"
    before = with_env(deployment("web", replicas=0), OLD="1")
    (await api.post(paths.deployments, before, fieldManager="kubectl-client-side-apply")).ok(201)

    async def rename() -> int:
        metadata = (await api.get(path)).ok()["metadata"]
        renamed = [
            {**each, "manager": "bluegreen", "operation": "Apply"} if each["manager"] == "kubectl-client-side-apply" else each
            for each in metadata["managedFields"]
        ]
        unchanged = {"op": "test", "path": "/metadata/resourceVersion", "value": metadata["resourceVersion"]}
        return (await api.json_patch(path, unchanged, {"op": "replace", "path": "/metadata/managedFields", "value": renamed})).status

    await eventually(rename, lambda status: status == 200)
    migrated = (await api.get(path)).ok()
    assert owner(migrated, "bluegreen")
    assert not owner(migrated, "kubectl-client-side-apply", "Update")
    after = (await api.apply(path, deployment("web", replicas=0), manager="bluegreen")).ok()
    assert "env" not in first_container(after)


async def test_an_apply_without_a_manager_is_invalid(api: Api, paths: Paths) -> None:
    answer = await api.request("PATCH", f"{paths.configmaps}/settings", body=configmap("settings"), content_type=APPLY_PATCH)
    assert "fieldManager" in answer.refused(422, "Invalid")["message"]


async def test_an_apply_must_not_carry_managed_fields(api: Api, paths: Paths) -> None:
    created = (await api.apply(f"{paths.configmaps}/settings", configmap("settings", a="1"), manager="bluegreen")).ok(201)
    body = (await api.apply(f"{paths.configmaps}/settings", created, manager="bluegreen")).refused(400, "BadRequest")
    assert body["message"] == "metadata.managedFields must be nil"


async def test_an_apply_at_an_old_version_conflicts(api: Api, paths: Paths) -> None:
    path = f"{paths.configmaps}/settings"
    created = (await api.apply(path, configmap("settings", a="1"), manager="bluegreen")).ok(201)
    (await api.apply(path, configmap("settings", a="2"), manager="bluegreen")).ok()
    body = configmap("settings", a="3")
    body["metadata"]["resourceVersion"] = created["metadata"]["resourceVersion"]
    (await api.apply(path, body, manager="bluegreen")).refused(409, "Conflict")


async def test_an_apply_of_a_field_that_does_not_exist_is_refused(api: Api, paths: Paths) -> None:
    body = deployment("web", replicas=0)
    body["spec"]["replica"] = 3
    answer = await api.apply(f"{paths.deployments}/web", body, manager="bluegreen")
    assert answer.status in (400, 422, 500)
    assert ".spec.replica: field not declared in schema" in answer.json["message"]


async def test_yaml_is_applied_too(api: Api, paths: Paths) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  level: info\n"
    params = {"fieldManager": "bluegreen"}
    answer = await api.request("PATCH", f"{paths.configmaps}/settings", body=text, params=params, content_type=APPLY_PATCH)
    assert answer.ok(201)["data"] == {"level": "info"}


async def test_strict_validation_refuses_a_field_that_does_not_exist(api: Api, paths: Paths) -> None:
    body = deployment("web", replicas=0)
    body["spec"]["replica"] = 3
    refusal = (await api.post(paths.deployments, body, fieldValidation="Strict")).refused(400, "BadRequest")
    assert 'unknown field "spec.replica"' in refusal["message"]
    lax = await api.post(paths.deployments, body)
    assert "unknown field" in lax.headers["Warning"]
    assert "spec.replica" in lax.headers["Warning"]
    assert "replica" not in lax.ok(201)["spec"]


async def test_replicas_left_out_fall_back_to_one(api: Api, paths: Paths) -> None:
    """Why replicas always travel in the same apply."""
    path = f"{paths.deployments}/web"
    (await api.apply(path, deployment("web", replicas=3), manager="bluegreen")).ok(201)
    without = deployment("web")
    del without["spec"]["replicas"]
    assert (await api.apply(path, without, manager="bluegreen")).ok()["spec"]["replicas"] == 1


async def test_replicas_left_out_by_one_owner_stay_with_the_other(api: Api, paths: Paths) -> None:
    path = f"{paths.deployments}/web"
    (await api.apply(path, deployment("web", replicas=3), manager="bluegreen")).ok(201)
    (await api.merge_patch(path, {"spec": {"replicas": 5}}, fieldManager="by-hand")).ok()
    without = deployment("web")
    del without["spec"]["replicas"]
    assert (await api.apply(path, without, manager="bluegreen")).ok()["spec"]["replicas"] == 5


async def test_a_service_keeps_its_address_when_it_is_applied_again(api: Api, paths: Paths) -> None:
    path = f"{paths.services}/web"
    created = (await api.apply(path, service("web", {"slot": "blue"}), manager="bluegreen")).ok(201)
    body = service("web", {"slot": "blue"})
    body["spec"]["ports"].append({"name": "metrics", "port": 9090, "targetPort": 9090})
    applied = (await api.apply(path, body, manager="bluegreen")).ok()
    assert applied["spec"]["clusterIP"] == created["spec"]["clusterIP"]
    assert [each["port"] for each in applied["spec"]["ports"]] == [80, 9090]
    again = (await api.apply(path, service("web", {"slot": "blue"}), manager="bluegreen")).ok()
    assert [each["port"] for each in again["spec"]["ports"]] == [80]
