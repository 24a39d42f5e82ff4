"""One connection to one API server: requests and streams as bytes, every failure as a named error.

Nothing here knows what an object means. Callers decode what they need; see `decode` for the console's own kinds.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import aiohttp
from multidict import CIMultiDict

from console.cluster.answers import error_of, sentence
from console.cluster.calls import Call, call_of
from console.cluster.clock import ServerClock
from console.cluster.credentials import Credential, Credentials
from console.cluster.errors import ServerFault, TooManyRequests, Unauthorized, Unreachable
from console.cluster.failures import TRANSPORT_FAILURES, named
from console.cluster.streams import Stream
from console.cluster.target import Target
from console.cluster.transport import Exchange, Gate, Redirected, Transport, url_of
from console.domain.errors import Sent

CONNECT = 5.0
"""Seconds for name, connection and TLS together."""
SILENT = 10.0
"""Seconds without a byte after which a request counts as lost, however long the whole answer may take."""
OPEN = 10.0
"""Seconds until a stream's answer begins."""
ASKED_AGAIN = (0.05, 0.25)
"""Seconds before a reading whose answer was lost is asked a second and a third time: one lost packet is no outage."""
USER_AGENT = "bluegreen"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One request on its way: what it means, what it carries, how long it may take."""

    call: Call
    params: Mapping[str, str] | None
    limits: aiohttp.ClientTimeout
    body: object = None
    content_type: str = "application/json"


class KubeClient:
    """One server, one identity, one pool of connections."""

    def __init__(self, target: Target, credentials: Credentials, *, read_only: bool = False) -> None:
        self.server = target.server
        self.namespace = target.namespace
        self.read_only = read_only
        self.clock = ServerClock()
        self._target = target
        self._credentials = credentials
        self._gate = Gate(server=target.server, read_only=read_only)
        self._transport: Transport | None = None
        self._retired: list[Transport] = []
        self._streams: set[Stream] = set()

    @property
    def counts(self) -> Mapping[str, int]:
        """Requests that left, by verb (`list`, `watch`, `patch`, `livez` …)."""
        return self._gate.counts

    def server_now(self) -> datetime:
        """The API server's time as its answers tell it; this machine's own before the first answer."""
        return self.clock.at(time.monotonic()) or datetime.now(UTC)

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: object = None,
        content_type: str = "application/json",
        timeout: float = 10.0,
        once: bool = False,
    ) -> bytes:
        """The body of a successful answer; anything else raises a `ClusterError`.

        A 401 is answered with a renewed credential once, a 429 by waiting as long as the server asks and `timeout` allows. A reading
        that broke or that the server failed at is asked again, unless `once` is wanted.
        """
        deadline = time.monotonic() + timeout
        renewed = False
        pauses = iter(() if once or not call_of(method, path).reading else ASKED_AGAIN)
        while True:
            credential = await self._credentials.current()
            limits = _limits(max(0.1, deadline - time.monotonic()))
            outgoing = Outgoing(call_of(method, path, params), params, limits, body, content_type)
            try:
                return _successful(await self._exchange(outgoing, credential), outgoing.call)
            except Unauthorized:
                if renewed or not await self._credentials.renew(credential):
                    raise
                renewed = True
            except TooManyRequests as busy:
                if time.monotonic() + busy.retry_after >= deadline:
                    raise
                await asyncio.sleep(busy.retry_after)
            except (Unreachable, ServerFault) as lost:
                pause = next(pauses, None)
                if pause is None or not _may_differ(lost) or time.monotonic() + pause >= deadline:
                    raise
                await asyncio.sleep(pause)

    async def answer(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: object = None,
        content_type: str = "application/json",
        timeout: float = 10.0,
    ) -> Answer:
        """One exchange, the server's errors included as answers; raises only when no answer came."""
        outgoing = Outgoing(call_of(method, path, params), params, _limits(timeout), body, content_type)
        return await self._exchange(outgoing, await self._credentials.current())

    async def _exchange(self, outgoing: Outgoing, credential: Credential) -> Answer:
        exchange = Exchange()
        with self._naming(outgoing.call, exchange, min(SILENT, outgoing.limits.total or SILENT)):
            response = await self._send(outgoing, credential, exchange)
            return Answer(response.status, response.headers, await response.read())

    async def stream(self, path: str, *, params: Mapping[str, str], silence: float) -> AsyncGenerator[bytes, None]:
        """The lines of an answer as they come, without line ends; the last one may be cut off.

        Ends when the server ends it; raises `TimedOut` after `silence` seconds without a byte.
        """
        async with self.streaming(path, params=params, silence=silence) as lines:
            async for line in lines:
                yield line

    def streaming(self, path: str, *, params: Mapping[str, str], silence: float, whole_lines: bool = True) -> Stream:
        """As `stream`, for callers that must know when the answer begins: that is when the block does.

        Without `whole_lines` the block is given the bytes as they come.
        """
        call = call_of("GET", path, params)
        outgoing = Outgoing(call, params, aiohttp.ClientTimeout(sock_connect=CONNECT, sock_read=silence))
        return Stream(
            lambda: self._open_stream(outgoing),
            naming=lambda: self._naming(call, Exchange(), silence),
            among=self._streams,
            whole_lines=whole_lines,
        )

    def drop_streams(self, *, opened_before: float = float("inf")) -> None:
        """Breaks open streams so that their readers connect again: after an outage old connections may be dead without a sign.

        `opened_before` is a moment of the monotonic clock.
        """
        for stream in tuple(self._streams):
            if stream.opened < opened_before:
                stream.drop()

    async def close(self) -> None:
        """Ends all connections; open streams raise `Unreachable`."""
        transports = [*self._retired, *([self._transport] if self._transport else [])]
        self._transport, self._retired = None, []
        for transport in transports:
            await transport.close()

    async def _open_stream(self, outgoing: Outgoing) -> aiohttp.ClientResponse:
        """The answer once its head is here; a 401 is answered with a renewed credential once."""
        renewed = False
        while True:
            credential, exchange = await self._credentials.current(), Exchange()
            with self._naming(outgoing.call, exchange, OPEN):
                async with asyncio.timeout(OPEN):
                    response = await self._send(outgoing, credential, exchange)
                    if response.status < 400:
                        return response
                    answer = Answer(response.status, response.headers, await response.read())
            try:
                _successful(answer, outgoing.call)
            except Unauthorized:
                if renewed or not await self._credentials.renew(credential):
                    raise
                renewed = True

    async def _send(self, outgoing: Outgoing, credential: Credential, exchange: Exchange) -> aiohttp.ClientResponse:
        headers: CIMultiDict[str] = CIMultiDict(self._target.impersonate.headers())
        headers.update({"Accept": "application/json", "User-Agent": USER_AGENT, "Content-Type": outgoing.content_type})
        if credential.authorization:
            headers["Authorization"] = credential.authorization
        transport = await self._transport_for(credential)
        url = url_of(self.server, outgoing.call.path, outgoing.params)
        before = time.monotonic()
        response = await transport.open(
            outgoing.call.method, url, headers=headers, body=outgoing.body, timeout=outgoing.limits, exchange=exchange
        )
        self.clock.learn(response.headers.get("Date", ""), sent=before, received=time.monotonic())
        return response

    async def _transport_for(self, credential: Credential) -> Transport:
        """The pool of connections; a new one where the client certificate is another than before.

        The old pool finishes what it has under way; only the one before that is closed.
        """
        if self._transport is not None and self._transport.certificate == credential.certificate:
            return self._transport
        fresh = Transport(self._target, certificate=credential.certificate, gate=self._gate)
        if self._transport is not None:
            self._retired.append(self._transport)
        self._transport = fresh
        while len(self._retired) > 1:
            await self._retired.pop(0).close()
        return fresh

    @contextlib.contextmanager
    def _naming(self, call: Call, exchange: Exchange, seconds: float) -> Iterator[None]:
        """Gives what the HTTP library raises its name, and says whether the request can have had an effect."""
        try:
            yield
        except TRANSPORT_FAILURES as error:
            effect: Sent = "no" if call.reading or not exchange.sent else "maybe"
            raise named(error, doing=str(call), server=self.server, sent=effect, seconds=seconds) from error


def _may_differ(lost: Unreachable | ServerFault) -> bool:
    """A moment later the answer may be another; not where nobody listens, nobody is trusted, or another address is named."""
    return not isinstance(lost.__cause__, aiohttp.ClientConnectorError | aiohttp.InvalidURL | Redirected)


def _limits(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=seconds, sock_connect=min(CONNECT, seconds), sock_read=min(SILENT, seconds))


def _successful(answer: Answer, call: Call) -> bytes:
    if answer.status >= 400:
        raise error_of(answer.status, answer.body, answer.headers, str(call))
    effect: Sent = "no" if call.reading else "maybe"
    if "html" in answer.headers.get("Content-Type", "") and call.subresource not in {"proxy", "log"}:
        raise Unreachable(f"cannot {call}: not a Kubernetes API server answered, but a page ({sentence(answer.body)})", sent=effect)
    if call.of_objects and not (answer.body.lstrip().startswith(b"{") and answer.body.rstrip().endswith(b"}")):
        raise Unreachable(f"cannot {call}: the answer cannot be read: {sentence(answer.body, limit=80)}", sent=effect)
    return answer.body
