"""The proxy: ends TLS, forwards to the API server, does to requests what the weather says, and keeps account of both."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

import aiohttp
from aiohttp import web

from console.cluster.calls import Call, call_of
from console.sandbox.certificates import Authority
from console.sandbox.endpoint import ApiEndpoint
from console.sandbox.ports import LOOPBACK, reserve_port
from console.sandbox.splice import reset
from tests.faults.effects import Effect, effect_of
from tests.faults.kinds import BEFORE, STREAMED, Fault, writes
from tests.faults.weather import CLEAR, Decision

T = TypeVar("T")
LONGEST_HANG = 30.0
HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding", "upgrade", "te", "trailer"})
PAGE = b"<html>\n<head><title>502 Bad Gateway</title></head>\n<body><center>nginx</center></body>\n</html>\n"
STATUSES = {
    Fault.CONFLICT: (409, "Conflict", "the object has been modified; please apply your changes to the latest version"),
    Fault.GONE: (410, "Expired", "The provided resource version or continue parameter is too old"),
    Fault.INVALID: (422, "Invalid", "the server rejected our request due to an error in our request"),
    Fault.BUSY: (429, "TooManyRequests", "the server has received too many requests and has asked us to try again later"),
    Fault.ERROR: (500, "InternalError", "etcdserver: request timed out"),
    Fault.ERROR_AFTER: (500, "InternalError", "etcdserver: request timed out, possibly due to previous leader failure"),
    Fault.UNAVAILABLE: (503, "ServiceUnavailable", "the server is currently unable to handle the request"),
}
GARBAGE = b'{"kind":"Pod","apiVe\xff\xfe\x00rsion": ]]>'


class Sky(Protocol):
    """Whatever decides over requests."""

    watch_seconds: float | None

    def decide(self, call: Call) -> Decision: ...


@dataclass(frozen=True)
class Injected:
    """One fault that a request met."""

    number: int
    fault: Fault
    request: str
    """`patch services backend in shop`."""
    effect: bool = False
    """The write had its effect nevertheless."""


Hook = Callable[[int, Call, Decision], Awaitable[None]]
"""Is told of a request before it is forwarded, or after the server has answered and before its sender hears of it."""


class FaultProxy:
    """Made by `fault_proxy`."""

    def __init__(self, target: ApiEndpoint, endpoint: ApiEndpoint, session: aiohttp.ClientSession) -> None:
        self.endpoint = endpoint
        """How clients reach the API server through the proxy; the users' tokens are the server's own."""
        self.weather: Sky | None = None
        self.retry_after = 1
        self.requests: Counter[str] = Counter()
        """By verb."""
        self.injected: list[Injected] = []
        self.effects: list[Effect] = []
        """Writes that changed something, Leases apart, in the server's order of each object."""
        self.before: Hook | None = None
        self.after: Hook | None = None
        self._number = 0
        self._target, self._session = target, session
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._under_way: set[asyncio.Task[Any]] = set()
        self._ended = asyncio.Event()

    @property
    def faults(self) -> Counter[Fault]:
        """Injected faults by kind."""
        return Counter(each.fault for each in self.injected)

    def end(self) -> None:
        """Let go of whoever hangs."""
        self._ended.set()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """One request of a client."""
        self._number += 1
        number, call = self._number, call_of(request.method, request.path, request.query)
        self.requests[call.verb] += 1
        decision = self.weather.decide(call) if self.weather else CLEAR
        body = await request.read()
        if self.before:
            await self.before(number, call, decision)
        fault = decision.fault
        if fault in BEFORE:
            self._note(number, fault, call)
            return await self._refused(request, fault)
        if call.verb == "watch" or (call.verb == "log" and "follow" in request.query):
            return await self._streamed(number, request, call, decision)
        answer, effect = await self._whatever_the_client_does(self._forwarded(number, request, call, body))
        if self.after:
            await self.after(number, call, decision)
        if fault is not None:
            self._note(number, fault, call, effect=effect)
        return await self._given(request, answer, decision)

    def _note(self, number: int, fault: Fault, call: Call, *, effect: bool = False) -> None:
        self.injected.append(Injected(number, fault, str(call), effect))

    async def _whatever_the_client_does(self, work: Coroutine[None, None, T]) -> T:
        """What was sent to the server is accounted for, also where the client has gone meanwhile."""
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return await asyncio.shield(task)

    async def _forwarded(self, number: int, request: web.BaseRequest, call: Call, body: bytes) -> tuple[_Answer, bool]:
        """The server's answer, and whether the request changed what is stored."""
        if not writes(call) or call.resource == "leases" or "dryRun" in request.query or b"dryRun" in body:
            return await self._ask(request, body), False
        path = call.path if call.name else f"{call.path}/{json.loads(body)['metadata']['name']}"
        async with self._locks[path]:
            before = await self._look(request, path)
            answer = await self._ask(request, body)
            after = await self._look(request, path)
        name = path.rpartition("/")[2]
        effect = effect_of(number, call.resource, name, before, after) if answer.status < 300 else None
        if effect is not None:
            self.effects.append(effect)
        return answer, effect is not None

    async def _ask(self, request: web.BaseRequest, body: bytes) -> _Answer:
        headers = {k: v for k, v in request.headers.items() if k.lower() not in HOP | {"host", "accept-encoding"}}
        url = self._target.server + request.path_qs
        async with self._session.request(request.method, url, headers=headers, data=body or None) as answer:
            return _Answer(answer.status, _kept(answer.headers.items()), await answer.read())

    async def _look(self, request: web.BaseRequest, path: str) -> dict[str, Any] | None:
        headers = {"Authorization": f"Bearer {self._target.users['admin']}"}
        async with self._session.get(self._target.server + path, headers=headers) as answer:
            found: dict[str, Any] = await answer.json()
            return found if answer.status == 200 else None

    async def _given(self, request: web.BaseRequest, answer: _Answer, decision: Decision) -> web.StreamResponse:
        """The answer as the client gets it."""
        match decision.fault:
            case Fault.SLOW:
                await self._wait(decision.seconds)
            case Fault.LOST:
                return _broken(request)
            case Fault.ERROR_AFTER as fault:
                return _status(fault, {})
            case Fault.GARBLED:
                answer = replace(answer, body=answer.body[: int(len(answer.body) * decision.share)] + GARBAGE)
            case Fault.CUT:
                return await _cut(request, answer, decision.share)
            case _:
                pass
        return web.Response(status=answer.status, headers=answer.headers, body=answer.body)

    async def _refused(self, request: web.BaseRequest, fault: Fault) -> web.StreamResponse:
        match fault:
            case Fault.RESET:
                return _broken(request)
            case Fault.HANG:
                await self._wait(LONGEST_HANG)
                return _broken(request)
            case Fault.PAGE:
                return web.Response(status=502, body=PAGE, content_type="text/html")
            case _:
                return _status(fault, {"Retry-After": str(self.retry_after)} if fault is Fault.BUSY else {})

    async def _streamed(self, number: int, request: web.BaseRequest, call: Call, decision: Decision) -> web.StreamResponse:
        """A watch, until either end has enough of it or the weather cuts it."""
        headers = {k: v for k, v in request.headers.items() if k.lower() not in HOP | {"host", "accept-encoding"}}
        url, limits = self._target.server + request.path_qs, aiohttp.ClientTimeout(total=None)
        async with self._session.get(url, headers=headers, timeout=limits) as answer:
            if decision.fault is Fault.SLOW:
                self._note(number, Fault.SLOW, call)
                await self._wait(decision.seconds)
            response = web.StreamResponse(status=answer.status, headers=_kept(answer.headers.items()))
            await response.prepare(request)
            try:
                async with asyncio.timeout(self._stream_seconds(decision)):
                    await _passed(answer, response, events=decision.after if decision.fault in STREAMED else None)
            except TimeoutError:
                self._note(number, Fault.WATCH_CUT, call)
                return _broken(request)
            except ConnectionError:
                return response
            if decision.fault in STREAMED and answer.status == 200:
                self._note(number, decision.fault, call)
                return await _spoiled(request, response, decision.fault)
            return response

    def _stream_seconds(self, decision: Decision) -> float | None:
        """How long a watch lasts; one that waits for an event before it breaks does so in the end."""
        cut = self.weather.watch_seconds if self.weather else None
        return cut if cut is not None else 5.0 if decision.fault in STREAMED else None

    async def _wait(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ended.wait()


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: dict[str, str]
    body: bytes


@contextlib.asynccontextmanager
async def fault_proxy(target: ApiEndpoint, folder: Path) -> AsyncIterator[FaultProxy]:
    """A proxy in front of an API server, for the length of the block, under a clear sky."""
    authority = Authority(folder / "fault-proxy")
    pair = authority.serving("fault-proxy", hosts=[LOOPBACK])
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(pair.certificate, pair.key)
    asking = ssl.create_default_context(cafile=str(target.ca_file)) if target.ca_file else True
    reserved = reserve_port()
    endpoint = replace(target, server=f"https://{LOOPBACK}:{reserved.number}", ca_file=authority.file)
    connector = aiohttp.TCPConnector(ssl=asking, limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=60)) as session:
        proxy = FaultProxy(target, endpoint, session)
        server = web.Server(proxy.handle, handler_cancellation=True)
        listener = await asyncio.get_running_loop().create_server(server, sock=reserved.listener(), ssl=serving, backlog=512)
        try:
            yield proxy
        finally:
            proxy.end()
            listener.close()
            await server.shutdown(timeout=1.0)
            reserved.release()


