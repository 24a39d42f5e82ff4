"""One connection against servers that answer in every way there is."""

from __future__ import annotations

import asyncio
import json

import pytest

from console.cluster import errors
from console.cluster.errors import ClusterError
from console.cluster.target import Impersonation, User
from tests.cluster.support import PODS, client_of, status
from tests.scripted import Reply, Request, forever, scripted


@pytest.mark.parametrize(
    ("code", "reason", "error"),
    [
        (400, "BadRequest", errors.BadRequest),
        (401, "Unauthorized", errors.Unauthorized),
        (403, "Forbidden", errors.Forbidden),
        (404, "NotFound", errors.NotFound),
        (409, "Conflict", errors.Conflict),
        (409, "AlreadyExists", errors.AlreadyExists),
        (410, "Expired", errors.Gone),
        (422, "Invalid", errors.Invalid),
        (501, "NotImplemented", errors.NotSupported),
    ],
)
async def test_a_refusal_has_its_name_and_had_no_effect(code: int, reason: str, error: type[ClusterError]) -> None:
    async def answer(_: Request, reply: Reply) -> None:
        await reply.json(code, status(code, reason))

    async with scripted(answer) as server, client_of(server.url) as client:
        with pytest.raises(error) as refused:
            await client.request("PATCH", f"{PODS}/web-1", body={})
    assert (refused.value.status, refused.value.reason, refused.value.sent) == (code, reason, "no")
    assert refused.value.message == "cannot patch pods web-1 in shop: said the server"


@pytest.mark.parametrize("code", [500, 503, 504])
async def test_after_a_server_fault_a_write_may_have_happened(code: int) -> None:
    async def answer(_: Request, reply: Reply) -> None:
        await reply.json(code, status(code, "InternalError"))

    async with scripted(answer) as server, client_of(server.url) as client:
        with pytest.raises(errors.ServerFault) as fault:
            await client.request("PATCH", f"{PODS}/web-1", body={})
    assert fault.value.sent == "maybe"


async def test_nothing_was_sent_where_nobody_listens() -> None:
    async with scripted(lambda *_: forever()) as server:
        gone = server.url
    async with client_of(gone) as client:
        with pytest.raises(errors.Unreachable) as refused:
            await client.request("PATCH", f"{PODS}/web-1", body={})
    assert refused.value.sent == "no"
    assert refused.value.message == f"cannot patch pods web-1 in shop: {gone} does not answer: Connection refused"


async def test_a_write_that_is_cut_off_may_have_happened_and_is_not_repeated() -> None:
    async def answer(_: Request, reply: Reply) -> None:
        reply.reset()

    async with scripted(answer) as server, client_of(server.url) as client:
        for method in ("PATCH", "PUT", "DELETE", "POST"):
            with pytest.raises(errors.Unreachable) as broken:
                await client.request(method, f"{PODS}/web-1", body={})
            assert broken.value.sent == "maybe"
    assert [request.method for request in server.requests] == ["PATCH", "PUT", "DELETE", "POST"]


async def test_a_put_on_a_kept_connection_that_turns_out_dead_is_not_repeated_either() -> None:
    async def answer(request: Request, reply: Reply) -> None:
        if request.method == "GET":
            await reply.json(200, {})
        else:
            reply.close()

    async with scripted(answer) as server, client_of(server.url) as client:
        await client.request("GET", PODS)
        with pytest.raises(errors.Unreachable) as broken:
            await client.request("PUT", f"{PODS}/web-1", body={})
    assert broken.value.sent == "maybe"
    assert [request.method for request in server.requests] == ["GET", "PUT"]


async def test_a_write_without_an_answer_in_time_may_have_happened() -> None:
    async with scripted(lambda *_: forever()) as server, client_of(server.url) as client:
        with pytest.raises(errors.TimedOut) as late:
            await client.request("PATCH", f"{PODS}/web-1", body={}, timeout=1.0)
        assert late.value.sent == "maybe"
        assert late.value.status is None
        with pytest.raises(errors.TimedOut) as read:
            await client.request("GET", PODS, timeout=1.0)
        assert read.value.sent == "no"


async def test_the_wait_that_a_busy_server_asks_for_is_kept() -> None:
    async def answer(_: Request, reply: Reply) -> None:
        if len(server.requests) == 1:
            await reply.json(429, status(429, "TooManyRequests"), Retry_After="0")
        else:
            await reply.json(200, {"kind": "Pod"})

    async with scripted(answer) as server, client_of(server.url) as client:
        assert json.loads(await client.request("GET", PODS)) == {"kind": "Pod"}
    assert len(server.requests) == 2


