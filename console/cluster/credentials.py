"""Who we are to the API server, kept valid: tokens that change on disk, certificates that rotate, a login done again elsewhere."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from console.cluster.errors import CredentialsError
from console.cluster.target import OidcSpec, User


@dataclass(frozen=True)
class Certificate:
    """A client certificate with its key, PEM."""

    chain: bytes
    key: bytes = field(repr=False)


@dataclass(frozen=True)
class Credential:
    """What one request is sent with."""

    authorization: str = field(default="", repr=False)
    """Value of the Authorization header; empty sends none."""
    certificate: Certificate | None = None


class Credentials(Protocol):
    async def current(self) -> Credential:
        """The credential for the next request, renewed before it expires; raises CredentialsError."""

    async def renew(self, rejected: Credential) -> bool:
        """After a 401 for `rejected`: gets another credential where that is possible, and says whether there is one."""


class FileCredentials:
    """Tokens and certificates of the kubeconfig or the pod.

    Token files are read for every request, the rest again after a 401: whoever logs in anew with another program helps
    this console too.
    """

    def __init__(self, user: User, *, reread: Callable[[], User], now: Callable[[], float] = time.time) -> None:
        self._user, self._reread, self._now = user, reread, now
        self._known: Credential | None = None
        self._lock = asyncio.Lock()

    async def current(self) -> Credential:
        if self._known is None or self._user.token_file is not None:
            self._known = read(self._user)
        if self._user.oidc is not None and (expired := expiry(self._user.oidc)) is not None and expired <= self._now():
            await self.renew(self._known)
            check_oidc(self._user, self._now())
        return self._known

    async def renew(self, rejected: Credential) -> bool:
        async with self._lock:
            if self._known is not None and self._known != rejected:
                return True
            self._user = await asyncio.to_thread(self._reread)
            self._known = read(self._user)
            return self._known != rejected


def read(user: User) -> Credential:
    """The credential that `user` names right now; raises CredentialsError naming the file that is missing or empty."""
    return Credential(authorization=_authorization(user), certificate=certificate_of(user))


def expiry(oidc: OidcSpec) -> float | None:
    """When an id-token expires, seconds of the epoch; None where it does not say so."""
    try:
        payload = oidc.id_token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return float(claims["exp"])
    except (IndexError, KeyError, TypeError, ValueError, binascii.Error):
        return None


def check_oidc(user: User, now: float) -> None:
    """Refuses an expired id-token.

    It is not refreshed here: identity providers that hand out each refresh token once would then lock kubectl out.
    """
    ends = expiry(user.oidc) if user.oidc else None
    if user.oidc is not None and ends is not None and ends <= now:
        ended = datetime.fromtimestamp(ends, UTC)
        raise CredentialsError(
            f"the OIDC id-token of user {user.name} in {user.oidc.source} expired at {ended:%Y-%m-%d %H:%M} UTC",
            hint="run any kubectl command, which renews it, or log in again; the new token is picked up by itself",
        )


def _authorization(user: User) -> str:
    if user.oidc is not None:
        if not user.oidc.id_token:
            raise CredentialsError(f"user {user.name} in {user.oidc.source} has no OIDC id-token", hint="log in first")
        return f"Bearer {user.oidc.id_token.strip()}"
    if user.token_file is not None:
        try:
            token = user.token_file.read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise CredentialsError(f"cannot read the token file {user.token_file} of user {user.name}: {error}") from error
        if not token:
            raise CredentialsError(f"the token file {user.token_file} of user {user.name} is empty")
        return f"Bearer {token}"
    if user.token:
        return f"Bearer {user.token.strip()}"
    if user.username:
        return "Basic " + base64.b64encode(f"{user.username}:{user.password}".encode()).decode()
    return ""


def certificate_of(user: User) -> Certificate | None:
    """The user's client certificate; None where it has none."""
    if user.certificate is None:
        return None
    try:
        return Certificate(chain=user.certificate.read(), key=user.key.read() if user.key else b"")
    except OSError as error:
        raise CredentialsError(f"cannot read the client certificate of user {user.name}: {error}") from error
