"""Creating, replacing, deleting; preconditions, conflicts, validation and dry runs."""

from __future__ import annotations

import pytest

from tests.contract.objects import Paths, configmap, deployment, pod, service
from tests.contract.wire import Api


async def test_a_created_object_comes_back_with_its_identity(api: Api, paths: Paths, namespace: str) -> None:
    created = (await api.post(paths.configmaps, configmap("settings", level="info"))).ok(201)
    assert created == (await api.get(f"{paths.configmaps}/settings")).ok()
    assert created["metadata"]["namespace"] == namespace


async def test_creating_twice_already_exists(api: Api, paths: Paths) -> None:
    (await api.post(paths.configmaps, configmap("settings"))).ok(201)
    body = (await api.post(paths.configmaps, configmap("settings"))).refused(409, "AlreadyExists")
    assert body["message"] == 'configmaps "settings" already exists'
    (await api.post(paths.deployments, deployment("web", replicas=0))).ok(201)
    body = (await api.post(paths.deployments, deployment("web", replicas=0))).refused(409, "AlreadyExists")
    assert body["message"] == 'deployments.apps "web" already exists'


async def test_a_generated_name_has_five_more_characters(api: Api, paths: Paths) -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "record-"}}
    first, second = [(await api.post(paths.configmaps, body)).ok(201)["metadata"]["name"] for _ in range(2)]
    assert first.startswith("record-")
    assert len(first) == len("record-") + 5
    assert first != second


async def test_creating_in_an_absent_namespace_is_not_found(api: Api) -> None:
    body = (await api.post("/api/v1/namespaces/nowhere/configmaps", configmap("x"))).refused(404, "NotFound")
    assert body["message"] == 'namespaces "nowhere" not found'


async def test_a_put_replaces_and_raises_the_version(api: Api, paths: Paths) -> None:
    created = (await api.post(paths.configmaps, configmap("settings", level="info", colour="blue"))).ok(201)
    created["data"] = {"level": "debug"}
    replaced = (await api.put(f"{paths.configmaps}/settings", created)).ok()
    assert replaced["data"] == {"level": "debug"}
    assert int(replaced["metadata"]["resourceVersion"]) > int(created["metadata"]["resourceVersion"])
    assert replaced["metadata"]["uid"] == created["metadata"]["uid"]


async def test_a_put_that_changes_nothing_keeps_the_version(api: Api, paths: Paths) -> None:
    created = (await api.post(paths.configmaps, configmap("settings", level="info"))).ok(201)
    again = (await api.put(f"{paths.configmaps}/settings", created)).ok()
    assert again["metadata"]["resourceVersion"] == created["metadata"]["resourceVersion"]


async def test_a_put_at_an_old_version_conflicts(api: Api, paths: Paths) -> None:
    created = (await api.post(paths.configmaps, configmap("settings", level="info"))).ok(201)
    (await api.merge_patch(f"{paths.configmaps}/settings", {"data": {"level": "debug"}})).ok()
    body = (await api.put(f"{paths.configmaps}/settings", created)).refused(409, "Conflict")
    assert "the object has been modified; please apply your changes to the latest version and try again" in body["message"]


async def test_a_put_of_an_absent_object_is_not_found(api: Api, paths: Paths) -> None:
    created = (await api.post(paths.deployments, deployment("web", replicas=0))).ok(201)
    created["metadata"]["name"] = "other"
    (await api.put(f"{paths.deployments}/other", created)).refused(404, "NotFound")


async def test_a_name_in_the_path_and_another_in_the_body_is_refused(api: Api, paths: Paths) -> None:
    (await api.post(paths.configmaps, configmap("settings"))).ok(201)
    (await api.put(f"{paths.configmaps}/settings", configmap("other"))).refused(400, "BadRequest")


async def test_status_and_spec_are_written_apart(api: Api, paths: Paths) -> None:
    created = (await api.post(paths.deployments, {**deployment("web", replicas=0), "status": {"replicas": 7}})).ok(201)
    assert not created["status"].get("replicas")
    path = f"{paths.deployments}/web"
    current = (await api.get(path)).ok()
    current["spec"]["paused"], current["status"]["collisionCount"] = True, 4
    written = (await api.put(f"{path}/status", {**current, "metadata": {**current["metadata"], "resourceVersion": ""}})).ok()
    assert written["status"]["collisionCount"] == 4
    assert "paused" not in written["spec"]


async def test_a_change_of_the_spec_raises_the_generation_only(api: Api, paths: Paths) -> None:
    path = f"{paths.deployments}/web"
    created = (await api.post(paths.deployments, deployment("web", replicas=0))).ok(201)
    assert created["metadata"]["generation"] == 1
    labelled = (await api.merge_patch(path, {"metadata": {"labels": {"a": "b"}}})).ok()
    assert labelled["metadata"]["generation"] == 1
    changed = (await api.merge_patch(path, {"spec": {"minReadySeconds": 3}})).ok()
    assert changed["metadata"]["generation"] == 2


async def test_a_delete_answers_with_what_was_deleted(api: Api, paths: Paths) -> None:
    created = (await api.post(paths.configmaps, configmap("settings"))).ok(201)
    answer = (await api.delete(f"{paths.configmaps}/settings")).ok()
    assert (answer["kind"], answer["status"]) == ("Status", "Success")
    assert answer["details"] == {"name": "settings", "kind": "configmaps", "uid": created["metadata"]["uid"]}
    (await api.delete(f"{paths.configmaps}/settings")).refused(404, "NotFound")