def _kept(headers: Any) -> dict[str, str]:
    return {k: v for k, v in headers if k.lower() not in HOP}


def _status(fault: Fault, headers: dict[str, str]) -> web.Response:
    code, reason, message = STATUSES[fault]
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason, "message": f"{message} (injected)"}
    return web.json_response(body, status=code, headers=headers)


def _broken(request: web.BaseRequest) -> web.Response:
    """The client sees a reset."""
    if request.transport is not None:
        reset(request.transport)
    return web.Response(status=500)


async def _cut(request: web.BaseRequest, answer: _Answer, share: float) -> web.StreamResponse:
    """Only the first part of a body that was announced whole."""
    response = web.StreamResponse(status=answer.status, headers={**answer.headers, "Content-Length": str(len(answer.body) + 1)})
    await response.prepare(request)
    await response.write(answer.body[: int(len(answer.body) * share)])
    if request.transport is not None:
        request.transport.close()
    return response


async def _passed(answer: aiohttp.ClientResponse, response: web.StreamResponse, *, events: int | None) -> None:
    """Line by line to the end, or to so many lines."""
    rest, passed = b"", 0
    while events is None or passed < events:
        chunk = await answer.content.readany()
        if not chunk:
            return
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            await response.write(line + b"\n")
            passed += 1
            if events is not None and passed >= events:
                return


async def _spoiled(request: web.BaseRequest, response: web.StreamResponse, fault: Fault) -> web.StreamResponse:
    """What the rest of a watch becomes."""
    match fault:
        case Fault.WATCH_GONE:
            code, reason, message = STATUSES[Fault.GONE]
            status = {"kind": "Status", "code": code, "reason": reason, "message": f"{message} (injected)"}
            await response.write(json.dumps({"type": "ERROR", "object": status}).encode() + b"\n")
        case Fault.WATCH_GARBAGE:
            await response.write(b'{"type":"ADDED","object":{"metadata":{"na\xff\xfeme":' + GARBAGE + b"\n")
        case _:
            return _broken(request)
    return response
