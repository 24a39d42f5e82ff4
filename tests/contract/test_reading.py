"""Reading: one object, lists, pages, selectors, and what a client asks of the server itself."""

from __future__ import annotations

import datetime
import email.utils

from tests.contract.objects import Paths, configmap, names, pod
from tests.contract.wire import Api, Object


async def create_numbered(api: Api, paths: Paths, count: int) -> list[str]:
    """Create config maps item-00, item-01, … and give their names."""
    wanted = [f"item-{number:02d}" for number in range(count)]
    for name in wanted:
        (await api.post(paths.configmaps, configmap(name))).ok(201)
    return wanted


async def items_page(api: Api, paths: Paths, **params: str) -> Object:
    page: Object = (await api.get(paths.configmaps, **params)).ok()
    return page


async def test_the_server_names_its_version_and_its_time(api: Api) -> None:
    answer = await api.get("/version")
    assert answer.ok()["major"] == "1"
    assert answer.json["gitVersion"].startswith("v1.")
    told = email.utils.parsedate_to_datetime(answer.headers["Date"])
    assert abs((told - datetime.datetime.now(datetime.UTC)).total_seconds()) < 60


async def test_the_server_says_when_it_is_ready(api: Api) -> None:
    for path in ("/readyz", "/livez"):
        answer = await api.get(path)
        assert (answer.status, answer.text) == (200, "ok")


async def test_an_object_is_read_with_kind_and_identity(api: Api, paths: Paths, namespace: str) -> None:
    (await api.post(paths.configmaps, configmap("settings", level="info"))).ok(201)
    found = (await api.get(f"{paths.configmaps}/settings")).ok()
    assert (found["apiVersion"], found["kind"], found["data"]) == ("v1", "ConfigMap", {"level": "info"})
    metadata = found["metadata"]
    assert (metadata["name"], metadata["namespace"]) == ("settings", namespace)
    assert int(metadata["resourceVersion"]) > 0
    assert len(metadata["uid"]) == 36
    assert metadata["creationTimestamp"].endswith("Z")


async def test_an_absent_object_is_not_found(api: Api, paths: Paths) -> None:
    body = (await api.get(f"{paths.configmaps}/nothing")).refused(404, "NotFound")
    assert body["message"] == 'configmaps "nothing" not found'
    assert body["details"] == {"name": "nothing", "kind": "configmaps"}
    body = (await api.get(f"{paths.deployments}/nothing")).refused(404, "NotFound")
    assert body["message"] == 'deployments.apps "nothing" not found'
    assert body["details"] == {"name": "nothing", "group": "apps", "kind": "deployments"}


async def test_an_unknown_kind_is_not_found(api: Api, namespace: str) -> None:
    answer = await api.get(f"/apis/apps/v1/namespaces/{namespace}/frobnicators")
    assert answer.status == 404


async def test_a_list_carries_its_kind_and_version(api: Api, paths: Paths) -> None:
    wanted = await create_numbered(api, paths, 3)
    listing = await items_page(api, paths, labelSelector="!kubernetes.io/none", fieldSelector="metadata.name!=kube-root-ca.crt")
    assert (listing["apiVersion"], listing["kind"]) == ("v1", "ConfigMapList")
    assert names(listing) == wanted
    assert int(listing["metadata"]["resourceVersion"]) >= int(listing["items"][-1]["metadata"]["resourceVersion"])
    assert all("kind" not in item for item in listing["items"])


async def test_a_list_of_nothing_is_a_list(api: Api, paths: Paths) -> None:
    listing = (await api.get(paths.deployments)).ok()
    assert (listing["kind"], listing["items"]) == ("DeploymentList", [])
    assert int(listing["metadata"]["resourceVersion"]) > 0


