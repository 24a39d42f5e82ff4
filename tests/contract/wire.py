"""HTTP as it is: requests of one user to one API server, with status, headers and decoded JSON left as they came."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import aiohttp

from console.sandbox.endpoint import ApiEndpoint

T = TypeVar("T")
Object = dict[str, Any]

JSON = "application/json"
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"

PATIENCE = 30.0
"""Seconds that a condition of controllers may take on a busy machine."""


@dataclass(frozen=True)
class Answer:
    """One response."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def reason(self) -> str:
        """The machine-readable reason of a Status object."""
        return str(self.json["reason"])

    def ok(self, *statuses: int) -> Any:
        """The decoded body of a request that must have succeeded."""
        expected = statuses or (200, 201)
        assert self.status in expected, f"{self.status}, not {expected}: {self.text}"
        return self.json

    def refused(self, status: int, reason: str) -> Object:
        """The Status object of a request that must have been refused in exactly this way."""
        assert self.status == status, f"{self.status}, not {status}: {self.text}"
        body: Object = self.json
        assert (body["kind"], body["apiVersion"], body["status"]) == ("Status", "v1", "Failure")
        assert (body["reason"], body["code"]) == (reason, status), self.text
        assert body["message"]
        return body


class Api:
    """The requests of one user."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        params: Mapping[str, str] | None = None,
        content_type: str = JSON,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request; `body` is encoded as JSON unless it is text already."""
        data = body if isinstance(body, str) or body is None else json.dumps(body)
        own = {"Content-Type": content_type} if data is not None else {}
        async with self._session.request(method, path, params=params, data=data, headers={**own, **(headers or {})}) as response:
            return Answer(response.status, dict(response.headers), await response.text())

    async def get(self, path: str, **params: str) -> Answer:
        return await self.request("GET", path, params=params)

    async def post(self, path: str, body: object, **params: str) -> Answer:
        return await self.request("POST", path, body=body, params=params)

    async def put(self, path: str, body: object, **params: str) -> Answer:
        return await self.request("PUT", path, body=body, params=params)

    async def delete(self, path: str, body: object = None, **params: str) -> Answer:
        return await self.request("DELETE", path, body=body, params=params)

    async def json_patch(self, path: str, *operations: Object, **params: str) -> Answer:
        return await self.request("PATCH", path, body=list(operations), params=params, content_type=JSON_PATCH)

    async def merge_patch(self, path: str, body: Object, **params: str) -> Answer:
        return await self.request("PATCH", path, body=body, params=params, content_type=MERGE_PATCH)

    async def strategic_patch(self, path: str, body: Object, **params: str) -> Answer:
        return await self.request("PATCH", path, body=body, params=params, content_type=STRATEGIC_PATCH)

    async def apply(self, path: str, body: Object, *, manager: str, force: bool = False, **params: str) -> Answer:
        params = {"fieldManager": manager, "force": "true" if force else "false", **params}
        return await self.request("PATCH", path, body=body, params=params, content_type=APPLY_PATCH)

    @contextlib.asynccontextmanager
    async def watch(self, path: str, **params: str) -> AsyncIterator[Watch]:
        """An open watch; its HTTP status must be 200."""
        params = {"watch": "true", **params}
        async with self._session.get(path, params=params, timeout=aiohttp.ClientTimeout(total=None)) as response:
            assert response.status == 200, await response.text()
            yield Watch(response)

    @contextlib.asynccontextmanager
    async def stream(self, path: str, **params: str) -> AsyncIterator[Lines]:
        """A response read line by line while it is written."""
        async with self._session.get(path, params=params, timeout=aiohttp.ClientTimeout(total=None)) as response:
            assert response.status == 200, await response.text()
            yield Lines(response)


class Lines:
    """Lines of an open response."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def next_line(self, *, within: float = PATIENCE) -> bytes:
        """The next line with its end, empty when the response has ended."""
        async with asyncio.timeout(within):
            return await self._response.content.readline()


class Watch:
    """The events of an open watch, in order."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.content_type = response.headers["Content-Type"]

    async def next(self, *, within: float = PATIENCE) -> tuple[str, Object]:
        """The next event's type and object."""
        event = await self.next_or_end(within=within)
        assert event is not None, "the server ended the watch"
        return event

    async def next_or_end(self, *, within: float = PATIENCE) -> tuple[str, Object] | None:
        """The next event, or nothing when the server closed the stream."""
        async with asyncio.timeout(within):
            line = await self._response.content.readline()
        if not line:
            return None
        event = json.loads(line)
        return event["type"], event["object"]

    async def until(self, wanted: Callable[[str, Object], bool], *, within: float = PATIENCE) -> tuple[str, Object]:
        """The first event that is wanted, passing over the others."""
        async with asyncio.timeout(within):
            while True:
                kind, thing = await self.next()
                if wanted(kind, thing):
                    return kind, thing


@contextlib.asynccontextmanager
async def connected(endpoint: ApiEndpoint, token: str | None) -> AsyncIterator[Api]:
    """Requests with this bearer token, or none, for the length of the block."""
    verify: ssl.SSLContext | bool = True
    if endpoint.ca_file is not None:
        verify = ssl.create_default_context(cafile=str(endpoint.ca_file))
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(
        base_url=endpoint.server,
        headers=headers,
        connector=aiohttp.TCPConnector(ssl=verify),
        timeout=aiohttp.ClientTimeout(total=PATIENCE),
        read_bufsize=2**22,
    ) as session:
        yield Api(session)


async def eventually(observe: Callable[[], Awaitable[T]], holds: Callable[[T], object], *, within: float = PATIENCE) -> T:
    """Observe until the condition holds; the failure shows what was last seen."""
    deadline = time.monotonic() + within
    while not holds(seen := await observe()):
        assert time.monotonic() < deadline, f"not true within {within:g} s; last seen: {json.dumps(seen, default=str)[:3000]}"
        await asyncio.sleep(0.05)
    return seen
