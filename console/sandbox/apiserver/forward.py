"""Logs and pod proxies: requests that the API server passes on to a node or a pod through the egress socket."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from aiohttp import web

from console.sandbox.apiserver.errors import ApiError, bad_request, method_not_allowed, not_found
from console.sandbox.apiserver.log_options import passed_on
from console.sandbox.apiserver.registry import Registry
from console.sandbox.apiserver.requests import RequestInfo
from console.sandbox.apiserver.resources import NODES, PODS, Key, Object

if TYPE_CHECKING:
    import httpcore

HOP_BY_HOP: Final = frozenset(
    [
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailers",
        "transfer-encoding",
        "upgrade",
        "content-length",
    ]
)
NOT_PASSED: Final = HOP_BY_HOP | {"authorization", "host"}
CONNECT_SECONDS: Final = 5.0
READ_SECONDS: Final = 3600.0


class Forwarder:
    """Reaches nodes and pods for the API server."""

    def __init__(self, registry: Registry, egress_socket: Path) -> None:
        self._registry = registry
        self._egress = egress_socket
        self._opened: httpcore.AsyncConnectionPool | None = None

    async def aclose(self) -> None:
        """End all connections."""
        if self._opened is not None:
            await self._opened.aclose()

    async def answer(self, request: web.BaseRequest, info: RequestInfo, key: Key) -> web.StreamResponse:
        """Answer pods/log and pods/proxy."""
        if info.subresource == "log":
            if info.verb != "get":
                raise method_not_allowed()
            return await self._log(request, key)
        return await self._proxy(request, info, key)

    async def _log(self, request: web.BaseRequest, key: Key) -> web.StreamResponse:
        pod = self._registry.find(PODS, key).body
        wanted = passed_on(request.query, key[1])
        container = _container_of(pod, request.query.get("container", ""))
        node = pod["spec"].get("nodeName")
        if not node:
            return web.Response(status=204)
        address = self._kubelet(node)
        options = urlencode(wanted)
        path = f"/containerLogs/{key[0]}/{key[1]}/{quote(container)}" + (f"?{options}" if options else "")
        return await self._relay(request, f"https://{address}{path}", what=f'Get "https://{address}{path}"', plain=True)

    def _kubelet(self, name: str) -> str:
        node = self._node(name)
        addresses = {each["type"]: each["address"] for each in node["status"].get("addresses", ())}
        port = node["status"].get("daemonEndpoints", {}).get("kubeletEndpoint", {}).get("Port", 0)
        if "InternalIP" not in addresses or not port:
            raise ApiError(500, "InternalError", f"no preferred addresses found; known addresses: {list(addresses.items())}")
        return f"{addresses['InternalIP']}:{port}"

    def _node(self, name: str) -> Object:
        found = self._registry.store.of(NODES).get(("", name))
        if found is None:
            raise not_found(PODS, name)
        return found.body

    async def _proxy(self, request: web.BaseRequest, info: RequestInfo, key: Key) -> web.StreamResponse:
        scheme, name, port = _target_of(info.name)
        pod = self._registry.find(PODS, (key[0], name)).body
        address = pod["status"].get("podIP")
        if not address:
            raise bad_request("address not allowed")
        number = port or _first_port(pod)
        query = f"?{request.rel_url.raw_query_string}" if request.rel_url.raw_query_string else ""
        url = f"{scheme}://{address}:{number}/{quote(info.rest, safe='/%:@!$&()*+,;=~')}{query}"
        return await self._relay(request, url, what="error trying to reach service")

    async def _relay(self, request: web.BaseRequest, url: str, *, what: str, plain: bool = False) -> web.StreamResponse:
        """Send the request on and stream the answer back."""
        import httpcore

        headers = [(name, value) for name, value in request.headers.items() if name.lower() not in NOT_PASSED]
        body = await request.read()
        timeout = {"connect": CONNECT_SECONDS, "read": READ_SECONDS, "write": CONNECT_SECONDS, "pool": CONNECT_SECONDS}
        try:
            async with self._pool().stream(request.method, url, headers=headers, content=body, extensions={"timeout": timeout}) as answer:
                if plain and answer.status >= 400:
                    raise _node_refusal(answer.status, (await answer.aread()).decode(errors="replace"))
                return await _copy(request, answer, plain=plain)
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError) as error:
            raise _unreachable(f"{what}: {error or type(error).__name__}", plain=plain) from error

    def _pool(self) -> httpcore.AsyncConnectionPool:
        from console.sandbox.apiserver.egress import pool_through

        if self._opened is None:
            self._opened = pool_through(self._egress)
        return self._opened


async def _copy(request: web.BaseRequest, answer: Any, *, plain: bool) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status)
    for name, value in answer.headers:
        if name.decode().lower() not in HOP_BY_HOP:
            response.headers.add(name.decode(), value.decode("latin-1"))
    if plain:
        response.headers["Content-Type"] = "text/plain"
    response.enable_chunked_encoding()
    await response.prepare(request)
    with contextlib.suppress(ConnectionError):
        async for chunk in answer.aiter_stream():
            await response.write(chunk)
        await response.write_eof()
    return response


def _node_refusal(status: int, text: str) -> ApiError:
    """The kubelet's own words: a container that waits is 400, one that is gone 404."""
    reasons = {400: "BadRequest", 404: "NotFound"}
    return ApiError(status, reasons.get(status, "InternalError"), text.strip() or "the server rejected our request for an unknown reason")


def _unreachable(message: str, *, plain: bool) -> ApiError:
    if plain:
        return ApiError(500, "InternalError", message)
    return ApiError(503, "ServiceUnavailable", message)


def _container_of(pod: Object, wanted: str) -> str:
    names = [container["name"] for container in pod["spec"].get("containers", ())]
    every = names + [container["name"] for container in pod["spec"].get("initContainers", ())]
    name = pod["metadata"]["name"]
    if wanted:
        if wanted not in every:
            raise bad_request(f"container {wanted} is not valid for pod {name}")
        return wanted
    chosen = pod["metadata"].get("annotations", {}).get("kubectl.kubernetes.io/default-container")
    if len(names) > 1 and chosen not in names:
        raise bad_request(f"a container name must be specified for pod {name}, choose one of: [{' '.join(every)}]")
    return str(chosen if chosen in names else names[0])


def _target_of(text: str) -> tuple[str, str, str]:
    """Scheme, pod and port of `[https:]name[:port]`."""
    match text.split(":"):
        case [name]:
            return "http", name, ""
        case [name, port]:
            return "http", name, port
        case ["http" | "https" | "" as scheme, name, port]:
            return scheme or "http", name, port
        case _:
            raise bad_request(f'invalid pod request "{text}"')


def _first_port(pod: Object) -> int:
    for container in pod["spec"].get("containers", ()):
        for port in container.get("ports", ()):
            return int(port["containerPort"])
    return 80
