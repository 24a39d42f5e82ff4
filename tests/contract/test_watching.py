"""Watching: events in order, from a version, with selectors and bookmarks, and the two shapes of 410."""

from __future__ import annotations

from tests.contract.conftest import As, Forget
from tests.contract.node import Node
from tests.contract.objects import Paths, configmap, names, pod
from tests.contract.wire import Api


async def version(api: Api, path: str) -> str:
    """The version of a list now."""
    return str((await api.get(path)).ok()["metadata"]["resourceVersion"])


async def test_events_come_in_order_with_whole_objects(api: Api, paths: Paths) -> None:
    since = await version(api, paths.configmaps)
    async with api.watch(paths.configmaps, resourceVersion=since, fieldSelector="metadata.name=settings") as watch:
        assert watch.content_type == "application/json"
        created = (await api.post(paths.configmaps, configmap("settings", level="info"))).ok(201)
        changed = (await api.merge_patch(f"{paths.configmaps}/settings", {"data": {"level": "debug"}})).ok()
        (await api.delete(f"{paths.configmaps}/settings")).ok()
        assert await watch.next() == ("ADDED", created)
        assert await watch.next() == ("MODIFIED", changed)
        kind, last = await watch.next()
        assert (kind, last["data"]) == ("DELETED", {"level": "debug"})
        assert int(last["metadata"]["resourceVersion"]) > int(changed["metadata"]["resourceVersion"])


async def test_a_watch_from_a_version_misses_nothing_after_it(api: Api, paths: Paths) -> None:
    since = await version(api, paths.pods)
    for name in ("a", "b", "c"):
        (await api.post(paths.pods, pod(name))).ok(201)
    async with api.watch(paths.pods, resourceVersion=since) as watch:
        seen = [(kind, each["metadata"]["name"]) for kind, each in [await watch.next() for _ in range(3)]]
    assert seen == [("ADDED", "a"), ("ADDED", "b"), ("ADDED", "c")]


async def test_a_watch_from_version_zero_begins_with_what_is_there(api: Api, paths: Paths) -> None:
    (await api.post(paths.pods, pod("a"))).ok(201)
    async with api.watch(paths.pods, resourceVersion="0") as watch:
        kind, found = await watch.next()
    assert (kind, found["metadata"]["name"]) == ("ADDED", "a")


async def test_an_object_that_leaves_the_selector_is_deleted_for_the_watcher(api: Api, paths: Paths) -> None:
    since = await version(api, paths.pods)
    async with api.watch(paths.pods, resourceVersion=since, labelSelector="slot=blue") as watch:
        (await api.post(paths.pods, pod("a", {"slot": "green"}))).ok(201)
        for slot in ("blue", "green"):
            (await api.merge_patch(f"{paths.pods}/a", {"metadata": {"labels": {"slot": slot}}})).ok()
        kind, entered = await watch.next()
        assert (kind, entered["metadata"]["labels"]) == ("ADDED", {"slot": "blue"})
        kind, left = await watch.next()
        assert kind == "DELETED"
        assert int(left["metadata"]["resourceVersion"]) > int(entered["metadata"]["resourceVersion"])


async def test_a_node_watches_its_own_pods_by_field(api: Api, paths: Paths, node: Node, user: As) -> None:
    agent = await user("node-agent")
    (await api.post(paths.pods, pod("mine"))).ok(201)
    (await api.post(paths.pods, pod("other"))).ok(201)
    since = await version(agent, "/api/v1/pods")
    async with agent.watch("/api/v1/pods", resourceVersion=since, fieldSelector=f"spec.nodeName={node.name}") as watch:
        await node.bind("mine")
        kind, found = await watch.next()
    assert (kind, found["metadata"]["name"], found["spec"]["nodeName"]) == ("ADDED", "mine", node.name)


async def test_a_bookmark_tells_how_far_a_watch_is_that_saw_nothing(api: Api, paths: Paths) -> None:
    """What happened is of the same kind but not selected; where nothing of the kind happens, a bookmark may stay away."""
    since = await version(api, paths.pods)
    selected = {"labelSelector": "slot=blue"}
    params = {"resourceVersion": since, "allowWatchBookmarks": "true", "timeoutSeconds": "3", **selected}
    async with api.watch(paths.pods, **params) as watch:
        (await api.post(paths.pods, pod("other", {"slot": "green"}))).ok(201)
        kind, bookmark = await watch.next()
        assert kind == "BOOKMARK"
        assert (bookmark["kind"], bookmark["apiVersion"]) == ("Pod", "v1")
        assert int(bookmark["metadata"]["resourceVersion"]) > int(since)
    async with api.watch(paths.pods, resourceVersion=bookmark["metadata"]["resourceVersion"], **selected) as watch:
        (await api.post(paths.pods, pod("later", {"slot": "blue"}))).ok(201)
        assert (await watch.next())[1]["metadata"]["name"] == "later"


async def test_without_asking_there_are_no_bookmarks_and_the_server_ends_in_time(api: Api, paths: Paths) -> None:
    since = await version(api, paths.pods)
    async with api.watch(paths.pods, resourceVersion=since, timeoutSeconds="1") as watch:
        assert await watch.next_or_end(within=10) is None


async def test_a_version_the_server_has_forgotten_is_gone(api: Api, paths: Paths, forget: Forget) -> None:
    """Either the request itself is refused, or the stream begins with an ERROR event: a client must know both."""
    (await api.post(paths.pods, pod("a"))).ok(201)
    since = await version(api, paths.pods)
    for number in range(3):
        (await api.merge_patch(f"{paths.pods}/a", {"metadata": {"annotations": {"example.test/number": str(number)}}})).ok()
    await forget()
    answer = await api.get(paths.pods, watch="true", resourceVersion=since, timeoutSeconds="1")
    status = answer.json
    if answer.status == 200:
        assert status["type"] == "ERROR"
        status = status["object"]
    else:
        assert answer.status == 410
    assert (status["kind"], status["code"], status["reason"]) == ("Status", 410, "Expired")
    assert "too old resource version" in status["message"]
    assert names((await api.get(paths.pods)).ok()) == ["a"]


async def test_a_watch_needs_its_own_right(user: As, paths: Paths) -> None:
    (await (await user("viewer")).get(paths.secrets, watch="true")).refused(403, "Forbidden")


async def test_a_page_of_a_list_the_server_has_forgotten_is_gone(api: Api, paths: Paths, forget: Forget) -> None:
    for name in ("a", "b"):
        (await api.post(paths.pods, pod(name))).ok(201)
    token = (await api.get(paths.pods, limit="1")).ok()["metadata"]["continue"]
    (await api.merge_patch(f"{paths.pods}/b", {"metadata": {"labels": {"changed": "yes"}}})).ok()
    await forget()
    (await api.get(paths.pods, limit="1", **{"continue": token})).refused(410, "Expired")