async def test_a_wait_longer_than_the_deadline_is_an_error_at_once() -> None:
    async def answer(_: Request, reply: Reply) -> None:
        await reply.json(429, status(429, "TooManyRequests"), Retry_After="30")

    async with scripted(answer) as server, client_of(server.url) as client:
        with pytest.raises(errors.TooManyRequests) as busy:
            await asyncio.wait_for(client.request("GET", PODS, timeout=10), 5)
    assert busy.value.retry_after == 30
    assert busy.value.sent == "no"


async def test_a_proxys_page_becomes_one_sentence() -> None:
    async def answer(_: Request, reply: Reply) -> None:
        page = b"<html><head><title>502 Bad &amp; Gateway</title></head><body><h1>x</h1></body></html>"
        await reply.whole(502, page, content_type="text/html")

    async with scripted(answer) as server, client_of(server.url) as client:
        with pytest.raises(errors.Unreachable) as page:
            await client.request("GET", PODS)
    assert "a proxy in front of the API server answered HTTP 502 (502 Bad & Gateway)" in page.value.message


async def test_a_login_page_with_200_is_no_kubernetes() -> None:
    async def answer(_: Request, reply: Reply) -> None:
        await reply.whole(200, b"<html><title>Sign in</title></html>", content_type="text/html; charset=utf-8")

    async with scripted(answer) as server, client_of(server.url) as client:
        with pytest.raises(errors.Unreachable, match=r"not a Kubernetes API server answered, but a page \(Sign in\)"):
            await client.request("GET", PODS)


async def test_a_redirect_is_named_and_never_followed() -> None:
    async def answer(request: Request, reply: Reply) -> None:
        await reply.whole(302, Location=f"{server.url}/elsewhere")

    async with scripted(answer) as server, client_of(server.url) as client:
        with pytest.raises(errors.Unreachable, match=r"redirects to .*/elsewhere"):
            await client.request("GET", PODS)
    assert [request.path for request in server.requests] == [PODS]


async def test_managers_of_an_apply_conflict_are_named_with_their_fields() -> None:
    causes = [
        {"reason": "FieldManagerConflict", "message": 'conflict with "argocd-controller" using apps/v1', "field": ".spec.replicas"},
        {"reason": "FieldManagerConflict", "message": 'conflict with "hpa"', "field": ".spec.template.spec.nodeName"},
        {"reason": "FieldManagerConflict", "message": 'conflict with "argocd-controller" using apps/v1', "field": ".spec.paused"},
    ]

    async def answer(_: Request, reply: Reply) -> None:
        await reply.json(409, status(409, "Conflict", "Apply failed with 3 conflicts: …", causes=causes))

    async with scripted(answer) as server, client_of(server.url) as client:
        with pytest.raises(errors.ApplyConflict) as conflict:
            await client.request("PATCH", "/apis/apps/v1/namespaces/shop/deployments/web", body={})
    assert conflict.value.details.owners == {
        "argocd-controller": ("spec.replicas", "spec.paused"),
        "hpa": ("spec.template.spec.nodeName",),
    }
    assert "argocd-controller holds spec.replicas, spec.paused; hpa holds spec.template.spec.nodeName" in conflict.value.message


async def test_impersonation_is_sent_with_every_group_in_a_header_of_its_own() -> None:
    async def answer(_: Request, reply: Reply) -> None:
        await reply.json(200, {})

    acting = Impersonation(user="alice", uid="7", groups=("ops", "night"), extra={"reason": ("window",)})
    async with scripted(answer) as server, client_of(server.url, impersonate=acting) as client:
        await client.request("GET", PODS)
    sent = server.requests[0]
    assert sent.header("impersonate-user") == "alice"
    assert sent.header("impersonate-uid") == "7"
    assert sent.all("impersonate-group") == ["ops", "night"]
    assert sent.header("impersonate-extra-reason") == "window"
    assert sent.header("authorization") == "Bearer t0k"


async def test_basic_authentication_is_sent_where_the_kubeconfig_has_a_password() -> None:
    async def answer(_: Request, reply: Reply) -> None:
        await reply.json(200, {})

    async with scripted(answer) as server, client_of(server.url, user=User(username="u", password="p")) as client:
        await client.request("GET", PODS)
    assert server.requests[0].header("authorization") == "Basic dTpw"


async def test_a_server_below_a_path_is_asked_below_that_path() -> None:
    async def answer(_: Request, reply: Reply) -> None:
        await reply.json(200, {})

    async with scripted(answer) as server, client_of(server.url + "/k8s/clusters/c-1", read_only=True) as client:
        await client.request("GET", PODS, params={"labelSelector": "a=b,c in (d,e)"})
    assert server.requests[0].path == f"/k8s/clusters/c-1{PODS}"
    assert server.requests[0].query == {"labelSelector": "a=b,c in (d,e)"}


