"""One HTTP request from its token to its answer."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from typing import Final

from aiohttp import web

from console.sandbox.apiserver import discovery, tables
from console.sandbox.apiserver.bodies import accepts_json, check_kind, delete_options, media_type, read_json, write_options
from console.sandbox.apiserver.errors import ApiError, internal, method_not_allowed, not_acceptable, too_large, unauthorized
from console.sandbox.apiserver.lists import Page, filter_of, read_page
from console.sandbox.apiserver.patching import change_of, is_apply
from console.sandbox.apiserver.rbac import ANONYMOUS, Authorizer, User
from console.sandbox.apiserver.registry import Registry
from console.sandbox.apiserver.requests import RequestInfo, parse
from console.sandbox.apiserver.resources import REVIEWS, Object, Resource
from console.sandbox.apiserver.responses import (
    deleted_response,
    document_response,
    json_response,
    object_response,
    status_response,
    written_response,
)
from console.sandbox.apiserver.reviews import answer
from console.sandbox.apiserver.subresources import Subresources
from console.sandbox.apiserver.watches import options_of, stream
from console.sandbox.apiserver.writes import Deletion

log: Final = logging.getLogger(__name__)
LARGEST_BODY: Final = 3 * 1024 * 1024
"""Bytes of a request."""


class Handlers:
    """Answers the requests of one server."""

    def __init__(self, registry: Registry, authorizer: Authorizer, subresources: Subresources, *, users: Mapping[str, User]) -> None:
        self._registry = registry
        self._authorizer = authorizer
        self._subresources = subresources
        self._users = users
        """By bearer token."""

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer any request; whatever goes wrong becomes a Status."""
        try:
            return await self._answer(request)
        except ApiError as error:
            return status_response(error)
        except web.HTTPRequestEntityTooLarge:
            return status_response(too_large(LARGEST_BODY))
        except (asyncio.CancelledError, ConnectionError):
            raise
        except Exception as error:
            log.exception("%s %s failed", request.method, request.rel_url)
            return status_response(internal(f"{type(error).__name__}: {error}"))

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        user = self._authenticate(request.headers.get("Authorization", ""))
        if not accepts_json(request.headers.get("Accept", "")):
            raise not_acceptable()
        info = parse(request.method, request.rel_url.raw_path, request.query)
        self._authorizer.check(user, info)
        if not info.plural:
            return discovery.respond(info.path)
        resource = info.resource
        if resource is None:
            raise discovery.refuse(info)
        if info.subresource:
            return await self._subresources.answer(request, info, resource)
        if resource in REVIEWS:
            return await self._review(request, info, resource, user)
        as_table = tables.is_wanted(request.headers.get("Accept", ""))
        match info.verb:
            case "get":
                stored = self._registry.find(resource, (info.namespace if resource.namespaced else "", info.name))
                page = Page(stored.revision, [stored])
                return self._as_table(resource, page) if as_table else object_response(stored)
            case "list":
                page = read_page(self._registry.store, resource, filter_of(resource, info.namespace, "", request.query), request.query)
                return self._as_table(resource, page) if as_table else json_response(page.encoded(resource))
            case "watch":
                return await self._watch(request, info, resource)
            case _:
                return await self._write(request, info, resource)

    def _as_table(self, resource: Resource, page: Page) -> web.Response:
        bodies = [item.body for item in page.items]
        return document_response(tables.table(resource, bodies, metadata=page.metadata(), now=self._registry.now()))

    def _authenticate(self, header: str) -> User:
        if not header:
            return ANONYMOUS
        scheme, _, token = header.partition(" ")
        user = self._users.get(token.strip())
        if scheme.lower() != "bearer" or user is None:
            raise unauthorized()
        return user

    async def _review(self, request: web.BaseRequest, info: RequestInfo, resource: Resource, user: User) -> web.Response:
        if info.verb != "create":
            raise method_not_allowed()
        document = check_kind(read_json(await request.read(), media_type(request.headers.get("Content-Type", ""))), resource)
        review = answer(resource, document, user=user, authorizer=self._authorizer, now=self._registry.timestamp())
        return document_response(review, code=201)

    async def _write(self, request: web.BaseRequest, info: RequestInfo, resource: Resource) -> web.Response:
        raw, media = await request.read(), media_type(request.headers.get("Content-Type", ""))
        agent, query = request.headers.get("User-Agent", ""), request.query
        namespace = info.namespace if resource.namespaced else ""
        if resource.namespaced and not namespace:
            raise method_not_allowed()
        key = (namespace, info.name)
        match info.verb:
            case "create" if not info.name:
                document = check_kind(read_json(raw, media), resource)
                _check_namespace(document, namespace)
                return written_response(self._registry.create(resource, namespace, document, write_options(query, agent, verb=info.verb)))
            case "update" if info.name:
                document = check_kind(read_json(raw, media), resource)
                return written_response(
                    self._registry.update(resource, key, lambda _: document, write_options(query, agent, verb=info.verb))
                )
            case "patch" if info.name and is_apply(media):
                config = check_kind(read_json(raw, media, (media,)), resource)
                return written_response(
                    self._registry.apply(resource, key, config, write_options(query, agent, verb=info.verb, apply=True))
                )
            case "patch" if info.name:
                change = change_of(raw, media, resource)
                return written_response(self._registry.update(resource, key, change, write_options(query, agent, verb=info.verb)))
            case "delete":
                stored, gone = self._registry.delete(resource, key, delete_options(raw, media, query))
                return deleted_response(stored, gone=gone)
            case "deletecollection":
                return self._delete_all(info, resource, delete_options(raw, media, query), query)
            case _:
                raise method_not_allowed()

    def _delete_all(self, info: RequestInfo, resource: Resource, deletion: Deletion, query: Mapping[str, str]) -> web.Response:
        if "deletecollection" not in resource.verbs:
            raise method_not_allowed()
        page = read_page(self._registry.store, resource, filter_of(resource, info.namespace, "", query), query)
        for item in page.items:
            self._registry.delete(resource, item.key, deletion)
        return json_response(page.encoded(resource))

    async def _watch(self, request: web.BaseRequest, info: RequestInfo, resource: Resource) -> web.StreamResponse:
        as_table = tables.is_wanted(request.headers.get("Accept", ""))
        wanted = filter_of(resource, info.namespace, info.name, request.query)
        options = options_of(request.query)
        response = web.StreamResponse(headers={"Content-Type": "application/json", "Cache-Control": "no-cache, private"})
        response.enable_chunked_encoding()
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            async for lines in stream(self._registry.store, resource, wanted, options):
                await response.write(tables.event_lines(resource, lines, now=self._registry.now()) if as_table else lines)
            await response.write_eof()
        return response


def _check_namespace(document: Object, namespace: str) -> None:
    given = (document.get("metadata") or {}).get("namespace") or namespace
    if given != namespace:
        raise ApiError(400, "BadRequest", "the namespace of the provided object does not match the namespace sent on the request")
