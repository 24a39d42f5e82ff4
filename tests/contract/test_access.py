"""Who is asked for, who may do what: 401, 403, SelfSubjectReview, SelfSubjectAccessReview, and the roles that are shipped."""

from __future__ import annotations

import pytest

from tests.contract import wire
from tests.contract.conftest import As
from tests.contract.objects import Object, Paths, configmap, deployment, lease, service
from tests.contract.wire import Api
from tests.planes import ApiServer

READERS = ("operator", "operator-2", "viewer", "limited")


def question(namespace: str, verb: str, resource: str, *, group: str = "", subresource: str = "", name: str = "") -> Object:
    attributes = {"namespace": namespace, "verb": verb, "group": group, "resource": resource, "subresource": subresource, "name": name}
    return {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {key: value for key, value in attributes.items() if value}},
    }


async def may(api: Api, review: Object) -> bool:
    answer = (await api.post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review)).ok(201)
    assert answer["spec"] == review["spec"]
    return bool(answer["status"]["allowed"])


async def test_an_unknown_token_is_unauthorized(user: As, paths: Paths) -> None:
    stranger = await user("no-such-token")
    (await stranger.get(paths.pods)).refused(401, "Unauthorized")


async def test_no_token_at_all_sees_health_and_nothing_else(server: ApiServer, paths: Paths) -> None:
    async with wire.connected(server.endpoint, None) as nobody:
        refusal = await nobody.get(paths.pods)
        assert refusal.status in (401, 403)
        assert (await nobody.get("/livez")).status == 200


@pytest.mark.parametrize(
    ("name", "groups"),
    [
        ("operator", ["bluegreen-operators", "system:authenticated"]),
        ("viewer", ["bluegreen-viewers", "system:authenticated"]),
        ("admin", ["system:authenticated", "system:masters"]),
    ],
)
async def test_a_self_subject_review_names_the_user(user: As, name: str, groups: list[str]) -> None:
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    answer = (await (await user(name)).post("/apis/authentication.k8s.io/v1/selfsubjectreviews", review)).ok(201)
    assert answer["kind"] == "SelfSubjectReview"
    assert answer["status"]["userInfo"]["username"] == name
    assert sorted(answer["status"]["userInfo"]["groups"]) == groups


@pytest.mark.parametrize("name", READERS)
async def test_everybody_reads_what_the_console_shows(user: As, paths: Paths, name: str) -> None:
    reader = await user(name)
    shown = ("pods", "services", "configmaps", "events", "quotas", "deployments", "replicasets", "endpointslices", "leases", "jobs")
    for path in (*(getattr(paths, each) for each in shown), paths.autoscalers, paths.itself):
        (await reader.get(path)).ok()


@pytest.mark.parametrize("name", READERS)
async def test_nobody_reads_secrets_or_another_namespace(user: As, paths: Paths, name: str) -> None:
    reader = await user(name)
    for path in (paths.secrets, f"{paths.secrets}/database", "/api/v1/namespaces/default/pods", "/api/v1/pods", "/api/v1/namespaces"):
        (await reader.get(path)).refused(403, "Forbidden")


async def test_a_viewer_changes_nothing(user: As, api: Api, paths: Paths) -> None:
    (await api.post(paths.services, service("web", {"slot": "blue"}))).ok(201)
    viewer = await user("viewer")
    refusal = await viewer.json_patch(f"{paths.services}/web", {"op": "replace", "path": "/spec/selector/slot", "value": "green"})
    body = refusal.refused(403, "Forbidden")
    assert 'services "web" is forbidden: User "viewer" cannot patch resource "services" in API group ""' in body["message"]
    assert body["details"] == {"name": "web", "kind": "services"}
    (await viewer.post(paths.deployments, deployment("web"))).refused(403, "Forbidden")
    (await viewer.post(paths.leases, lease("driver", "me"))).refused(403, "Forbidden")


async def test_an_operator_does_what_the_runbooks_do(user: As, paths: Paths) -> None:
    operator = await user("operator")
    (await operator.apply(f"{paths.deployments}/web", deployment("web"), manager="bluegreen")).ok(201)
    (await operator.merge_patch(f"{paths.deployments}/web/scale", {"spec": {"replicas": 0}})).ok()
    (await operator.apply(f"{paths.services}/web", service("web", {"slot": "blue"}), manager="bluegreen")).ok(201)
    (await operator.json_patch(f"{paths.services}/web", {"op": "replace", "path": "/spec/selector/slot", "value": "green"})).ok()
    (await operator.post(paths.configmaps, configmap("record", release="1"))).ok(201)
    (await operator.delete(f"{paths.configmaps}/record")).ok()
    created = (await operator.post(paths.leases, lease("driver", "me"))).ok(201)
    (await operator.put(f"{paths.leases}/driver", created)).ok()


async def test_an_operator_deletes_no_workload(user: As, api: Api, paths: Paths) -> None:
    (await api.post(paths.deployments, deployment("web", replicas=0))).ok(201)
    (await api.post(paths.services, service("web", {"slot": "blue"}))).ok(201)
    operator = await user("operator")
    for path in (f"{paths.deployments}/web", f"{paths.services}/web", paths.pods):
        (await operator.delete(path)).refused(403, "Forbidden")


async def test_the_limited_user_deploys_but_cannot_switch(user: As, api: Api, paths: Paths) -> None:
    (await api.post(paths.services, service("web", {"slot": "blue"}))).ok(201)
    limited = await user("limited")
    (await limited.post(paths.deployments, deployment("web", replicas=0))).ok(201)
    (await limited.merge_patch(f"{paths.services}/web", {"metadata": {"labels": {"a": "b"}}})).refused(403, "Forbidden")
    (await limited.post(paths.leases, lease("driver", "me"))).refused(403, "Forbidden")


@pytest.mark.parametrize(
    ("name", "verb", "resource", "group", "allowed"),
    [
        ("operator", "patch", "services", "", True),
        ("operator", "patch", "deployments", "apps", True),
        ("operator", "delete", "deployments", "apps", False),
        ("operator", "get", "secrets", "", False),
        ("viewer", "patch", "services", "", False),
        ("viewer", "watch", "endpointslices", "discovery.k8s.io", True),
        ("limited", "patch", "services", "", False),
        ("limited", "patch", "deployments", "apps", True),
        ("admin", "delete", "secrets", "", True),
    ],
)
async def test_an_access_review_agrees_with_the_roles(
    user: As, namespace: str, name: str, verb: str, resource: str, group: str, allowed: bool
) -> None:
    assert await may(await user(name), question(namespace, verb, resource, group=group)) is allowed


async def test_an_access_review_distinguishes_subresources_and_namespaces(user: As, namespace: str) -> None:
    operator, viewer = await user("operator"), await user("viewer")
    scale = question(namespace, "patch", "deployments", group="apps", subresource="scale", name="web")
    assert await may(operator, scale)
    assert not await may(viewer, scale)
    assert await may(viewer, question(namespace, "get", "pods", subresource="proxy"))
    assert not await may(viewer, question(namespace, "create", "pods", subresource="proxy"))
    assert not await may(operator, question("default", "patch", "services"))
    assert await may(operator, question(namespace, "get", "namespaces", name=namespace))
