"""Where to connect and as whom: what a kubeconfig context, or a pod's service account, comes down to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Pem:
    """A certificate or key, given inline or as a file that is read anew each time (files are rotated in place)."""

    data: bytes | None = None
    file: Path | None = None

    def read(self) -> bytes:
        """Raises OSError when the file cannot be read."""
        if self.data is not None:
            return self.data
        return self.file.read_bytes() if self.file is not None else b""


@dataclass(frozen=True)
class ExecSpec:
    """A credential plugin (`users[].user.exec`)."""

    command: str
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    api_version: str = "client.authentication.k8s.io/v1"
    install_hint: str = ""
    cluster_info: Mapping[str, Any] | None = None
    """`spec.cluster` of KUBERNETES_EXEC_INFO; None unless `provideClusterInfo` asks for it."""


@dataclass(frozen=True)
class OidcSpec:
    """The old `auth-provider: oidc`: an id-token, and what it takes to refresh it."""

    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    id_token: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    ca: Pem | None = None
    source: str = ""
    """The file it stands in, for messages."""


@dataclass(frozen=True)
class User:
    """How requests prove who sends them. `exec_` and `oidc` win over a token, a token over a password."""

    name: str = ""
    token: str = field(default="", repr=False)
    token_file: Path | None = None
    username: str = ""
    password: str = field(default="", repr=False)
    certificate: Pem | None = None
    key: Pem | None = field(default=None, repr=False)
    exec_: ExecSpec | None = None
    oidc: OidcSpec | None = None


@dataclass(frozen=True)
class Impersonation:
    """Whom to act as; sent as headers, checked by the server."""

    user: str = ""
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def headers(self) -> list[tuple[str, str]]:
        """One header per group and per extra value, as the API server reads them."""
        named = [("Impersonate-User", self.user), ("Impersonate-Uid", self.uid)]
        several = [("Impersonate-Group", group) for group in self.groups]
        extras = [(f"Impersonate-Extra-{key}", value) for key, values in self.extra.items() for value in values]
        return [(name, value) for name, value in named + several + extras if value]


@dataclass(frozen=True)
class Target:
    """One server, one namespace, one identity: everything a connection needs, read once."""

    server: str
    """Base URL without trailing slash; it may have a path."""
    namespace: str = "default"
    context: str = ""
    """Name of the context it came from; empty for a service account."""
    user: User = field(default_factory=User)
    impersonate: Impersonation = field(default_factory=Impersonation)
    ca: Pem | None = None
    """None: the system's certificate authorities."""
    insecure: bool = False
    """True skips checking the server's certificate (`insecure-skip-tls-verify`)."""
    tls_server_name: str = ""
    proxy: str = ""
    source: str = ""
    """The files it was read from, for messages."""
