"""GET over HTTP with httpx, every way to fail named.

The environment is not trusted (`trust_env=False`): HTTP_PROXY, NO_PROXY and ~/.netrc change nothing, because a probe must
show what users reach. Certificates are verified against the system's authorities (OpenSSL's SSL_CERT_FILE and SSL_CERT_DIR
apply) and certifi's. Redirects are answers, never followed.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Iterator

import certifi
import httpx

from console.probes.answer import Failure, Reply

LARGEST = 1 << 20
"""Bytes of a body that are read; a longer one is cut off."""
HEADERS = {"User-Agent": "bluegreen-probe", "Accept": "application/json, */*;q=0.5"}


class HttpGet:
    """Two pools of connections: one that keeps them, and one where every request proves the way anew."""

    def __init__(self, *, verify: ssl.SSLContext | None = None) -> None:
        self._verify = verify
        self._lock = asyncio.Lock()
        self._pools: dict[tuple[bool, bool], httpx.AsyncClient] = {}

    async def get(self, url: str, *, timeout: float, fresh: bool = False) -> Reply | Failure:
        """The answer within `timeout` seconds in all. `fresh` opens a connection for this request alone."""
        client = await self._client(secure=not url.lower().startswith("http:"), fresh=fresh)
        began = time.monotonic()
        try:
            async with asyncio.timeout(timeout), client.stream("GET", url, headers=HEADERS) as response:
                body = await _body(response)
                return Reply(response.status_code, response.headers, body, time.monotonic() - began)
        except (TimeoutError, httpx.TimeoutException):
            return Failure("timeout", f"no answer within {timeout:g} s")
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            return failure_of(error)

    async def close(self) -> None:
        for client in self._pools.values():
            await client.aclose()

    async def _client(self, *, secure: bool, fresh: bool) -> httpx.AsyncClient:
        async with self._lock:
            if (secure, fresh) not in self._pools:
                verify = await self._authorities() if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                for kind, keep in ((False, 20), (True, 0)):
                    self._pools[secure, kind] = _pool(verify, keep=keep)
            return self._pools[secure, fresh]

    async def _authorities(self) -> ssl.SSLContext:
        return self._verify if self._verify is not None else await asyncio.to_thread(authorities)


def authorities() -> ssl.SSLContext:
    """The system's certificate authorities and certifi's; reading them takes some 50 ms, so plain HTTP goes without."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def failure_of(error: BaseException) -> Failure:
    """The label of a transport failure, found in what caused it."""
    causes = list(_causes(error))
    for cause in causes:
        match cause:
            case ssl.SSLError():
                return Failure("tls", getattr(cause, "verify_message", "") or cause.reason or "TLS failed")
            case socket.gaierror():
                return Failure("dns", "the name cannot be resolved")
            case ConnectionRefusedError():
                return Failure("refused", "connection refused")
            case ConnectionResetError() | BrokenPipeError():
                return Failure("reset", "connection reset")
    match error:
        case httpx.RemoteProtocolError() | httpx.ReadError() | httpx.WriteError():
            return Failure("reset", str(error) or "connection closed")
        case httpx.UnsupportedProtocol() | httpx.InvalidURL():
            return Failure("refused", f"not a usable address: {error}")
    system = next((c for c in causes if isinstance(c, OSError) and c.strerror), None)
    return Failure("refused", str(system.strerror) if system else str(error) or type(error).__name__)


def _pool(verify: ssl.SSLContext, *, keep: int) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=keep, keepalive_expiry=30.0)
    return httpx.AsyncClient(verify=verify, limits=limits, trust_env=False, follow_redirects=False, timeout=None)


async def _body(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) >= LARGEST:
            break
    return bytes(body[:LARGEST])


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error, what caused it, and the members of groups, each once."""
    waiting, seen = [error], set[int]()
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [each.__context__, each.__cause__]
        if isinstance(each, BaseExceptionGroup):
            waiting += each.exceptions
