"""Who we are to the API server, kept valid: tokens that change on disk, plugins, certificates that rotate."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Protocol

from console.cluster.errors import CredentialsError
from console.cluster.target import User


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

    async def renew(self) -> bool:
        """After a 401: gets a new credential where that is possible, and says whether it is another one."""


class FileCredentials:
    """Tokens and certificates of the kubeconfig or the pod; files are read again for a new credential."""

    def __init__(self, user: User) -> None:
        self._user = user
        self._known: Credential | None = None

    async def current(self) -> Credential:
        if self._known is None or self._user.token_file is not None:
            self._known = read(self._user)
        return self._known

    async def renew(self) -> bool:
        before, self._known = self._known, read(self._user)
        return self._known != before


def read(user: User) -> Credential:
    """The credential that `user` names right now; raises CredentialsError naming the file that is missing or empty."""
    return Credential(authorization=_authorization(user), certificate=_certificate(user))


def _authorization(user: User) -> str:
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


def _certificate(user: User) -> Certificate | None:
    if user.certificate is None:
        return None
    try:
        return Certificate(chain=user.certificate.read(), key=user.key.read() if user.key else b"")
    except OSError as error:
        raise CredentialsError(f"cannot read the client certificate of user {user.name}: {error}") from error
