"""Kinds that are kept rather than acted on: Lease, Secret, ConfigMap, Event, HorizontalPodAutoscaler; and ResourceQuota, which refuses."""

from __future__ import annotations

import asyncio

from tests.contract.conftest import As
from tests.contract.objects import Object, Paths, condition, configmap, deployment, lease, names, pod
from tests.contract.wire import Api, eventually


async def test_a_lease_is_renewed_at_its_version_only(api: Api, paths: Paths) -> None:
    created = (await api.post(paths.leases, lease("driver", "first"))).ok(201)
    assert created["spec"]["renewTime"] == "2031-01-02T03:04:05.123456Z"
    renewed = {**created, "spec": {**created["spec"], "renewTime": "2031-01-02T03:04:15.000000Z"}}
    current = (await api.put(f"{paths.leases}/driver", renewed)).ok()
    assert current["spec"]["renewTime"] == "2031-01-02T03:04:15.000000Z"
    taken = {**created, "spec": {**created["spec"], "holderIdentity": "second"}}
    (await api.put(f"{paths.leases}/driver", taken)).refused(409, "Conflict")
    assert (await api.get(f"{paths.leases}/driver")).ok() == current


async def test_of_several_who_take_a_lease_one_wins(api: Api, paths: Paths) -> None:
    answers = await asyncio.gather(*(api.post(paths.leases, lease("driver", f"holder-{number}")) for number in range(5)))
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409, 409]
    held = (await api.get(f"{paths.leases}/driver")).ok()
    patches = [
        {"metadata": {"resourceVersion": held["metadata"]["resourceVersion"]}, "spec": {"holderIdentity": f"thief-{number}"}}
        for number in range(5)
    ]
    answers = await asyncio.gather(*(api.merge_patch(f"{paths.leases}/driver", patch) for patch in patches))
    assert sorted(answer.status for answer in answers) == [200, 409, 409, 409, 409]


async def test_a_lease_keeps_annotations(api: Api, paths: Paths) -> None:
    body = lease("driver", "first")
    body["metadata"]["annotations"] = {"example.test/epoch": "7"}
    assert (await api.post(paths.leases, body)).ok(201)["metadata"]["annotations"] == {"example.test/epoch": "7"}


async def test_a_secret_takes_text_and_gives_base64(api: Api, paths: Paths) -> None:
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "database"}, "stringData": {"password": "horse"}}
    created = (await api.post(paths.secrets, body)).ok(201)
    assert (created["type"], created["data"]) == ("Opaque", {"password": "aG9yc2U="})
    assert "stringData" not in created
    changed = (await api.merge_patch(f"{paths.secrets}/database", {"stringData": {"user": "web"}})).ok()
    assert changed["data"] == {"password": "aG9yc2U=", "user": "d2Vi"}
    assert (await api.merge_patch(f"{paths.secrets}/database", {"data": {"user": "not base64!"}})).status in (400, 422)
    assert (await api.get(f"{paths.secrets}/database")).ok() == changed


async def test_an_immutable_config_map_stays(api: Api, paths: Paths) -> None:
    (await api.post(paths.configmaps, {**configmap("record", release="1"), "immutable": True})).ok(201)
    (await api.merge_patch(f"{paths.configmaps}/record", {"data": {"release": "2"}})).refused(422, "Invalid")
    (await api.delete(f"{paths.configmaps}/record")).ok()


async def test_config_maps_are_listed_by_label(api: Api, paths: Paths) -> None:
    for number in (1, 2):
        (await api.post(paths.configmaps, configmap(f"release-{number}", {"kind": "release"}))).ok(201)
    assert names((await api.get(paths.configmaps, labelSelector="kind=release")).ok()) == ["release-1", "release-2"]


async def test_events_are_written_by_nodes_and_found_by_their_object(user: As, paths: Paths, namespace: str) -> None:
    agent, viewer = await user("node-agent"), await user("viewer")
    involved = {"apiVersion": "v1", "kind": "Pod", "namespace": namespace, "name": "one", "uid": "1234"}
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "one.17"},
        "involvedObject": involved,
        "reason": "BackOff",
        "message": "Back-off restarting failed container",
        "type": "Warning",
        "source": {"component": "kubelet", "host": "node"},
        "firstTimestamp": "2031-01-02T03:04:05Z",
        "lastTimestamp": "2031-01-02T03:04:05Z",
        "count": 1,
    }
    created = (await agent.post(paths.events, event)).ok(201)
    assert created["involvedObject"] == involved
    again = {"count": 2, "lastTimestamp": "2031-01-02T03:04:15Z"}
    (await agent.strategic_patch(f"{paths.events}/one.17", again)).ok()
    for selector in ("involvedObject.name=one", "involvedObject.kind=Pod,reason=BackOff", "type=Warning", "involvedObject.uid=1234"):
        (found,) = (await viewer.get(paths.events, fieldSelector=selector)).ok()["items"]
        assert (found["count"], found["lastTimestamp"]) == (2, "2031-01-02T03:04:15Z")
    assert (await viewer.get(paths.events, fieldSelector="involvedObject.name=two")).ok()["items"] == []