async def test_a_delete_with_a_wrong_precondition_conflicts(api: Api, paths: Paths) -> None:
    created = (await api.post(paths.configmaps, configmap("settings"))).ok(201)
    path = f"{paths.configmaps}/settings"
    for wrong in ({"uid": "00000000-0000-0000-0000-000000000000"}, {"resourceVersion": "1"}):
        (await api.delete(path, {"preconditions": wrong})).refused(409, "Conflict")
    right = {"uid": created["metadata"]["uid"], "resourceVersion": created["metadata"]["resourceVersion"]}
    (await api.delete(path, {"preconditions": right})).ok()


async def test_a_finalizer_holds_a_deletion_back(api: Api, paths: Paths) -> None:
    body = configmap("settings")
    body["metadata"]["finalizers"] = ["example.test/hold"]
    path = f"{paths.configmaps}/settings"
    (await api.post(paths.configmaps, body)).ok(201)
    assert "deletionTimestamp" in (await api.delete(path)).ok()["metadata"]
    assert "deletionTimestamp" in (await api.get(path)).ok()["metadata"]
    (await api.merge_patch(path, {"metadata": {"finalizers": None}})).ok()
    (await api.get(path)).refused(404, "NotFound")


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ({"selector": {"matchLabels": {"app": "other"}}}, "`selector` does not match template `labels`"),
        ({"replicas": -1}, "must be greater than or equal to 0"),
    ],
)
async def test_an_invalid_deployment_is_refused_with_the_field(api: Api, paths: Paths, broken: dict[str, object], told: str) -> None:
    body = deployment("web")
    body["spec"].update(broken)
    refusal = (await api.post(paths.deployments, body)).refused(422, "Invalid")
    assert told in refusal["message"]
    assert refusal["details"]["kind"] == "Deployment"
    assert refusal["details"]["causes"][0]["field"].startswith("spec.")


async def test_what_is_immutable_stays(api: Api, paths: Paths) -> None:
    (await api.post(paths.deployments, deployment("web", replicas=0))).ok(201)
    other = {"matchLabels": {"app": "other"}}
    template = {"metadata": {"labels": {"app": "other"}}}
    refusal = await api.merge_patch(f"{paths.deployments}/web", {"spec": {"selector": other, "template": template}})
    assert "field is immutable" in refusal.refused(422, "Invalid")["message"]


async def test_a_wrong_name_is_invalid(api: Api, paths: Paths) -> None:
    (await api.post(paths.configmaps, configmap("Not_A_Name"))).refused(422, "Invalid")
    (await api.post(paths.services, service("Not.A.Name", {"a": "b"}))).refused(422, "Invalid")


async def test_what_is_no_json_or_of_another_type_is_a_bad_request(api: Api, paths: Paths) -> None:
    (await api.request("POST", paths.configmaps, body="{nonsense")).refused(400, "BadRequest")
    body = deployment("web")
    body["spec"]["replicas"] = "many"
    (await api.post(paths.deployments, body)).refused(400, "BadRequest")
    (await api.post(paths.configmaps, pod("a"))).refused(400, "BadRequest")


async def test_a_body_of_an_unknown_type_is_unsupported(api: Api, paths: Paths) -> None:
    answer = await api.request("POST", paths.configmaps, body="a=b", content_type="text/csv")
    answer.refused(415, "UnsupportedMediaType")


@pytest.mark.parametrize("verb", ["create", "put", "delete"])
async def test_a_dry_run_answers_and_changes_nothing(api: Api, paths: Paths, verb: str) -> None:
    path = f"{paths.configmaps}/settings"
    if verb == "create":
        created = (await api.post(paths.configmaps, configmap("settings"), dryRun="All")).ok(201)
        assert created["metadata"]["uid"]
        (await api.get(path)).refused(404, "NotFound")
        return
    before = (await api.post(paths.configmaps, configmap("settings", level="info"))).ok(201)
    if verb == "put":
        answer = (await api.put(path, {**before, "data": {"level": "debug"}}, dryRun="All")).ok()
        assert answer["data"] == {"level": "debug"}
    else:
        (await api.delete(path, dryRun="All")).ok()
    assert (await api.get(path)).ok() == before


async def test_a_dry_run_is_refused_like_the_real_one(api: Api, paths: Paths) -> None:
    (await api.post(paths.configmaps, configmap("settings"))).ok(201)
    (await api.post(paths.configmaps, configmap("settings"), dryRun="All")).refused(409, "AlreadyExists")
    (await api.post(paths.configmaps, configmap("x"), dryRun="Some")).refused(422, "Invalid")


async def test_a_service_gets_an_address_and_defaults(api: Api, paths: Paths) -> None:
    created = (await api.post(paths.services, service("web", {"slot": "blue"}))).ok(201)
    spec = created["spec"]
    assert spec["clusterIP"].startswith("10.96.")
    assert spec["clusterIPs"] == [spec["clusterIP"]]
    assert (spec["type"], spec["sessionAffinity"], spec["internalTrafficPolicy"]) == ("ClusterIP", "None", "Cluster")
    assert spec["ports"] == [{"name": "http", "protocol": "TCP", "port": 80, "targetPort": "http"}]
    assert created["status"] == {"loadBalancer": {}}


async def test_a_deployment_gets_defaults(api: Api, paths: Paths) -> None:
    body = deployment("web", replicas=0)
    del body["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
    spec = (await api.post(paths.deployments, body)).ok(201)["spec"]
    assert spec["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}}
    assert (spec["revisionHistoryLimit"], spec["progressDeadlineSeconds"]) == (10, 600)
    template = spec["template"]["spec"]
    assert (template["restartPolicy"], template["dnsPolicy"], template["terminationGracePeriodSeconds"]) == ("Always", "ClusterFirst", 30)
    container = template["containers"][0]
    assert container["imagePullPolicy"] == "IfNotPresent"
    assert container["ports"] == [{"name": "http", "containerPort": 8080, "protocol": "TCP"}]
