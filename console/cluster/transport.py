"""Connections to one API server: the Kubernetes client for TLS and proxies, and the gate every request passes.

The gate is the last code before the wire. It refuses writes on a read-only connection, counts, never lets a redirect be
followed, and keeps the HTTP library from repeating a write by itself.
"""

from __future__ import annotations

import contextvars
import os
import ssl
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlencode

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from console.cluster.calls import call_of, refusal
from console.cluster.credentials import Certificate
from console.cluster.errors import KubeconfigError, ReadOnlyRefused
from console.cluster.kubernetes_client import Configuration, RESTClientObject
from console.cluster.target import Target

KEEP_ALIVE = 60.0
"""Seconds an idle connection is kept; below the API server's own limit of 90 s."""


@dataclass
class Exchange:
    """What became of one request on the wire."""

    sent: bool = False
    """True from the moment the request's head is handed to the socket."""


current: contextvars.ContextVar[Exchange | None] = contextvars.ContextVar("exchange", default=None)


class Redirected(Exception):
    """The server answered with a redirect, which is the answer: nobody follows it."""

    def __init__(self, status: int, headers: CIMultiDict[str]) -> None:
        super().__init__(status)
        self.status = status
        self.headers = headers


class Broken(Exception):
    """The connection broke after a request that must not be repeated was handed over."""


class Gate:
    """The aiohttp middleware that every request of a connection goes through, redirects and retries included."""

    def __init__(self, *, server: str, read_only: bool) -> None:
        self._prefix = URL(server).raw_path.rstrip("/")
        self._read_only = read_only
        self.counts: Counter[str] = Counter()
        """Requests that were let through, by verb."""

    async def __call__(self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        path = request.url.raw_path
        call = call_of(request.method, path.removeprefix(self._prefix), request.url.query)
        if self._read_only and (why := refusal(call) if path.startswith(self._prefix) else "it leaves the server's own path"):
            raise ReadOnlyRefused(f"cannot {call}: this console is read-only, and {why}")
        self.counts[call.verb] += 1
        try:
            response = await handler(request)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
            if request.method == "GET" or isinstance(error, aiohttp.ClientConnectorError):
                raise
            raise Broken(str(error) or "the connection was closed") from error
        if response.status in {301, 302, 303, 307, 308}:
            headers = CIMultiDict(response.headers)
            response.release()
            raise Redirected(response.status, headers)
        return response


class Transport:
    """A pool of connections under one set of certificates."""

    def __init__(self, target: Target, *, certificate: Certificate | None, gate: Gate) -> None:
        self.certificate = certificate
        self._rest = _rest_client(target, certificate)
        self._connector = aiohttp.TCPConnector(limit=100, ssl=self._rest.ssl_context, keepalive_timeout=KEEP_ALIVE)
        self._rest.configuration.client_session_kwargs = {
            "connector": self._connector,
            "cookie_jar": aiohttp.DummyCookieJar(),
            "middlewares": (gate,),
            "trust_env": False,  # proxies are resolved once by kubeconfig.py; netrc never applies
        }

    async def open(
        self, method: str, url: str, *, headers: CIMultiDict[str], body: object, timeout: aiohttp.ClientTimeout, exchange: Exchange
    ) -> aiohttp.ClientResponse:
        """Sends one request and returns when the head of the answer is here; the body is the caller's to read."""
        token = current.set(exchange)
        try:
            answer = await self._rest.request(  # type: ignore[no-untyped-call]  # the package is typed, this method is not
                method, url, headers=headers, body=body, _request_timeout=timeout
            )
        finally:
            current.reset(token)
        response: aiohttp.ClientResponse = answer.response
        return response

    async def close(self) -> None:
        await self._rest.close()
        await self._connector.close()


def _rest_client(target: Target, certificate: Certificate | None) -> RESTClientObject:
    """Builds the client; the client's certificate is a file only while the TLS context reads it."""
    conf = Configuration(host=target.server, verify_ssl=not target.insecure, proxy=target.proxy or None)
    conf.tls_server_name = target.tls_server_name or None
    conf.disable_strict_ssl_verification = True  # as Kubernetes' own clients: private CAs often lack the newer extensions
    conf.trace_configs = [_tracing()]
    with ExitStack() as files:
        if certificate is not None:
            conf.cert_file = files.enter_context(_as_file(certificate.chain))
            conf.key_file = files.enter_context(_as_file(certificate.key))
        try:
            conf.ca_cert_data = target.ca.read().decode() if target.ca and not target.insecure else None
            return RESTClientObject(conf)
        except (ssl.SSLError, OSError, UnicodeDecodeError) as error:
            raise KubeconfigError(
                f"cannot use the certificates of context {target.context or 'in-cluster'} ({target.source}): {error}"
            ) from error


@contextmanager
def _as_file(data: bytes) -> Iterator[str]:
    """A path to read the data at: in memory where the kernel can do that, so that no full or missing temporary folder is in the way."""
    if hasattr(os, "memfd_create") and os.path.isdir("/proc/self/fd"):
        number = os.memfd_create("bluegreen", os.MFD_CLOEXEC)
        with os.fdopen(number, "wb") as file:
            file.write(data)
            file.flush()
            yield f"/proc/self/fd/{number}"
    else:
        with tempfile.TemporaryDirectory(prefix="bluegreen-") as folder:
            path = Path(folder, "data")
            path.touch(mode=0o600)
            path.write_bytes(data)
            yield str(path)


def _tracing() -> aiohttp.TraceConfig:
    trace = aiohttp.TraceConfig()

    async def mark(_session: object, _context: SimpleNamespace, _params: object) -> None:
        if (exchange := current.get()) is not None:
            exchange.sent = True

    trace.on_request_headers_sent.append(mark)
    return trace


def url_of(server: str, path: str, params: Mapping[str, str] | None) -> str:
    """The URL of a path on the server, the query encoded."""
    return f"{server}{path}?{urlencode(params)}" if params else f"{server}{path}"