async def test_an_event_must_lie_in_the_namespace_of_its_object(user: As, paths: Paths) -> None:
    agent = await user("node-agent")
    involved = {"kind": "Pod", "namespace": "elsewhere", "name": "one"}
    event = {"apiVersion": "v1", "kind": "Event", "metadata": {"name": "one.17"}, "involvedObject": involved}
    (await agent.post(paths.events, event)).refused(422, "Invalid")


async def test_an_autoscaler_is_kept_with_its_bounds(user: As, api: Api, paths: Paths) -> None:
    metric = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}}
    spec: Object = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
        "minReplicas": 3,
        "maxReplicas": 6,
        "metrics": [metric],
    }
    body: Object = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "web"}, "spec": spec}
    (await api.post(paths.autoscalers, body)).ok(201)
    (found,) = (await (await user("viewer")).get(paths.autoscalers)).ok()["items"]
    assert {key: found["spec"][key] for key in spec} == spec
    changed = (await api.merge_patch(f"{paths.autoscalers}/web", {"spec": {"minReplicas": 4}})).ok()
    assert changed["spec"]["minReplicas"] == 4
    body["spec"]["maxReplicas"] = 1
    refusal = await api.put(f"{paths.autoscalers}/web", body)
    assert "maxReplicas" in refusal.refused(422, "Invalid")["message"]


async def quota(api: Api, paths: Paths, **hard: str) -> None:
    """Create a quota and wait until it is enforced."""
    body = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "limits"}, "spec": {"hard": hard}}
    (await api.post(paths.quotas, body)).ok(201)

    async def status() -> Object:
        found: Object = (await api.get(f"{paths.quotas}/limits")).ok()["status"]
        return found

    await eventually(status, lambda seen: seen.get("hard") == hard and "used" in seen)


async def test_a_quota_refuses_the_pod_that_is_too_many(api: Api, paths: Paths) -> None:
    await quota(api, paths, pods="1")
    (await api.post(paths.pods, pod("one"))).ok(201)
    body = (await api.post(paths.pods, pod("two"))).refused(403, "Forbidden")
    assert body["message"] == ('pods "two" is forbidden: exceeded quota: limits, requested: pods=1, used: pods=1, limited: pods=1')

    async def used() -> str:
        return str((await api.get(f"{paths.quotas}/limits")).ok()["status"]["used"]["pods"])

    await eventually(used, lambda count: count == "1")
    (await api.delete(f"{paths.pods}/one")).ok()
    await eventually(used, lambda count: count == "0")
    (await api.post(paths.pods, pod("two"))).ok(201)


async def test_a_quota_counts_what_containers_request(api: Api, paths: Paths) -> None:
    await quota(api, paths, **{"requests.cpu": "500m"})
    body = pod("one")
    body["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "400m"}}
    (await api.post(paths.pods, body)).ok(201)
    body["metadata"]["name"] = "two"
    refusal = (await api.post(paths.pods, body)).refused(403, "Forbidden")
    assert "requested: requests.cpu=400m, used: requests.cpu=400m, limited: requests.cpu=500m" in refusal["message"]
    (await api.post(paths.pods, pod("three"))).refused(403, "Forbidden")


async def test_a_deployment_that_meets_a_quota_names_it(api: Api, paths: Paths) -> None:
    await quota(api, paths, pods="1")
    (await api.post(paths.deployments, deployment("web", replicas=2))).ok(201)

    async def current() -> Object:
        found: Object = (await api.get(f"{paths.deployments}/web")).ok()
        return found

    seen = await eventually(current, lambda each: condition(each, "ReplicaFailure").get("status") == "True")
    assert condition(seen, "ReplicaFailure")["reason"] == "FailedCreate"
    assert "exceeded quota: limits" in condition(seen, "ReplicaFailure")["message"]

    async def warnings() -> list[str]:
        found = (await api.get(paths.events, fieldSelector="involvedObject.kind=ReplicaSet,reason=FailedCreate")).ok()["items"]
        return [each["message"] for each in found]

    assert "exceeded quota: limits" in (await eventually(warnings, lambda found: found))[0]
