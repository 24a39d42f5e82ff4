"""Names for what the HTTP library raises when no answer comes, the likely cause first."""

from __future__ import annotations

import errno
import os
import ssl

import aiohttp

from console.cluster.errors import ClusterError, TimedOut, Unreachable
from console.cluster.transport import Broken, Redirected
from console.domain.errors import Sent

TRANSPORT_FAILURES = (TimeoutError, aiohttp.ClientError, Broken, Redirected, OSError)


def named(error: BaseException, *, doing: str, server: str, sent: Sent, seconds: float) -> ClusterError:
    """The error for a failure while `doing`; a failure to connect was never sent, whatever `sent` says."""
    match error:
        case aiohttp.ConnectionTimeoutError():
            return _timed_out(doing, f"no connection to {server} within {seconds:.3g} s", "no")
        case TimeoutError():
            return _timed_out(doing, f"{server} sent nothing for {seconds:.3g} s", sent)
        case Redirected(headers=headers):
            to = headers.get("Location", "nowhere")
            return Unreachable(f"cannot {doing}: {server} redirects to {to}", hint="give the final address as the server", sent=sent)
        case aiohttp.ClientConnectorCertificateError() | ssl.SSLCertVerificationError():
            return _unreachable(doing, f"the certificate of {server} is not trusted: {_why(error)}", "no")
        case aiohttp.ClientConnectorDNSError():
            return _unreachable(doing, f"the name of {server} cannot be resolved", "no")
        case aiohttp.ClientProxyConnectionError() | aiohttp.ClientHttpProxyError():
            return _unreachable(doing, f"the proxy in front of {server} does not let it through: {_why(error)}", "no")
        case aiohttp.ClientConnectorError():
            return _unreachable(doing, f"{server} does not answer: {_why(error)}", "no")
        case aiohttp.InvalidURL():
            return _unreachable(doing, f"{server} is not a usable address", "no")
        case aiohttp.ClientPayloadError() | aiohttp.ServerDisconnectedError():
            return _unreachable(doing, f"the connection to {server} ended in the middle", sent)
        case _:
            return _unreachable(doing, f"the connection to {server} broke: {_why(error)}", sent)


def _unreachable(doing: str, text: str, sent: Sent) -> Unreachable:
    return Unreachable(f"cannot {doing}: {text}", sent=sent)


def _timed_out(doing: str, text: str, sent: Sent) -> TimedOut:
    return TimedOut(f"cannot {doing}: {text}", sent=sent)


def _why(error: BaseException) -> str:
    """The operating system's or the TLS library's own words."""
    inner = getattr(error, "os_error", None) or getattr(error, "certificate_error", None) or error
    number = getattr(inner, "errno", None)
    system = os.strerror(number) if isinstance(number, int) and number in errno.errorcode else ""
    return getattr(inner, "verify_message", "") or system or str(inner) or type(inner).__name__