async def test_requests_are_counted_by_verb_and_connections_are_kept() -> None:
    async def answer(_: Request, reply: Reply) -> None:
        await reply.json(200, {})

    async with scripted(answer) as server, client_of(server.url) as client:
        await client.request("GET", PODS)
        await client.request("GET", f"{PODS}/web-1")
        await client.request("GET", "/livez")
        await client.request("PATCH", f"{PODS}/web-1", body=[], content_type="application/json-patch+json")
        assert client.counts == {"list": 1, "get": 1, "livez": 1, "patch": 1}
    assert {request.connection for request in server.requests} == {1}
    assert server.requests[-1].header("content-type") == "application/json-patch+json"
    assert server.requests[-1].body == b"[]"


async def test_the_servers_time_is_learned_from_its_answers() -> None:
    async def answer(_: Request, reply: Reply) -> None:
        await reply.json(200, {}, Date="Sat, 01 Mar 2036 02:00:00 GMT")

    async with scripted(answer) as server, client_of(server.url) as client:
        await client.request("GET", PODS)
        told = client.server_now()
    assert told.isoformat().startswith("2036-03-01T02:00:0")


async def test_a_stream_gives_lines_however_the_bytes_come() -> None:
    async def answer(_: Request, reply: Reply) -> None:
        await reply.begin()
        for part in (b"fir", b"st\nsec", b"ond\n", b"x" * 3_000_000, b"\n\nlast"):
            await reply.chunk(part)
        await reply.end()

    async with scripted(answer) as server, client_of(server.url) as client:
        lines = [line async for line in client.stream(PODS, params={}, silence=5)]
    assert [line[:6] for line in lines] == [b"first", b"second", b"xxxxxx", b"", b"last"]
    assert len(lines[2]) == 3_000_000


async def test_a_silent_stream_ends_with_a_timeout() -> None:
    async def answer(_: Request, reply: Reply) -> None:
        await reply.begin()
        await reply.line({})
        await forever()

    async with scripted(answer) as server, client_of(server.url) as client:
        lines = client.stream(PODS, params={"watch": "1"}, silence=1.0)
        assert await anext(lines) == b"{}"
        with pytest.raises(errors.TimedOut, match=r"cannot watch pods in shop: .* sent nothing for 1 s"):
            await anext(lines)


async def test_a_refused_stream_raises_the_refusal() -> None:
    async def answer(_: Request, reply: Reply) -> None:
        await reply.json(403, status(403, "Forbidden", 'pods is forbidden: User "bob" cannot watch'))

    async with scripted(answer) as server, client_of(server.url) as client:
        with pytest.raises(errors.Forbidden, match="bob"):
            await anext(client.stream(PODS, params={"watch": "1"}, silence=1))


async def test_dropped_streams_tell_their_readers() -> None:
    async def answer(_: Request, reply: Reply) -> None:
        await reply.begin()
        await reply.line({})
        await forever()

    async with scripted(answer) as server, client_of(server.url) as client:
        lines = client.stream(PODS, params={}, silence=30)
        await anext(lines)
        asyncio.get_running_loop().call_soon(client.drop_streams)
        with pytest.raises(errors.Unreachable):
            await asyncio.wait_for(anext(lines), 5)


@pytest.mark.parametrize("how", ["reset", "503", "page"])
async def test_a_reading_that_broke_is_asked_again_and_a_write_is_not(how: str) -> None:
    async def answer(request: Request, reply: Reply) -> None:
        if request.method == "GET" and len(server.requests) == 4:
            await reply.json(200, {})
        elif how == "reset":
            reply.reset()
        elif how == "503":
            await reply.json(503, status(503, "ServiceUnavailable"))
        else:
            await reply.whole(502, b"<title>502</title>", content_type="text/html")

    async with scripted(answer) as server, client_of(server.url) as client:
        with pytest.raises(ClusterError):
            await client.request("PATCH", f"{PODS}/web-1", body={})
        with pytest.raises(ClusterError):
            await client.request("GET", PODS, once=True)
        if how == "reset":
            server.requests[2:] = []  # the HTTP library asks once more by itself where a connection broke
        assert await client.request("GET", PODS) == b"{}"
    assert [request.method for request in server.requests] == ["PATCH", "GET", "GET", "GET"]


async def test_where_nobody_listens_nothing_is_asked_twice() -> None:
    async with scripted(lambda *_: forever()) as server:
        gone = server.url
    async with client_of(gone) as client:
        with pytest.raises(errors.Unreachable):
            await client.request("GET", PODS)
        assert client.counts["list"] == 1
