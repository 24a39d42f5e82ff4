"""`KubeCluster`: one namespace of one API server, as the engine and the actions see it (`console.engine.ports.Cluster`)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote

from console.cluster import leases, reviews, writes
from console.cluster.answers import error_of
from console.cluster.calls import call_of
from console.cluster.client import KubeClient
from console.cluster.decode import decoder, deployment, service
from console.cluster.errors import Forbidden, NotFound, NotSupported
from console.cluster.pages import list_all
from console.cluster.resources import path_of
from console.cluster.watch import follow
from console.domain.change import Write, Written
from console.domain.facts import RECORD_LABEL
from console.domain.world import KINDS, Deployment, Kind, KubeObject, Listed, Lost, Service, WatchEvent, World
from console.domain.world_changes import EMPTY, changed
from console.engine.ports import AccessRule, Fingerprint, Identity, LeaseState

SELECTED: Mapping[Kind, Mapping[str, str]] = {"ConfigMap": {"labelSelector": RECORD_LABEL}}
"""Kinds of which only a part is read."""
UNREACHED = "error trying to reach service"
"""How the API server begins when a pod does not answer its proxy."""


class KubeCluster:
    """Reads are fresh: every `observe` and `get` asks the server. Watching is for waiting and for the screen."""

    def __init__(self, client: KubeClient, *, namespace: str = "") -> None:
        self.client = client
        self.namespace = namespace or client.namespace

    async def observe(self, kinds: Iterable[Kind] = KINDS) -> World:
        """The namespace as it is now. A kind that may not be listed, or that this server does not have, is in `unread`."""
        events = await asyncio.gather(*(self._listed(kind) for kind in dict.fromkeys(kinds)))
        now = self.client.server_now()
        world = changed(replace(EMPTY, namespace=self.namespace, unread=frozenset()), events, at=now)
        return replace(world, at=now)

    async def get_service(self, name: str) -> Service | None:
        raw = await self._get("Service", name)
        return service(raw) if raw is not None else None

    async def get_deployment(self, name: str) -> Deployment | None:
        raw = await self._get("Deployment", name)
        return deployment(raw) if raw is not None else None

    async def write(self, write: Write, *, dry_run: bool = False) -> Written:
        """Sends one write; see `console.cluster.writes`."""
        return await writes.send(self.client, self.namespace, write, dry_run=dry_run)

    async def pod_log(self, pod: str, container: str, *, previous: bool = False, tail: int = 200) -> str:
        """The last `tail` lines; `previous` those of the container before its last restart."""
        params = {"container": container, "tailLines": str(tail)} | ({"previous": "true"} if previous else {})
        return (await self.client.request("GET", path_of("Pod", self.namespace, pod, "log"), params=params)).decode("utf-8", "replace")

    async def pod_get(self, pod: str, port: int, path: str, timeout: float) -> tuple[int, Mapping[str, str], bytes]:
        """GET of `path` at a pod's port through the API server: the pod's own status, headers and body.

        Raises a ClusterError when the API server refuses, or cannot reach the pod.
        """
        proxied = path_of("Pod", self.namespace, f"{pod}:{port}", "proxy") + quote(path, safe="/?%:@!$&'()*+,;=-._~")
        answer = await self.client.answer("GET", proxied, timeout=timeout)
        own_words = answer.body[:200].lstrip().lower()
        if answer.status >= 400 and (b'"kind":"Status"' in answer.body[:200] or own_words.startswith(UNREACHED.encode())):
            raise error_of(answer.status, answer.body, answer.headers, str(call_of("GET", proxied)))
        return answer.status, answer.headers, answer.body

    async def identity(self) -> Identity:
        return await reviews.identity(self.client)

    async def may(self, rules: Iterable[AccessRule]) -> tuple[AccessRule, ...]:
        """Those of `rules` that the server refuses us in this namespace."""
        return await reviews.refused(self.client, self.namespace, rules)

    async def fingerprint(self) -> Fingerprint:
        return await reviews.fingerprint(self.client, self.namespace)

    async def lease(self, name: str) -> LeaseState | None:
        return await leases.read(self.client, self.namespace, name)

    async def put_lease(self, name: str, state: LeaseState) -> LeaseState:
        """Compare and swap on `state.resource_version`; raises Conflict on loss."""
        return await leases.put(self.client, self.namespace, name, state)

    async def watch(self, kinds: Iterable[Kind] = KINDS) -> AsyncGenerator[WatchEvent, None]:
        """Every event of all kinds, endless; cancelling it ends all streams."""
        events: asyncio.Queue[WatchEvent | None] = asyncio.Queue()
        tasks = [asyncio.create_task(self._pump(kind, events), name=f"watch {kind}") for kind in dict.fromkeys(kinds)]
        try:
            while (event := await events.get()) is not None:
                yield event
            for task in tasks:
                if task.done():
                    await task  # raises what ended it; none ends by itself
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def server_time(self) -> datetime:
        """The API server's time, asked for where no answer has told it yet."""
        if not self.client.clock.known:
            await self.client.answer("GET", "/livez")
        return self.client.server_now()

    async def close(self) -> None:
        await self.client.close()

    async def _get(self, kind: Kind, name: str) -> bytes | None:
        try:
            return await self.client.request("GET", path_of(kind, self.namespace, name))
        except NotFound:
            return None

    async def _listed(self, kind: Kind) -> WatchEvent:
        path = path_of(kind, self.namespace)
        objects: tuple[KubeObject, ...]
        try:
            objects, version = await list_all(self.client, path, decode=decoder(kind), params=SELECTED.get(kind), timeout=10.0)
        except (Forbidden, NotFound, NotSupported) as error:
            return Lost(kind, error.message, forbidden=True)
        return Listed(kind, objects, version, self.client.server_now())

    async def _pump(self, kind: Kind, events: asyncio.Queue[WatchEvent | None]) -> None:
        path = path_of(kind, self.namespace)
        try:
            async with contextlib.aclosing(follow(self.client, path, decode=decoder(kind), params=SELECTED.get(kind))) as stream:
                async for event in stream:
                    events.put_nowait(event)
        finally:
            events.put_nowait(None)