async def test_pages_follow_each_other_and_show_one_moment(api: Api, paths: Paths) -> None:
    wanted = await create_numbered(api, paths, 7)
    first = await items_page(api, paths, limit="3")
    assert len(first["items"]) == 3
    assert first["metadata"]["remainingItemCount"] >= 4
    (await api.post(paths.configmaps, configmap("item-99"))).ok(201)
    (await api.delete(f"{paths.configmaps}/item-05")).ok()
    pages, page = [first], first
    while token := page["metadata"].get("continue"):
        page = await items_page(api, paths, limit="3", **{"continue": token})
        pages.append(page)
    seen = [name for each in pages for name in names(each) if name.startswith("item")]
    assert seen == wanted
    assert len({each["metadata"]["resourceVersion"] for each in pages}) == 1
    assert "remainingItemCount" not in page["metadata"]


async def test_a_page_that_holds_everything_has_no_next(api: Api, paths: Paths) -> None:
    (await api.post(paths.pods, pod("only"))).ok(201)
    page = (await api.get(paths.pods, limit="500")).ok()
    assert names(page) == ["only"]
    assert not page["metadata"].get("continue")


async def test_a_continue_token_that_was_never_given_is_refused(api: Api, paths: Paths) -> None:
    (await api.get(paths.configmaps, limit="3", **{"continue": "nonsense"})).refused(400, "BadRequest")


async def test_a_list_at_version_zero_is_answered(api: Api, paths: Paths) -> None:
    (await api.get(paths.pods, resourceVersion="0")).ok()


async def test_label_selectors_choose(api: Api, paths: Paths) -> None:
    for name, labels in {"a": {"slot": "blue", "tier": "web"}, "b": {"slot": "green", "tier": "web"}, "c": {"tier": "db"}}.items():
        (await api.post(paths.pods, pod(name, labels))).ok(201)
    expected = {
        "slot=blue": ["a"],
        "slot==green": ["b"],
        "slot!=blue": ["b", "c"],
        "slot in (blue,green)": ["a", "b"],
        "slot notin (blue)": ["b", "c"],
        "slot": ["a", "b"],
        "!slot": ["c"],
        "slot=blue,tier=web": ["a"],
        "slot=blue,tier=db": [],
    }
    for selector, wanted in expected.items():
        assert names((await api.get(paths.pods, labelSelector=selector)).ok()) == wanted, selector


async def test_field_selectors_choose(api: Api, paths: Paths) -> None:
    for name in ("a", "b"):
        (await api.post(paths.pods, pod(name))).ok(201)
    assert names((await api.get(paths.pods, fieldSelector="metadata.name=a")).ok()) == ["a"]
    assert names((await api.get(paths.pods, fieldSelector="spec.nodeName=")).ok()) == ["a", "b"]
    assert names((await api.get(paths.pods, fieldSelector="status.phase=Running")).ok()) == []
    assert names((await api.get(paths.pods, fieldSelector="status.phase=Pending,metadata.name!=a")).ok()) == ["b"]


async def test_a_wrong_selector_is_refused(api: Api, paths: Paths) -> None:
    (await api.get(paths.pods, labelSelector="slot in blue")).refused(400, "BadRequest")
    (await api.get(paths.pods, fieldSelector="spec.nonsense=1")).refused(400, "BadRequest")


async def test_a_list_over_all_namespaces_names_them(api: Api, paths: Paths, namespace: str) -> None:
    (await api.post(paths.pods, pod("lonely", {"only": namespace}))).ok(201)
    listing = (await api.get("/api/v1/pods", labelSelector=f"only={namespace}")).ok()
    assert [item["metadata"]["namespace"] for item in listing["items"]] == [namespace]


async def test_the_namespace_itself_is_read(api: Api, paths: Paths, namespace: str) -> None:
    found = (await api.get(paths.itself)).ok()
    assert (found["kind"], found["metadata"]["name"], found["status"]["phase"]) == ("Namespace", namespace, "Active")
    assert len(found["metadata"]["uid"]) == 36
