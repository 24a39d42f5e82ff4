"""A read-only connection: what leaves it, proved on the wire."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.cluster.calls import call_of, refusal
from console.cluster.errors import ReadOnlyRefused
from tests.cluster.support import PODS, client_of
from tests.scripted import Reply, Request, scripted

NODES = "/api/v1/nodes/n1"
AUTHORIZATION = "/apis/authorization.k8s.io/v1"

ALLOWED = [
    ("GET", PODS),
    ("GET", f"{PODS}/web-1"),
    ("GET", f"{PODS}/web-1/log"),
    ("GET", f"{PODS}/web-1:8080/proxy/api/health"),
    ("GET", "/livez"),
    ("GET", "/api/v1/namespaces/shop"),
    ("POST", f"{AUTHORIZATION}/selfsubjectaccessreviews"),
    ("POST", f"{AUTHORIZATION}/selfsubjectrulesreviews"),
    ("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews"),
]
REFUSED = [
    ("POST", PODS),
    ("PUT", f"{PODS}/web-1"),
    ("PATCH", f"{PODS}/web-1"),
    ("DELETE", f"{PODS}/web-1"),
    ("DELETE", PODS),
    ("POST", f"{PODS}/web-1/eviction"),
    ("POST", f"{PODS}/web-1/exec"),
    ("GET", f"{PODS}/web-1/exec"),
    ("GET", f"{PODS}/web-1/attach"),
    ("GET", f"{PODS}/web-1/portforward"),
    ("POST", f"{PODS}/web-1:8080/proxy/orders"),
    ("GET", f"{NODES}/proxy/run/shop/web-1/web"),
    ("GET", "/api/v1/namespaces/shop/services/web/proxy/"),
    ("POST", f"{AUTHORIZATION}/subjectaccessreviews"),
    ("POST", f"{AUTHORIZATION}/namespaces/shop/localsubjectaccessreviews"),
    ("POST", f"{AUTHORIZATION}/selfsubjectaccessreviews/name"),
    ("POST", "/apis/authentication.k8s.io/v1/tokenreviews"),
    ("POST", "/apis/example.com/v1/selfsubjectaccessreviews"),
    ("POST", "/livez"),
    ("OPTIONS", PODS),
    ("HEAD", PODS),
]


@pytest.mark.parametrize(("method", "path"), ALLOWED)
async def test_reading_leaves(method: str, path: str) -> None:
    async def answer(_: Request, reply: Reply) -> None:
        await reply.json(200, {})

    async with scripted(answer) as server, client_of(server.url, read_only=True) as client:
        await client.request(method, path, body={} if method == "POST" else None)
    assert [(request.method, request.path) for request in server.requests] == [(method, path)]


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize(("method", "path"), REFUSED)
async def test_nothing_else_leaves_not_even_a_rehearsal(method: str, path: str, dry_run: bool) -> None:
    async def answer(_: Request, reply: Reply) -> None:
        await reply.json(200, {})

    async with scripted(answer) as server, client_of(server.url, read_only=True) as client:
        with pytest.raises(ReadOnlyRefused, match="this console is read-only") as refused:
            await client.request(method, path, params={"dryRun": "All"} if dry_run else None, body={})
        assert client.counts == {}
    assert refused.value.sent == "no"
    assert server.requests == []


@pytest.mark.parametrize(
    "path",
    [
        f"{PODS}/web-1/log/../exec",
        f"{PODS}/web-1/%2e%2e/x/exec",
        f"{PODS}/web-1/./exec",
        f"{PODS}/a/log/%2E%2E/exec",
        f"{PODS}/web-1%2Fexec",
        f"{PODS}//web-1/exec",
    ],
)
async def test_no_detour_in_a_path_leads_to_a_session(path: str) -> None:
    async def answer(_: Request, reply: Reply) -> None:
        await reply.json(200, {})

    async with scripted(answer) as server, client_of(server.url, read_only=True) as client:
        with pytest.raises(ReadOnlyRefused):
            await client.request("GET", path)
    assert server.requests == []


async def test_a_detour_out_of_the_servers_own_path_is_refused() -> None:
    async def answer(_: Request, reply: Reply) -> None:
        await reply.json(200, {})

    async with scripted(answer) as server, client_of(server.url + "/k8s/c-1", read_only=True) as client:
        with pytest.raises(ReadOnlyRefused):
            await client.request("GET", "/../../v3/clusters")
    assert server.requests == []


async def test_a_stream_into_a_pod_is_refused_too() -> None:
    async def answer(_: Request, reply: Reply) -> None:
        await reply.json(200, {})

    async with scripted(answer) as server, client_of(server.url, read_only=True) as client:
        with pytest.raises(ReadOnlyRefused, match="exec opens a session in a pod"):
            await anext(client.stream(f"{PODS}/web-1/exec", params={"command": "sh"}, silence=1))
    assert server.requests == []


@pytest.mark.parametrize(
    ("method", "path", "params", "verb", "text"),
    [
        ("GET", PODS, {}, "list", "list pods in shop"),
        ("GET", PODS, {"watch": "1"}, "watch", "watch pods in shop"),
        ("GET", f"{PODS}/a", {}, "get", "get pods a in shop"),
        ("GET", f"{PODS}/a/log", {}, "log", "log pods a in shop"),
        ("GET", f"{PODS}/a/status", {}, "get", "get pods/status a in shop"),
        ("POST", PODS, {}, "create", "create pods in shop"),
        ("PUT", f"{PODS}/a", {}, "update", "update pods a in shop"),
        ("GET", "/api/v1/namespaces/shop", {}, "get", "get namespaces shop"),
        ("GET", "/api/v1/namespaces/shop/status", {}, "get", "get namespaces/status shop"),
        ("GET", "/api/v1/nodes", {}, "list", "list nodes"),
        ("GET", "/livez", {}, "livez", "get /livez"),
        ("GET", "/api", {}, "api", "get /api"),
        ("GET", "/", {}, "root", "get /"),
    ],
)
def test_a_request_is_named_as_kubernetes_names_it(method: str, path: str, params: dict[str, str], verb: str, text: str) -> None:
    call = call_of(method, path, params)
    assert (call.verb, str(call)) == (verb, text)


SEGMENTS = (
    "api,apis,v1,apps,authorization.k8s.io,namespaces,shop,pods,nodes,services,web-1,exec,attach,portforward,proxy,log,status,scale,"
    "selfsubjectaccessreviews,..,.,%2e%2e,web-1%2fexec,"
)
"""The last one is empty."""


@given(
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"]),
    parts=st.lists(
        st.sampled_from(SEGMENTS.split(",")),
        max_size=9,
    ),
)
def test_whatever_the_path_only_reading_and_self_reviews_are_let_through(method: str, parts: list[str]) -> None:
    path = "/" + "/".join(parts)
    if refusal(call_of(method, path)):
        return
    assert method in {"GET", "POST"}
    assert not {"..", ".", "%2e%2e"} & set(parts)
    assert "web-1%2fexec" not in parts or "proxy" in parts
    if method == "POST":
        assert path.strip("/") == "apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    call = call_of(method, path)
    assert call.subresource not in {"exec", "attach", "portforward"}
    assert call.subresource != "proxy" or call.resource == "pods"
