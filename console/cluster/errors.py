"""What can go wrong between the console and an API server, by what the caller can do about it.

ClusterError
├── KubeconfigError        a file or an entry is missing or wrong: a person corrects it
├── CredentialsError       no valid credentials could be obtained: a person logs in again
├── ReadOnlyRefused        nothing was sent: this connection only reads
├── Unreachable            refused, unknown name, TLS, reset, or an answer that is not Kubernetes'
├── TimedOut               no answer in time
├── Unreadable             an object in an answer is not what the API promises
└── Answered               the server answered, and said no
    ├── BadRequest 400 · Unauthorized 401 · Forbidden 403 · NotFound 404 · Conflict 409 (AlreadyExists, ApplyConflict)
    └── Gone 410 · Invalid 422 · TooManyRequests 429 · ServerFault 5xx · NotSupported 501
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from console.domain.errors import PortError, Sent


class ClusterError(PortError):
    """Root of everything `console.cluster` raises; `sent` says whether the request can have had an effect."""


class KubeconfigError(ClusterError):
    """The kubeconfig cannot be used as it is; the message names the file, the entry and the way out."""

    reason = "Kubeconfig"
    exit_code = 2


class CredentialsError(ClusterError):
    """A credential plugin, token file or identity provider gave nothing usable."""

    reason = "Credentials"
    exit_code = 3


class ReadOnlyRefused(ClusterError):
    """The connection is read-only and the request would do more than read; nothing was sent."""

    reason = "ReadOnly"
    exit_code = 3


class Unreachable(ClusterError):
    """The server could not be reached, or what answered is not a Kubernetes API server."""

    reason = "Unreachable"


class TimedOut(ClusterError):
    """No answer, or no further byte of one, within the time given."""

    reason = "Timeout"


class Unreadable(ClusterError):
    """An object could not be decoded; the message names it and the field."""

    reason = "Unreadable"


@dataclass(frozen=True, slots=True)
class Cause:
    """One entry of a Status' `details.causes`."""

    reason: str = ""
    field: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Details:
    """The parts of a Kubernetes `Status` that callers decide on."""

    causes: tuple[Cause, ...] = ()
    owners: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Fields of a server-side apply conflict, by the manager that holds them."""
    retry_after: float | None = None
    """Seconds, from the `Retry-After` header or the Status."""


class Answered(ClusterError):
    """The API server answered with an error."""

    advice = ""
    """What to do about it, where the answer alone does not tell."""

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        status: int | None = None,
        reason: str = "",
        sent: Sent = "no",
        details: Details | None = None,
    ) -> None:
        super().__init__(message, hint=hint or self.advice, status=status, reason=reason, sent=sent)
        self.details = details or Details()


class BadRequest(Answered):
    status = 400


class Unauthorized(Answered):
    """The server does not know us: the token has expired, or is another cluster's (401)."""

    status = 401
    exit_code = 3
    advice = "log in again, or check that the credentials belong to this cluster; new ones are picked up without a restart"


class Forbidden(Answered):
    """The server's rules (RBAC, admission, quota) do not allow it (403)."""

    status = 403
    exit_code = 3


class NotFound(Answered):
    status = 404


class Conflict(Answered):
    """The object changed in between (409): observe again, plan again."""

    status = 409


class AlreadyExists(Conflict):
    """Create found an object of that name."""


class ApplyConflict(Conflict):
    """A server-side apply touches fields that other managers hold; `details.owners` lists them."""


class Gone(Answered):
    """The resource version or continue token is too old (410): list again."""

    status = 410


class Invalid(Answered):
    """The object or patch was not accepted (422); a failed `test` of a JSON patch says this too."""

    status = 422


class TooManyRequests(Answered):
    """The server sheds load (429); nothing was done."""

    status = 429

    @property
    def retry_after(self) -> float:
        """Seconds to wait before the next try; 1 when the server named none."""
        return 1.0 if self.details.retry_after is None else self.details.retry_after


class ServerFault(Answered):
    """The server failed (5xx); an effect is possible."""

    status = 500


class NotSupported(Answered):
    """This server does not speak that part of the API (501)."""

    status = 501
