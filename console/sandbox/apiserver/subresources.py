"""Subresources: status, scale, binding, finalize; logs and proxies are passed on to the nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from aiohttp import web

from console.sandbox.apiserver.bodies import check_kind, media_type, read_json, write_options
from console.sandbox.apiserver.errors import ApiError, bad_request, conflict, method_not_allowed, not_spoken, unknown_path
from console.sandbox.apiserver.forward import Forwarder
from console.sandbox.apiserver.patching import change_of, change_of_type, is_apply
from console.sandbox.apiserver.registry import Registry
from console.sandbox.apiserver.requests import RequestInfo
from console.sandbox.apiserver.resources import Key, Object, Resource
from console.sandbox.apiserver.responses import document_response, object_response, written_response
from console.sandbox.apiserver.schema import of
from console.sandbox.apiserver.store import Stored

SCALE_TYPE: Final = ("autoscaling", "v1", "Scale")


class Subresources:
    """Answers requests below an object."""

    def __init__(self, registry: Registry, forwarder: Forwarder) -> None:
        self._registry = registry
        self._forwarder = forwarder

    async def answer(self, request: web.BaseRequest, info: RequestInfo, resource: Resource) -> web.StreamResponse:
        """Answer one request."""
        if info.subresource not in resource.subresources:
            raise unknown_path() if info.subresource not in _REAL_ONLY else not_spoken(f"{resource.plural}/{info.subresource}")
        key = (info.namespace if resource.namespaced else "", info.name)
        match info.subresource:
            case "log" | "proxy":
                return await self._forwarder.answer(request, info, key)
            case "binding":
                return await self._bind(request, info, resource, key)
            case "scale":
                return await self._scale(request, info, resource, key)
            case _:
                return await self._part(request, info, resource, key)

    async def _part(self, request: web.BaseRequest, info: RequestInfo, resource: Resource, key: Key) -> web.Response:
        """status and finalize: the whole object through an endpoint that writes a part of it."""
        if info.verb == "get":
            return object_response(self._registry.find(resource, key))
        raw, media = await request.read(), media_type(request.headers.get("Content-Type", ""))
        apply, agent = info.verb == "patch" and is_apply(media), request.headers.get("User-Agent", "")
        write = write_options(request.query, agent, verb=info.verb, subresource=info.subresource, apply=apply)
        match info.verb:
            case "update":
                document = check_kind(read_json(raw, media), resource)
                return written_response(self._registry.update(resource, key, lambda _: document, write))
            case "patch" if apply:
                config = check_kind(read_json(raw, media, (media,)), resource)
                self._registry.find(resource, key)
                return written_response(self._registry.apply(resource, key, config, write))
            case "patch":
                return written_response(self._registry.update(resource, key, change_of(raw, media, resource), write))
            case _:
                raise method_not_allowed()

    async def _bind(self, request: web.BaseRequest, info: RequestInfo, resource: Resource, key: Key) -> web.Response:
        if info.verb != "create":
            raise method_not_allowed()
        document: Object = read_json(await request.read(), media_type(request.headers.get("Content-Type", "")))
        if (document.get("metadata") or {}).get("name") != info.name:
            raise bad_request("name in URL does not match name in Binding object")
        node = (document.get("target") or {}).get("name")
        if not node:
            raise bad_request("target.name: Required value")
        agent = request.headers.get("User-Agent", "")
        self._registry.update(
            resource,
            key,
            _binding_change(resource, key[1], node, now=self._registry.timestamp()),
            write_options(request.query, agent, verb=info.verb, subresource="binding"),
        )
        return document_response({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}, code=201)

    async def _scale(self, request: web.BaseRequest, info: RequestInfo, resource: Resource, key: Key) -> web.Response:
        live = self._registry.find(resource, key)
        if info.verb == "get":
            return document_response(scale_of(live))
        raw, media = await request.read(), media_type(request.headers.get("Content-Type", ""))
        write = write_options(
            request.query, request.headers.get("User-Agent", ""), verb=info.verb, subresource="scale", apply=is_apply(media)
        )
        if info.verb == "update":
            wanted: Any = read_json(raw, media)
        elif info.verb == "patch" and is_apply(media):
            raise not_spoken("server-side apply of a scale")
        elif info.verb == "patch":
            wanted = change_of_type(raw, media, of(*SCALE_TYPE))(scale_of(live))
        else:
            raise method_not_allowed()
        written = self._registry.update(resource, key, _scale_change(wanted), write)
        return document_response(scale_of(written.object))


_REAL_ONLY: Final = frozenset({"exec", "attach", "portforward", "eviction", "ephemeralcontainers", "resize", "token", "proxy", "approval"})


def _binding_change(resource: Resource, name: str, node: str, *, now: str) -> Callable[[Object], Object]:
    def bind(live: Object) -> Object:
        assigned = live["spec"].get("nodeName")
        if assigned:
            error = conflict(resource, name, f'pod {name} is already assigned to node "{assigned}"')
            raise ApiError(
                409, "Conflict", error.message.replace(" pods ", " pods/binding ", 1), details={"name": name, "kind": "pods/binding"}
            )
        if "deletionTimestamp" in live["metadata"]:
            raise conflict(resource, name, f"pod {name} is being deleted, cannot be assigned to a host")
        live["spec"]["nodeName"] = node
        conditions = live["status"].setdefault("conditions", [])
        conditions[:] = [each for each in conditions if each["type"] != "PodScheduled"]
        conditions.append({"type": "PodScheduled", "status": "True", "lastTransitionTime": now})
        return live

    return bind


def _scale_change(wanted: Any) -> Callable[[Object], Object]:
    if not isinstance(wanted, dict):
        raise bad_request("the body is not a Scale")
    replicas = (wanted.get("spec") or {}).get("replicas", 0)
    version = (wanted.get("metadata") or {}).get("resourceVersion")

    def scale(live: Object) -> Object:
        live["spec"]["replicas"] = replicas
        if version:
            live["metadata"]["resourceVersion"] = version
        return live

    return scale


def scale_of(stored: Stored) -> Object:
    """The autoscaling/v1 Scale of a workload."""
    metadata = stored.body["metadata"]
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    selector = stored.body["spec"].get("selector") or {}
    status: Object = {"replicas": stored.body["status"].get("replicas", 0)}
    text = selector_text(selector)
    if text:
        status["selector"] = text
    replicas = stored.body["spec"].get("replicas", 0)
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {field: metadata[field] for field in kept if field in metadata},
        "spec": {"replicas": replicas} if replicas else {},
        "status": status,
    }


def selector_text(selector: Object) -> str:
    """A workload's selector in the query language."""
    terms = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    for each in selector.get("matchExpressions") or ():
        match each["operator"]:
            case "Exists":
                terms.append(each["key"])
            case "DoesNotExist":
                terms.append("!" + each["key"])
            case operator:
                terms.append(f"{each['key']} {operator.lower()} ({','.join(each.get('values') or ())})")
    return ",".join(sorted(terms))
